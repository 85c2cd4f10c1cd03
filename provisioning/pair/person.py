"""The person at the computer: told line by line, and asked one question."""

from __future__ import annotations

import os
import sys
import termios
from abc import ABC, abstractmethod
from contextlib import suppress


class Person(ABC):
    """Somebody who reads lines, and types one now and then."""

    @abstractmethod
    def tell(self, line: str) -> None:
        """Show one line."""

    @abstractmethod
    def ask(self, question: str) -> None:
        """Show a question; what was typed before it is no answer."""

    @abstractmethod
    def fileno(self) -> int:
        """What to sleep on until there is something to read."""

    @abstractmethod
    def answer(self) -> str | None:
        """A typed line, in lower case; None while there is none. Raises EOFError at the end."""


class Terminal(Person):
    """Standard output and standard input."""

    def __init__(self) -> None:
        self._typed = b""

    def tell(self, line: str) -> None:
        """Print it at once."""
        print(line, flush=True)

    def ask(self, question: str) -> None:
        """Print the question, after throwing away what was typed too early."""
        self._typed = b""
        with suppress(termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        print(question, end=" ", flush=True)

    def fileno(self) -> int:
        """Standard input."""
        return sys.stdin.fileno()

    def answer(self) -> str | None:
        """Read what is there; past Python's own buffer, which hides it from a sleeper."""
        piece = os.read(self.fileno(), 1024)
        if not piece:
            raise EOFError
        self._typed += piece
        line, end, rest = self._typed.partition(b"\n")
        if not end:
            return None
        self._typed = rest
        return line.decode("utf-8", "replace").strip().lower()
