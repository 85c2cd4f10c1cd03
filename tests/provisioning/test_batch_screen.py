"""A batch on a terminal: a bar that moves, and a table; a name is text, whatever is in it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from provisioning.batch import show
from provisioning.batch.journal import CardState, Entry
from provisioning.batch.plan import Wanted

ENTRIES = [
    Entry(Wanted(1, "A", "Challng", name="Ann [bold]Smith"), CardState.MADE, "CH00000018"),
    Entry(Wanted(2, "A", "Challng", user="bob"), CardState.REFUSED, "CH00000026", note="why"),
]


def terminal() -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, force_terminal=True, width=100, color_system=None), screen


def test_the_bar_counts_the_cards_that_are_made() -> None:
    console, screen = terminal()
    with show.progress(console, 3, 1, bar=True) as told:
        for entry in ENTRIES:
            told(entry)
    last = screen.getvalue().rsplit("cards", 1)[1]
    assert "2/3" in last
    assert "CH00000026" in last


def test_the_table_shows_names_as_they_are() -> None:
    console, screen = terminal()
    show.table(console, ENTRIES)
    assert "Ann [bold]Smith" in screen.getvalue()
    assert "refused" in screen.getvalue()


def test_beside_questions_there_are_lines_in_place_of_a_bar(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console, screen = terminal()
    with show.progress(console, 2, 0, bar=False) as told:
        told(ENTRIES[0])
    assert screen.getvalue() == ""
    assert capsys.readouterr().out == "1/2\tCH00000018\tmade\tAnn [bold]Smith\n"
