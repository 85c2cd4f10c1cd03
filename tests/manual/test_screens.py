"""The card's screens in the manual are what the firmware draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from device.faults import Fault
from tests.manual import screens

PAGES = [*screens.DOCS.rglob("*.md"), screens.DOCS.parent / "README.md"]


@pytest.mark.parametrize("script", screens.scripts(), ids=lambda script: script.stem)
def test_a_screen_of_the_manual_is_what_the_firmware_draws(script: Path, tmp_path: Path) -> None:
    taken = screens.take(script, tmp_path)
    assert taken
    for picture in taken:
        kept = screens.PICTURES / picture.name
        assert kept.exists(), f"{picture.name} is not there: run `make pictures`"
        assert picture.read_bytes() == kept.read_bytes(), f"{picture.name}: run `make pictures`"


def test_no_screen_is_left_behind_that_no_script_takes() -> None:
    text = "\n".join(script.read_text() for script in screens.scripts())
    taken = re.findall(r"^shot (\S+)$", text, re.M)
    assert len(taken) == len(set(taken)), "two scripts take the same picture"
    assert {picture.name for picture in screens.PICTURES.iterdir()} == set(taken)


def test_every_screen_is_shown_somewhere() -> None:
    shown = "\n".join(page.read_text() for page in PAGES)
    kept = {picture.name for picture in screens.PICTURES.iterdir()}
    assert {name for name in kept if f"pictures/screens/{name})" not in shown} == set()


def test_a_screen_named_for_a_code_shows_that_code() -> None:
    codes = {fault.code for fault in Fault}
    names = " ".join(picture.name for picture in screens.PICTURES.iterdir())
    assert set(re.findall(r"glass-(E\d\d)\.png", names)) <= codes
    for script in screens.scripts():
        text = script.read_text()
        for code in re.findall(r"^shot glass-(E\d\d)\.png$", text, re.M):
            assert f"expect {code}\nshot glass-{code}.png" in text


def test_a_script_that_names_no_card_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "odd.keys"
    script.write_text("# On a card of glass.\npress\n")
    with pytest.raises(AssertionError, match="a card with one key"):
        screens.card_of(script)
