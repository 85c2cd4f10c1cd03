"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

RowId = BigInteger().with_variant(Integer, "sqlite")
"""A counted primary key; SQLite counts by itself only for INTEGER."""

LoginId = String(32).with_variant(String(32, collation="C"), "postgresql")
"""An id that is put in order byte by byte, as SQLite does anyway."""


class Moment(TypeDecorator[datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC: compares alike everywhere."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        """Return what turns an aware datetime into microseconds."""
        return _counted

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[int | None], datetime | None]:
        """Return what turns microseconds into an aware datetime in UTC."""
        return _dated


def _counted(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _dated(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)
