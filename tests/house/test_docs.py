"""The pages say what the code does."""

import re
from pathlib import Path

import pytest

from device.faults import Fault
from device.script import Verb

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.code)
def test_every_code_of_the_card_is_in_its_page(fault: Fault) -> None:
    page = (ROOT / "docs" / "card.md").read_text()
    assert f"| {fault.code} | {fault.words} | {fault.sentence} |" in page


def test_the_page_knows_no_code_that_the_card_has_not() -> None:
    page = (ROOT / "docs" / "card.md").read_text()
    assert set(re.findall(r"^\| (E\d\d) ", page, re.M)) == {fault.code for fault in Fault}


def test_every_command_of_a_key_script_is_in_the_page() -> None:
    page = (ROOT / "docs" / "card.md").read_text()
    words = {verb.value for verb in Verb} - {Verb.KEYS.value}
    assert [word for word in words if f"`{word}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_of_a_page_is_there(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_the_two_commands_of_the_readme_are_targets() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"demo", "test"} <= named <= targets
