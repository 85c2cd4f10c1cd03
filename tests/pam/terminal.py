"""A program in a terminal, and a person in front of it: he waits for words, and types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from typing import Any

SECONDS = 120.0


class Terminal:
    """Runs a program in a terminal of its own."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None, **how: Any
    ) -> None:
        self._master, slave = pty.openpty()
        self.seen = ""
        self._read_to = 0
        self._process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            preexec_fn=_take_terminal,
            **how,
        )
        os.close(slave)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until it has said this, behind what was waited for before."""
        end = time.monotonic() + SECONDS
        while True:
            found = re.compile(pattern).search(self.seen, self._read_to)
            if found:
                self._read_to = found.end()
                return found
            if time.monotonic() > end or not self._read(end - time.monotonic()):
                raise AssertionError(f"{pattern!r} was not said: {self.seen[self._read_to :]!r}")

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, f"{text}\n".encode())

    def end(self) -> int:
        """Wait until it ends; returns its exit code."""
        limit = time.monotonic() + SECONDS
        while self._read(limit - time.monotonic()):
            continue
        return self._process.wait(max(1.0, limit - time.monotonic()))

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            piece = os.read(self._master, 4096)
        except OSError:  # the last process has closed its end
            return False
        self.seen += piece.decode(errors="replace")
        return bool(piece)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
