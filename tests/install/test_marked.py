"""Lines of our own in somebody else's file: put in once, and taken out without a trace."""

import pytest

from hardware.install.boot import LINES
from hardware.install.marked import BEGIN, END, with_lines, without_lines

FILES = ["", "a\n", "a", "a\r\nb\r\n", "[all]\n\n\n", "# only a comment\n\nx=1\n"]


@pytest.mark.parametrize("text", FILES)
def test_what_was_there_before_is_there_again(text: str) -> None:
    assert without_lines(with_lines(text, LINES)) == text


@pytest.mark.parametrize("text", FILES)
def test_a_second_time_changes_nothing(text: str) -> None:
    once = with_lines(text, LINES)
    assert with_lines(once, LINES) == once


def test_older_lines_are_replaced() -> None:
    assert with_lines(with_lines("a\n", ["old"]), ["new"]) == f"a\n{BEGIN}\nnew\n{END}\n"


def test_lines_that_somebody_added_behind_ours_stay() -> None:
    text = with_lines("a\n", LINES) + "dtoverlay=mine\n"
    assert without_lines(text) == "a\ndtoverlay=mine\n"


def test_lines_behind_ours_stay_lines_of_their_own() -> None:
    text = with_lines("a", LINES) + "dtoverlay=mine\n"
    assert without_lines(text) == "a\ndtoverlay=mine\n"


def test_without_the_end_mark_the_block_ends_with_the_next_empty_line() -> None:
    text = with_lines("a\n", LINES).replace(f"{END}\n", "\ndtoverlay=mine\n")
    assert without_lines(text) == "a\ndtoverlay=mine\n"
