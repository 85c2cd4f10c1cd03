"""Parameters of the case: two TOML files and the pad's keys, as variables for OpenSCAD."""

import re
import tomllib
from pathlib import Path

from device.settings import load

HERE = Path(__file__).parent
OUTLINE = HERE.parent / "outline.toml"
CASE = HERE / "case.toml"
SETTINGS = HERE.parent / "wiring" / "card.toml"
SCAD = HERE / "parameters.scad"

Tables = dict[str, dict[str, object]]


def read() -> Tables:
    """Outline and case parameters in one; no section is in both."""
    outline = tomllib.loads(OUTLINE.read_text())
    case = tomllib.loads(CASE.read_text())
    twice = outline.keys() & case.keys()
    if twice:
        raise ValueError(f"{CASE.name}: expected sections that {OUTLINE.name} has not, got {twice}")
    return {**outline, **case}


def legends(tables: Tables) -> list[list[str]]:
    """What stands on the caps, row by row: the keys of the card's settings."""
    words = tables["legends"]
    return [[str(words.get(key, key)) for key in row] for row in load(SETTINGS).board.pad.keys]


def scad() -> str:
    """The text of `parameters.scad`."""
    tables = read()
    lines = ["// Written by `make case` from outline.toml and case.toml: change those."]
    for section, table in tables.items():
        if section != "legends":
            lines += [f"{section}_{name} = {_literal(value)};" for name, value in table.items()]
    words = tables["legends"]
    lines.append(f"legend_ok = {_literal(words['#'])};")
    lines.append(f"legend_clear = {_literal(words['*'])};")
    lines.append(f"legends = {_literal(legends(tables))};")
    return "\n".join(lines) + "\n"


def described() -> list[tuple[str, str, str]]:
    """Name, value and comment of each parameter of the case, as they stand in its file."""
    found, section = [], ""
    for line in CASE.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif match := re.match(r'("?[\w#*]+"?) = (\S+)(?:\s+# (.*))?$', line):
            name, value, comment = match.groups()
            found.append((f"`{section}.{name}`", value, comment or ""))
    return found


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"
