"""The terminal of `pair`: a real one, with somebody who types ahead."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from provisioning.errors import NoAnswer
from provisioning.pair import talk
from provisioning.pair.person import Terminal
from tests.provisioning.people import Desk


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written here is typed at standard input, a terminal."""
    fingers, stdin = os.openpty()
    with os.fdopen(stdin) as file:
        monkeypatch.setattr(sys, "stdin", file)
        yield fingers
    os.close(fingers)


def test_what_was_typed_before_the_question_is_no_answer_to_it(
    keyboard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Terminal()
    os.write(keyboard, b"yes\n")
    person.ask("Really?")
    os.write(keyboard, b"No \n")
    assert person.answer() == "no"
    assert capsys.readouterr().out == "Really? "


def test_half_a_line_is_no_answer_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    out, typed = os.pipe()
    with os.fdopen(out) as file:
        monkeypatch.setattr(sys, "stdin", file)
        person = Terminal()
        os.write(typed, b"ye")
        assert person.answer() is None
        os.write(typed, b"s\nno\n")
        assert person.answer() == "yes"
        os.close(typed)
        with pytest.raises(EOFError):
            person.answer()


def test_a_question_without_a_card_takes_yes_and_no_alone() -> None:
    answers = iter(["perhaps", "yes"])
    assert talk.ask(Desk(lambda desk: next(answers)), "Sure?") is True
    assert talk.ask(Desk(lambda desk: "no"), "Sure?") is False
    with pytest.raises(NoAnswer, match="no answer here"):
        talk.ask(Desk(lambda desk: None), "Sure?", iter([0.0, 99.0]).__next__)
