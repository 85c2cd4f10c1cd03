"""Whether each wire of the pad is on the pin that the settings say. Pure.

The keys of a row have one line in common; if it is another one than the row's, the row's wire is
there. From that the right lists for `card.toml` follow.
"""

from collections.abc import Mapping

from device.selftest.findings import Finding, Kind
from device.selftest.lines import Lines
from drivers.settings import PadLayout


def order_findings(
    pad: PadLayout,
    lines: Lines,
    crossings: Mapping[str, tuple[int, int]],
    seen: Mapping[str, frozenset[int]],
) -> list[Finding]:
    """Findings on wires at wrong pins, from the two lines that each key joined.

    `crossings` has the lines that each key should join.
    """
    moved = {
        line: there
        for line in (*pad.rows, *pad.columns)
        if (there := _wire_of(line, pad, seen)) is not None
        and there != _expected(line, pad, crossings)
    }
    if not moved:
        return _one_by_one(crossings, seen)
    rows = [moved.get(line, line) for line in pad.rows]
    columns = [moved.get(line, line) for line in pad.columns]
    if len({*rows, *columns}) < len(rows) + len(columns):
        # A wire is silent, so that the order is only half known.
        return [_wires(lines, moved, "")]
    setting = f"write rows = {rows} and columns = {columns} into card.toml"
    if set(rows) <= set(pad.columns) and set(columns) <= set(pad.rows):
        return [
            Finding(
                Kind.ROWS_ARE_COLUMNS,
                f"rows and columns are swapped: {_example(crossings, seen)}",
                f"exchange the two halves of the plug, or {setting}",
            )
        ]
    if len(moved) == 2:
        return [
            Finding(
                Kind.WIRES_SWAPPED,
                f"{lines.names(moved)} are swapped: {_example(crossings, seen)}",
                f"exchange the wires at {lines.places(moved)}, or {setting}",
                lines.names(moved),
            )
        ]
    return [_wires(lines, moved, f", or {setting}")]


def _wires(lines: Lines, moved: Mapping[int, int], setting: str) -> Finding:
    order = ", ".join(
        f"{lines.name(line)} is at {lines.place(there)}" for line, there in moved.items()
    )
    return Finding(
        Kind.WIRES_SWAPPED,
        f"the pad's wires are in another order: {order}",
        f"put them where they belong{setting}",
    )


def _wire_of(line: int, pad: PadLayout, seen: Mapping[str, frozenset[int]]) -> int | None:
    """Return the line that the keys of a row or column have in common, if two or more say so."""
    pairs = [pair for key, pair in seen.items() if line in pad.crossing(key)]
    if not pairs:
        return None
    common = frozenset.intersection(*pairs)
    return next(iter(common)) if len(common) == 1 else None


def _expected(line: int, pad: PadLayout, crossings: Mapping[str, tuple[int, int]]) -> int:
    """Return the line that stands for `line` where lines hang together."""
    for key, pair in crossings.items():
        if line in (crossing := pad.crossing(key)):
            return pair[crossing.index(line)]
    return line


def _one_by_one(
    crossings: Mapping[str, tuple[int, int]], seen: Mapping[str, frozenset[int]]
) -> list[Finding]:
    return [
        Finding(
            Kind.KEY_READS_AS_OTHER,
            f"key {key} reads as {_read_as(pair, crossings)}",
            "was it the right key? If so, correct keypad.keys in card.toml: it is what is printed "
            "on the pad, row by row",
            f"key {key}",
        )
        for key, pair in seen.items()
        if pair != set(crossings[key])
    ]


def _example(crossings: Mapping[str, tuple[int, int]], seen: Mapping[str, frozenset[int]]) -> str:
    key, pair = next((key, pair) for key, pair in seen.items() if pair != set(crossings[key]))
    return f"{key} reads as {_read_as(pair, crossings)}"


def _read_as(pair: frozenset[int], crossings: Mapping[str, tuple[int, int]]) -> str:
    return next((one for one, lines in crossings.items() if set(lines) == pair), "no key")
