"""The list of parts that a factory or a shop is asked for."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict

from hardware.board import layout
from hardware.board.circuit import Part

HEAD = ("Comment", "Designator", "Footprint", "Quantity", "Description", "Soldered by")


def _order(ref: str) -> tuple[str, int]:
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", ref).groups()  # type: ignore[union-attr]
    return letters, int(digits)


def rows(parts: list[Part]) -> list[tuple[str, ...]]:
    """A line for each kind of part; bare pads and holes are none."""
    prints = layout.footprints(layout.outline())
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for part in parts:
        if prints[part.footprint].in_bom:
            # Keys differ in what is printed beside them, not in what is bought.
            value = "Key 6x6" if part.kind == "SW" else part.value
            groups[value, part.footprint, part.about].append(part.ref)
    found = []
    for (value, footprint, about), refs in groups.items():
        by = "factory" if prints[footprint].kind == "smd" else "hand"
        refs.sort(key=_order)
        found.append((value, ",".join(refs), footprint, str(len(refs)), about, by))
    return sorted(found, key=lambda row: (row[5], _order(row[1].split(",")[0])))


def text(parts: list[Part]) -> str:
    """The list as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEAD, *rows(parts)])
    return out.getvalue()
