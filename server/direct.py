"""Short work is done on the event loop itself: to go to a thread and back would cost more.

A transaction of SQLite's is over within a millisecond or two, and one writes at a time anyway. On
a slow disk it is not: so a kind of work that took long goes aside, until it is short again.
PostgreSQL is waited for aside always.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from .db.engine import Database
from .db.hurry import Hurry, WouldWait
from .threads import aside

T = TypeVar("T")

LONG_SECONDS = 0.01
"""What takes longer would be felt by whoever else this worker serves."""

_TIMES = 2
"""How often in a row a kind of work was short before it is done on the loop."""


class Direct:
    """Does work where it is asked for, or aside, by how long its kind took before."""

    def __init__(self, database: Database) -> None:
        self._is_near = database.is_sqlite
        self._short: defaultdict[str, int] = defaultdict(int)

    async def run(self, function: Callable[..., T], *values: Any) -> T:  # noqa: ANN401
        """Return what a function returns, or raise what it raises.

        It has one transaction that writes, and may be begun twice: until its commit it does nothing
        that is felt elsewhere.
        """
        if not self._is_near:
            return await aside.run(function, *values)
        if self._short[function.__qualname__] >= _TIMES:
            try:
                with Hurry():
                    return self._timed(function, *values)
            except WouldWait:
                pass
        return await aside.run(self._timed, function, *values)

    def _timed(self, function: Callable[..., T], *values: Any) -> T:  # noqa: ANN401
        began = time.perf_counter()
        try:
            return function(*values)
        finally:
            if time.perf_counter() - began < LONG_SECONDS:
                self._short[function.__qualname__] += 1
            else:
                self._short[function.__qualname__] = 0
