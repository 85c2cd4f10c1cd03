"""The lines of a bill of materials, read and checked."""

import csv
from dataclasses import astuple, dataclass
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("part", "quantity", "name", "value", "alternatives", "watch for")
BUILDS = ("breadboard", "card", "booth")


@dataclass(frozen=True)
class Item:
    """One line: what it is in the build, how many, and what to ask for in a shop."""

    part: str
    quantity: int
    name: str
    value: str
    alternatives: str
    watch: str

    def cells(self) -> tuple[str, ...]:
        """The line as text, column by column."""
        return tuple(str(cell) for cell in astuple(self))


def read(build: str) -> tuple[Item, ...]:
    """The bill of a build. Raises `ValueError` that names file, line and what is wrong."""
    path = HERE / f"{build}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ValueError(f"{path.name}: expected the columns {', '.join(COLUMNS)}")
    return tuple(_item(path.name, number, row) for number, row in enumerate(rows[1:], 2))


def _item(name: str, number: int, row: list[str]) -> Item:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{name}, line {number}: expected {len(COLUMNS)} cells, got {len(row)}")
    part, quantity, *rest = row
    if not quantity.isascii() or not quantity.isdigit() or int(quantity) == 0:
        raise ValueError(f"{name}, line {number}: expected a quantity from 1 on, got {quantity!r}")
    if not part or not rest[0] or not rest[1]:
        raise ValueError(f"{name}, line {number}: expected a part, a name and a value")
    return Item(part, int(quantity), *rest)
