"""The maps of docs/life.md, drawn from the code's own tables by Graphviz.

    python -m tests.maps docs/pictures

Each picture carries the text that it was drawn from: so a test can tell, without Graphviz, whether
it shows what the code has now.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any

from server.factors.kinds import DeviceKind
from server.login.access import RIGHTS, Access, Right, decide
from server.states.lives import MACHINES
from server.states.machine import Machine

INK, PAPER, QUIET, ACCENT, GROUND = "#16282b", "#ffffff", "#4b6064", "#0f5e66", "#e5f4f0"
_SOURCE = re.compile(r"<!-- drawn from:\n(.*?)\n-->", re.S)
_BREAK = "\\n"
_NOW = datetime(2026, 3, 1, tzinfo=UTC)


def life(machine: Machine[Any, Any]) -> str:
    """A life: its first state with a thick border, its last ones filled."""
    moves: dict[tuple[StrEnum, StrEnum], list[StrEnum]] = defaultdict(list)
    for (state, move), to in machine.moves.items():
        moves[state, to].append(move)
    final = machine.final()
    lines = []
    for state in type(machine.begins):
        looks = [f'label="{_words(state)}"']
        if state is machine.begins:
            looks.append("penwidth=3")
        if state in final:
            looks.append(f'fillcolor="{GROUND}"')
        lines.append(f"{state.value} [{', '.join(looks)}];")
    lines += [
        f'{state.value} -> {to.value} [label="{" or ".join(map(_words, names))}"];'
        for (state, to), names in moves.items()
    ]
    return _graph(machine.name, lines)


def access() -> str:
    """The access levels, and what leads from one to the other, by asking `decide`."""
    old, new = _NOW - timedelta(days=1), _NOW + timedelta(days=1)
    devices = {
        "the password alone": (DeviceKind.NONE, None),
        "a device": (DeviceKind.CARD, None),
        "a new temporary code": (DeviceKind.TEMPORARY_CODE, new),
        "an old temporary code": (DeviceKind.TEMPORARY_CODE, old),
    }

    def level(closed: bool, out: bool, device: str) -> Access:
        kind, limited = devices[device]
        return decide(closed=closed, opted_out=out, kind=kind, limited_from=limited, now=_NOW)

    moves: dict[tuple[Access, Access], set[str]] = defaultdict(set)
    for closed, out, device in product((False, True), (False, True), devices):
        here = level(closed, out, device)
        steps = {
            "the account is closed": (True, out, device),
        }
        if Right.SECURITY in RIGHTS[here]:
            steps["opted out"] = (closed, True, device)
        if Right.OPT_IN in RIGHTS[here]:
            steps["opted in"] = (closed, False, "a device")
        if device == "the password alone":
            steps["logged in with a device"] = (closed, out, "a device")
        if device == "a new temporary code":
            steps["the code is two days old"] = (closed, out, "an old temporary code")
        if device == "an old temporary code":
            steps["logged in with a device"] = (closed, out, "a device")
        for name, there in steps.items():
            if level(*there) is not here:
                moves[here, level(*there)].add(name)
    lines = [
        f'{each.value} [label="{_words(each)}|{_BREAK.join(_rights(each))}"];' for each in Access
    ]
    lines += [
        f'{here.value} -> {to.value} [label="{f"{_BREAK}or ".join(sorted(names))}"];'
        for (here, to), names in moves.items()
    ]
    return _graph("access", lines, shape="record")


def _rights(level: Access) -> Iterable[str]:
    return [_words(right) for right in Right if right in RIGHTS[level]]


def _words(name: StrEnum) -> str:
    return name.value.replace("_", " ")


def _graph(name: str, lines: Iterable[str], shape: str = "box") -> str:
    body = "\n  ".join(lines)
    return f"""digraph "{name}" {{
  rankdir=LR; bgcolor="{PAPER}"; pad=0.3; nodesep=0.5; ranksep=0.7; splines=true;
  node [shape={shape}, style="rounded,filled", fillcolor="{PAPER}", color="{ACCENT}",
    fontcolor="{INK}", fontname="DejaVu Sans", fontsize=13, margin="0.2,0.12"];
  edge [color="{QUIET}", fontcolor="{QUIET}", fontname="DejaVu Sans", fontsize=11, arrowsize=0.7];
  {body}
}}"""


def sources() -> dict[str, str]:
    """Each picture's name, and the text that it is drawn from."""
    return {f"life-{each.name}": life(each) for each in MACHINES} | {"life-access": access()}


def source_of(picture: Path) -> str:
    """The text that a picture was drawn from."""
    found = _SOURCE.search(picture.read_text())
    assert found, f"{picture.name} was not drawn by `make pictures`"
    return found[1].replace("- >", "->")


def draw(folder: Path) -> None:
    """Draw every picture into `folder`."""
    for name, text in sources().items():
        done = subprocess.run(
            ["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True
        )
        svg = re.sub(r"<!-- Generated by .*?-->\n", "", done.stdout, flags=re.S)
        kept = text.replace("->", "- >")  # two hyphens may not stand in a comment
        comment = f"<!-- drawn from:\n{kept}\n-->\n"
        (folder / f"{name}.svg").write_text(svg.replace("<svg ", f"{comment}<svg ", 1))


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
