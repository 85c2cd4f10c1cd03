"""The counters of the day: a few numbers in memory, which begin anew at midnight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime

from .visit import Count


def local_day(moment: datetime) -> date:
    """Return the day at the booth."""
    return moment.astimezone().date()


class Counters:
    """Counts what happens on one day."""

    def __init__(self, day_of: Callable[[datetime], date] = local_day) -> None:
        self._day_of = day_of
        self._day: date | None = None
        self._counted: Counter[Count] = Counter()

    def count(self, what: Count, now: datetime) -> None:
        """Count one."""
        self._turn(now)
        self._counted[what] += 1

    def today(self, now: datetime) -> Mapping[str, int]:
        """Return the numbers of the day, by name."""
        self._turn(now)
        return {each.value: self._counted[each] for each in Count}

    def _turn(self, now: datetime) -> None:
        day = self._day_of(now)
        if day != self._day:
            self._day = day
            self._counted.clear()
