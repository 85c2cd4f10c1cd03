"""From looks at the lines to what is wrong with the wires of pad and button. Pure.

What is found at rest explains what keys do later: a line on a rail silences its keys, and lines
that are joined count as one from there on, so that each fault is named once.
"""

from collections.abc import Mapping

from device.selftest.findings import Finding, Kind
from device.selftest.lines import Lines
from device.selftest.order import order_findings
from drivers.probe import Look, groups
from drivers.settings import BoardSettings, PadLayout


def wiring_findings(
    board: BoardSettings, rest: Look, keys: Mapping[str, Look], press: Look | None
) -> list[Finding]:
    """All that is wrong with the wires; `keys` has a look for each key that was asked for."""
    lines = Lines(board)
    found = _on_rails(board.pad, lines, rest)
    found += [_together(board.pad, lines, group) for group in groups(rest.joined)]
    found += _keys(board.pad, lines, rest, keys)
    if press is not None:
        found += _press(board, lines, rest, press)
    return found


def _on_rails(pad: PadLayout, lines: Lines, rest: Look) -> list[Finding]:
    found: list[Finding] = []
    for kind, rail, tied in (
        (Kind.TO_GROUND, "ground", rest.ground),
        (Kind.TO_SUPPLY, "3.3 V", rest.supply),
    ):
        found += [
            Finding(
                kind,
                f"{lines.name(line)} is joined to {rail} with no key pressed",
                f"look for solder or a wrong hole at {lines.place(line)}",
                f"{lines.name(line)} GPIO {line}",
            )
            for line in (*pad.rows, *pad.columns)
            if line in tied
        ]
    return found


def _together(pad: PadLayout, lines: Lines, group: frozenset[int]) -> Finding:
    """Say what one group of joined lines is: a stuck key, or a bridge."""
    names, places = lines.names(group), lines.places(group)
    stuck = _crossings(pad, group)
    if len(stuck) == 1 and len(group) == 2:
        return Finding(
            Kind.KEY_STUCK,
            f"key {stuck[0]} reads closed with no finger on it",
            f"lift the key; if that does not help, look for solder between {places}",
            f"key {stuck[0]}",
        )
    rows, columns = group & set(pad.rows), group & set(pad.columns)
    if group in (rows, columns):
        count = "two" if len(group) == 2 else f"{len(group)}"
        return Finding(
            Kind.BRIDGED,
            f"{count} keys read as one: {names} are bridged",
            f"look for solder between {places}",
            names,
        )
    also = f", or keys {' '.join(stuck)} are stuck" if stuck else ""
    return Finding(
        Kind.BRIDGED,
        f"{names} are bridged{also}",
        f"look for solder between {places}",
    )


def _crossings(pad: PadLayout, group: frozenset[int]) -> list[str]:
    """Return the keys whose row and column are both in the group."""
    return [key for key in "".join(pad.keys) if set(pad.crossing(key)) <= group]


def _keys(pad: PadLayout, lines: Lines, rest: Look, looks: Mapping[str, Look]) -> list[Finding]:
    tied = rest.ground | rest.supply
    one_of = {line: line for line in lines.all}
    for group in groups(rest.joined):
        one_of.update(dict.fromkeys(group, min(group)))
    crossings = {
        key: (one_of[row], one_of[column])
        for key in looks
        for row, column in [pad.crossing(key)]
        if not {row, column} & tied and one_of[row] != one_of[column]
    }
    closed = {key: _newly_joined(looks[key], one_of) for key in crossings}
    silent = [key for key, together in closed.items() if not together]
    if silent and len(silent) == len(crossings):
        return [
            Finding(
                Kind.PAD_SILENT,
                "no key of the pad was seen",
                f"is its plug in, and in the right place: {lines.places(pad.rows)} for the rows, "
                f"{lines.places(pad.columns)} for the columns?",
            )
        ]
    found = _silent(pad, lines, set(crossings), silent)
    found += [
        _closes_more(pad, key, together, crossings)
        for key, together in closed.items()
        if len(together) > 2
    ]
    single = {key: together for key, together in closed.items() if len(together) == 2}
    return found + order_findings(pad, lines, crossings, single)


def _newly_joined(look: Look, one_of: Mapping[int, int]) -> frozenset[int]:
    """Return the lines that a key joins; lines that hang together at rest count as one."""
    pairs = (frozenset(one_of[line] for line in pair) for pair in look.joined)
    return frozenset().union(*(pair for pair in pairs if len(pair) == 2))


def _silent(pad: PadLayout, lines: Lines, asked: set[str], silent: list[str]) -> list[Finding]:
    found: list[Finding] = []
    explained: set[str] = set()
    for line in (*pad.rows, *pad.columns):
        keys = [key for key in "".join(pad.keys) if line in pad.crossing(key) and key in asked]
        if len(keys) > 1 and set(keys) <= set(silent):
            explained.update(keys)
            found.append(
                Finding(
                    Kind.LINE_SILENT,
                    f"{lines.name(line)} never goes low when {' '.join(keys)} are pressed",
                    f"look at {lines.place(line)} and its wire to the pad",
                    f"{lines.name(line)} GPIO {line}",
                )
            )
    return found + [
        Finding(
            Kind.KEY_SILENT,
            f"key {key} was never seen, while others of its row and column were",
            f"press it harder, clean its contact, or look at the crossing of "
            f"{lines.names(pad.crossing(key))} in the pad",
            f"key {key}",
        )
        for key in silent
        if key not in explained
    ]


def _closes_more(
    pad: PadLayout,
    key: str,
    together: frozenset[int],
    crossings: Mapping[str, tuple[int, int]],
) -> Finding:
    others = [one for one, pair in crossings.items() if one != key and set(pair) <= together]
    return Finding(
        Kind.KEY_CLOSES_MORE,
        f"key {key} reads as {' '.join([key, *others])} at once",
        "if no other finger was on the pad, look for solder or a torn foil under these keys",
        f"key {key}",
    )


def _press(board: BoardSettings, lines: Lines, rest: Look, pressed: Look) -> list[Finding]:
    pin = board.press_pin
    where = lines.place(pin)
    if board.press_active_low:
        on, off, rail, other = "ground", "supply", "ground", "3.3 V"
    else:
        on, off, rail, other = "supply", "ground", "3.3 V", "ground"
    if pin in getattr(rest, on):
        if pin in getattr(pressed, on):
            return [
                Finding(
                    Kind.PRESS_CLOSED,
                    f"press reads closed all the time, {where} is on {rail}",
                    "look for solder and for two legs of the same side of the button; if it goes "
                    f"to {other} when pressed, change press.active_low in card.toml",
                    f"GPIO {pin}",
                )
            ]
        if pin not in getattr(pressed, off):
            return [
                Finding(
                    Kind.PRESS_OPENS,
                    f"press opens {where} from {rail} when it is pressed",
                    "use the button's other contact, the one that is open at rest",
                    f"GPIO {pin}",
                )
            ]
    if pin in getattr(pressed, on):
        return []
    if pin in getattr(pressed, off) and pin not in getattr(rest, off):
        right = "false" if board.press_active_low else "true"
        return [
            Finding(
                Kind.PRESS_WRONG_RAIL,
                f"press joins {where} to {other}, expected {rail}",
                f"set press.active_low = {right} in card.toml, or move the wire to {rail}",
                f"GPIO {pin}",
            )
        ]
    moved = (pressed.ground - rest.ground) | (pressed.supply - rest.supply)
    if moved:
        return [
            Finding(
                Kind.PRESS_SILENT,
                f"press was not seen at {where}, but moves {lines.names(moved)}",
                f"move its wire from {lines.places(moved)} to {where}",
                f"GPIO {pin}",
            )
        ]
    return [
        Finding(
            Kind.PRESS_SILENT,
            "press was never seen closed",
            f"look at {where}, and at the button's other wire, to {rail}",
            f"GPIO {pin}",
        )
    ]
