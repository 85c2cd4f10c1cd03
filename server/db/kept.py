"""Connections that stay open between transactions, and what each transaction is for.

The one that was used last is used first, so that its pages and its prepared statements are at
hand. As many are open at once as may be; who comes then waits for his turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from queue import Empty, SimpleQueue

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError

from .transaction import roll_back

_USE = "challng_use"


class Use(Enum):
    """What a connection is used for: its engine begins a transaction of that kind."""

    LOOKING = auto()
    """One statement, which is a snapshot by itself: no transaction."""
    READING = auto()
    WRITING = auto()


class Kept:
    """The connections of one engine, whose own pool keeps none."""

    def __init__(
        self,
        engine: Engine,
        most: int,
        at_rest: int,
        wait_seconds: float,
        lives: Callable[[Connection, float], bool] | None = None,
        opened: Callable[[Connection], None] | None = None,
    ) -> None:
        """`at_rest`: how many stay open; `lives`: whether one that rested so many seconds does;
        `opened`: what is done with a new one.
        """
        self._engine = engine
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._turns.put(None)
        self._at_rest = at_rest
        self._wait_seconds = wait_seconds
        self._lives = lives
        self._opened = opened
        self._resting: list[tuple[Connection, float]] = []

    @contextmanager
    def connection(self, use: Use) -> Iterator[Connection]:
        """Give a connection for a use; what it has begun and not committed is rolled back."""
        try:
            self._turns.get(timeout=self._wait_seconds)
        except Empty:
            waited = f"no connection was free within {self._wait_seconds} seconds"
            raise TimeoutError(waited) from None
        try:
            taken = self._take()
            taken.info[_USE] = use
            try:
                yield taken
            finally:
                self._give(taken)
        finally:
            self._turns.put(None)

    def _take(self) -> Connection:
        try:
            resting, since = self._resting.pop()
        except IndexError:
            return self._open()
        if self._lives is not None and not self._lives(resting, time.monotonic() - since):
            resting.invalidate()
            resting.close()
            self.let_go()  # the others have rested longer
            return self._open()
        return resting

    def _open(self) -> Connection:
        made = self._engine.connect()
        if self._opened is not None:
            self._opened(made)
        return made

    def _give(self, given: Connection) -> None:
        whole = False
        try:
            roll_back(given)
            whole = not given.invalidated
        finally:
            if whole and len(self._resting) < self._at_rest:
                self._resting.append((given, time.monotonic()))
            else:
                given.close()
                if not whole:
                    self.let_go()

    def let_go(self) -> None:
        """Close what rests."""
        while self._resting:
            try:
                resting, _ = self._resting.pop()
            except IndexError:  # another thread was faster
                return
            resting.close()


def used_for(connection: Connection) -> Use | None:
    """Return what a connection is used for; None for one that was not given by `Kept`."""
    use: Use | None = connection.info.get(_USE)
    return use
