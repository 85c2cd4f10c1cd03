"""The board made anew with KiCad: `make test-board` (root and mmdebstrap, or a KiCad 9; 6 min).

Named so that `make test` leaves it out. The first run makes a Debian with KiCad (three minutes, 0.8
GB under `$XDG_CACHE_HOME/challng`).
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from hardware.board import outputs, project
from hardware.board.kicad_cli import kicad
from hardware.board.outputs import FABRICATION, PICTURES, Made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return outputs.make(tmp_path_factory.mktemp("board") / "project")


def test_kicad_s_rule_checks_find_nothing(made: Made) -> None:
    assert made.findings == []
    assert not outputs.WAIVED


def test_the_committed_project_is_what_kicad_poured(made: Made) -> None:
    committed = {name: (project.FOLDER / name).read_text() for name in made.project}
    assert [name for name in committed if committed[name] != made.project[name]] == []
    assert project.POUR.read_text() == project.pour_text(made.pour)


@pytest.mark.parametrize("name", ["card-gerbers.zip", "card-positions.csv", "card-bom.csv"])
def test_what_is_sent_to_the_factory_is_the_same_in_every_run(made: Made, name: str) -> None:
    assert made.fabrication[name] == (FABRICATION / name).read_bytes()


def test_the_schematic_s_picture_is_current(made: Made) -> None:
    name = "board-schematic.svg"
    assert made.pictures[name] == (PICTURES / name).read_bytes()


@pytest.mark.parametrize("name", ["board-front.png", "board-back.png"])
def test_both_sides_are_rendered(made: Made, name: str) -> None:
    picture = Image.open(io.BytesIO(made.pictures[name]))
    assert len(picture.convert("RGB").resize((86, 120)).getcolors(86 * 120) or ()) > 100
    assert outputs.drawn_from(made.pictures[name]) == outputs.digest(made.project)


def broken(board: str, name: str) -> str:
    """The board's file with a fault in it."""
    if name == "a missing track":
        track = next(m for m in re.finditer(r"\t\(segment\n(?:\t\t.*\n)+\t\)\n", board))
        return board.replace(track.group(), "")
    if name == "a short":
        start = r"(\(segment\n\t\t\(start )[\d.]+ [\d.]+(?=\))"
        return re.sub(start, r"\g<1>30 60", board, count=1)
    assert name == "another net at a pad"
    return re.sub(r'(\(net \d+ )"/ROW1"\)', r'\1"/ROW2")', board, count=2)


@pytest.mark.parametrize("fault", ["a missing track", "a short", "another net at a pad"])
def test_kicad_finds_a_fault_that_is_put_in(made: Made, fault: str, tmp_path: Path) -> None:
    faulty = dict(made.project)
    faulty["card.kicad_pcb"] = broken(made.project["card.kicad_pcb"], fault)
    assert faulty != made.project
    folder = tmp_path / "project"
    project.save(folder, faulty)
    with kicad(folder) as run:
        assert outputs.check(run) != []
