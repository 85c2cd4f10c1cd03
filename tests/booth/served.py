"""A booth as anybody starts it: `challng-server booth`, on a port of the loopback."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from pathlib import Path

from tests.doors import BIN, free_port

PATIENCE = 180
QUICK = "[press]\nopen_seconds = 0.1\n"
"""Settings of a card that opens as fast as one may."""


class Booth:
    """One booth; what it has in memory lies below `folder`, so that a test can look at it."""

    def __init__(self, folder: Path, *options: str, quick: bool = True) -> None:
        self.folder = folder
        self.port = free_port()
        self._options = list(options)
        if quick:
            config = folder / "card.toml"
            config.write_text(QUICK)
            self._options += ["--card-config", str(config)]
        self.memory = folder / "memory"
        self.memory.mkdir(mode=0o700, exist_ok=True)
        self._process: subprocess.Popen[str] | None = None
        self.said = ""

    def __enter__(self) -> Booth:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()  # a test failed

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def rooms(self) -> list[Path]:
        """The folders that a booth has made."""
        return sorted(self.memory.glob("challng-booth-*"))

    def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(
            [BIN / "challng-server", "booth", "--port", str(self.port), *self._options],
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("ab"),
            text=True,
            env=os.environ | {"XDG_RUNTIME_DIR": str(self.memory)},
        )
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert ready, self.log()
        line = self._process.stdout.readline()
        assert self.url in line, self.log()

    def stop(self) -> int:
        """End it as a service manager does; what it says at the end is in `said`."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        self.said, _ = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process
        self._process.kill()
        self._process.communicate()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def children(self) -> list[int]:
        """The processes that it has started: its card."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in text.split()]


def until(what: object, told: str = "") -> None:
    """Wait until `what()` is true."""
    assert callable(what)
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, told or what
        time.sleep(0.02)
