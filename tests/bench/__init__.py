"""Figures, not tests: `make bench` prints a name, a value and a unit, one line each."""

from collections.abc import Iterator
from typing import NamedTuple


class Figure(NamedTuple):
    """One measured value."""

    name: str
    value: float
    unit: str


Figures = Iterator[Figure]
