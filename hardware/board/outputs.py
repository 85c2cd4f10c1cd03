"""`make board`: the project written, checked by KiCad, and everything made from it that is ordered.

    python -m hardware.board.outputs [--no-pictures]

Nothing is written when a check finds anything that `WAIVED` does not name.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hardware.board import bom, circuit, pcb, project
from hardware.board.kicad_cli import Kicad, KicadError, kicad

NAME = "card"
FABRICATION = project.HERE / "fabrication"
PICTURES = project.HERE.parents[1] / "docs" / "pictures"
WAIVED: frozenset[str] = frozenset()
"""Kinds of findings that are known and harmless; each with its reason in docs/build/board.md."""

_POUR = """
import sys, pcbnew
board = pcbnew.LoadBoard(sys.argv[1])
pcbnew.ZONE_FILLER(board).Fill(board.Zones())
pcbnew.SaveBoard(sys.argv[1], board)
"""
_LAYERS = "F.Cu,B.Cu,F.Paste,B.Paste,F.SilkS,B.SilkS,F.Mask,B.Mask,Edge.Cuts"
# Lines with a date or with KiCad's exact version: (what, instead).
_CHANGING = (
    (re.compile(r"^(G04 Created by KiCad).*\*$", re.M), r"\1*"),
    (re.compile(r"^%TF\.(CreationDate|GenerationSoftware),.*\*%\n", re.M), ""),
    (re.compile(r"^; DRILL file .*$", re.M), "; DRILL file"),
    (re.compile(r"^; #@! TF\.(CreationDate|GenerationSoftware),.*\n", re.M), ""),
)
_VIEW = 'viewBox="25 29 382 228"'
"""What of the sheet is drawn on, in millimetres."""
_DRAWN_FROM = "Drawn from"
_POSITION_HEAD = {
    "Ref": "Designator", "Val": "Comment", "Package": "Footprint", "PosX": "Mid X",
    "PosY": "Mid Y", "Rot": "Rotation", "Side": "Layer",
}  # fmt: skip


@dataclass
class Made:
    """What was made: texts and bytes by file name, and what the checks found."""

    project: dict[str, str]
    pour: pcb.Pour
    fabrication: dict[str, bytes] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


def steady(text: str) -> str:
    """A film or drill file without what changes from run to run."""
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text


def steady_drawing(text: str) -> str:
    """A drawing without its date and its empty margins, to a hundredth of a millimetre."""
    text = re.sub(r"<title>.*?</title>", "<title>The card's board: schematic</title>", text)
    text = re.sub(r'width="[\d.]+mm" height="[\d.]+mm" viewBox="[\d. ]+"', _VIEW, text, count=1)
    text = re.sub(r"(\d\.\d\d)\d\d\b", r"\1", text)
    return re.sub(r"\s+", " ", text).replace("> <", ">\n<").strip() + "\n"


def digest(files: Mapping[str, str]) -> str:
    """A name for what a picture shows: the board and the bodies of its parts."""
    shown = [text for name, text in sorted(files.items()) if name.endswith((".kicad_pcb", ".wrl"))]
    return hashlib.sha256("\0".join(shown).encode()).hexdigest()


def drawn_from(picture: bytes) -> str:
    """The name of what a rendered picture shows; its shades differ from run to run."""
    return str(Image.open(io.BytesIO(picture)).info.get(_DRAWN_FROM, ""))


def _named(picture: bytes, name: str) -> bytes:
    out, words = io.BytesIO(), PngInfo()
    words.add_text(_DRAWN_FROM, name)
    Image.open(io.BytesIO(picture)).save(out, "PNG", optimize=True, pnginfo=words)
    return out.getvalue()


def _findings(report: dict[str, Any]) -> list[str]:
    groups = [sheet["violations"] for sheet in report.get("sheets", [])]
    groups += [
        report.get(key, []) for key in ("violations", "unconnected_items", "schematic_parity")
    ]
    return [
        f"{one['severity']} {one['type']}: {one['description']} "
        + "; ".join(item["description"] for item in one["items"])
        for group in groups
        for one in group
        if one["type"] not in WAIVED
    ]


def check(run: Kicad) -> list[str]:
    """What KiCad's electrical and design rule checks find, warnings too."""
    options = ["--severity-all", "--format", "json", "-o"]
    run.cli("sch", "erc", *options, "erc.json", f"{NAME}.kicad_sch")
    run.cli("pcb", "drc", "--schematic-parity", *options, "drc.json", f"{NAME}.kicad_pcb")
    return [
        line
        for name in ("erc.json", "drc.json")
        for line in _findings(json.loads((run.folder / name).read_text()))
    ]


def _zip(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def _positions(text: str) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_POSITION_HEAD.values())
    for row in sorted(rows, key=lambda row: row["Ref"]):
        writer.writerow(row[name] for name in _POSITION_HEAD)
    return out.getvalue()


def _fabrication(run: Kicad) -> dict[str, bytes]:
    board = f"{NAME}.kicad_pcb"
    (run.folder / "films").mkdir()
    run.cli(
        "pcb", "export", "gerbers", "-l", _LAYERS, "--subtract-soldermask", "-o", "films/", board
    )
    run.cli("pcb", "export", "drill", "--excellon-separate-th", "-o", "films/", board)
    run.cli("pcb", "export", "pos", "--format", "csv", "--units", "mm", "--smd-only", "-o",
            "positions.csv", board)  # fmt: skip
    films = {
        path.name: steady(path.read_text())
        for path in (run.folder / "films").iterdir()
        if path.suffix != ".gbrjob"
    }
    return {
        f"{NAME}-gerbers.zip": _zip(films),
        f"{NAME}-positions.csv": _positions((run.folder / "positions.csv").read_text()).encode(),
        f"{NAME}-bom.csv": bom.text(circuit.load_parts()).encode(),
    }


def _pictures(run: Kicad, name_of_board: str) -> dict[str, bytes]:
    run.cli("sch", "export", "svg", "--exclude-drawing-sheet", "-o", "sheet", f"{NAME}.kicad_sch")
    sheet = (run.folder / "sheet" / f"{NAME}.svg").read_text()
    found = {"board-schematic.svg": steady_drawing(sheet).encode()}
    for side, name in (("top", "board-front.png"), ("bottom", "board-back.png")):
        run.cli("pcb", "render", "--side", side, "-w", "860", "-h", "1200",
                "--background", "opaque", "-o", name, f"{NAME}.kicad_pcb")  # fmt: skip
        found[name] = _named((run.folder / name).read_bytes(), name_of_board)
    return found


def make(folder: Path, *, pictures: bool = True) -> Made:
    """Write the project into an empty folder and make everything from it; changes nothing else."""
    routes = project.find_routes()
    project.save(folder, project.files(routes, {}))
    board = f"{NAME}.kicad_pcb"
    with kicad(folder) as run:
        run.python(_POUR, board)
        made = Made({}, pcb.pour_of((run.folder / board).read_text()))
        made.project = project.files(routes, made.pour)
        project.save(run.folder, made.project)
        made.findings = check(run)
        if not made.findings:
            made.fabrication = _fabrication(run)
            made.pictures = _pictures(run, digest(made.project)) if pictures else {}
    return made


def main(arguments: list[str]) -> int:
    """Make everything in its place."""
    scratch = project.HERE.parents[1] / "build" / "board"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        made = make(scratch, pictures="--no-pictures" not in arguments)
    except KicadError as error:
        print(f"make board: {error}", file=sys.stderr)
        return 1
    if made.findings:
        print(*made.findings, sep="\n", file=sys.stderr)
        print(f"make board: {len(made.findings)} findings; nothing was written", file=sys.stderr)
        return 1
    shutil.rmtree(project.FOLDER, ignore_errors=True)
    project.save(project.FOLDER, made.project)
    project.POUR.write_text(project.pour_text(made.pour))
    for place, files in ((FABRICATION, made.fabrication), (PICTURES, made.pictures)):
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = place / name
            same = name.endswith(".png") and path.exists()
            if not same or drawn_from(path.read_bytes()) != drawn_from(content):
                path.write_bytes(content)
    print(
        "board: 0 findings by ERC and DRC; project, films, drill, positions, list of parts written"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
