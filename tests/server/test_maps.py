"""The pictures of docs/life.md show what the code has now."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from server.login.access import RIGHTS, Access
from server.settings import Settings
from server.states.lives import MACHINES
from tests import maps

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "pictures"


@pytest.mark.parametrize("name", maps.sources())
def test_a_map_is_drawn_from_the_table_as_it_is(name: str) -> None:
    assert maps.source_of(PICTURES / f"{name}.svg") == maps.sources()[name], "run `make pictures`"


@pytest.mark.parametrize("name", maps.sources())
def test_a_map_is_shown_and_its_words_are_to_be_seen(name: str) -> None:
    assert f"(pictures/{name}.svg)" in (DOCS / "life.md").read_text()
    shown = re.sub(r"<!--.*?-->", "", (PICTURES / f"{name}.svg").read_text(), flags=re.S)
    for label in re.findall(r'label="([^"]*)"', maps.sources()[name]):
        for line in re.split(r"\\n|\|", label):
            assert f">{line}</text>" in shown


def test_every_state_and_every_move_is_on_its_map() -> None:
    for machine in MACHINES:
        text = maps.life(machine)
        for (state, move), to in machine.moves.items():
            (edge,) = re.findall(rf'\b{state.value} -> {to.value} \[label="([^"]*)"\]', text)
            assert move.value.replace("_", " ") in edge.split(" or ")


def test_every_access_level_is_on_the_map_with_its_rights() -> None:
    text = maps.access()
    for level in Access:
        (label,) = re.findall(rf'(?m)^\s*{level.value} \[label="([^"]*)"\]', text)
        rights = label.partition("|")[2].split("\\n")
        assert set(rights) == {right.value.replace("_", " ") for right in RIGHTS[level]}


def test_the_days_of_the_page_are_the_settings(tmp_path: Path) -> None:
    page = (DOCS / "life.md").read_text()
    settings = Settings(data=tmp_path)
    rows = re.findall(r"^\| .* \| ([\d a-z]+) \| `CHALLNG_(\w+)` \|$", page, re.M)
    assert len(rows) == 5
    for days, name in rows:
        value = getattr(settings, name.lower())
        wanted = [value] if isinstance(value, int) else list(value)
        assert [int(each) for each in re.findall(r"\d+", days)] == wanted


@pytest.mark.skipif(shutil.which("dot") is None, reason="dot (Graphviz) is not installed")
def test_the_maps_can_be_drawn(tmp_path: Path) -> None:
    maps.draw(tmp_path)
    for name, text in maps.sources().items():
        assert maps.source_of(tmp_path / f"{name}.svg") == text
