"""Business days: Monday to Friday. What a country's own holidays are, is not known here."""

from __future__ import annotations

from datetime import date, timedelta

_FRIDAY = 4


def after(day: date, count: int) -> date:
    """Return the business day `count` business days after `day`; `day` itself is not counted."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() <= _FRIDAY
    return day
