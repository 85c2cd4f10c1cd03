"""Key scripts: what a line may say."""

import pytest

from device.errors import ScriptError
from device.script import Command, Verb, parse


def commands(text: str) -> list[Command]:
    return list(parse(text.splitlines(), "keys.txt"))


def test_one_command_a_line() -> None:
    text = "press\n7305\nok\nclear\nB\nwait 2.5\nshow\nexpect 1234 5678\nshot a b.png\noff\n"
    text += "hold ok\nhold  ok\nawait WAIT FOR\n"
    assert [(command.verb, command.text) for command in commands(text)] == [
        (Verb.PRESS, ""),
        (Verb.KEYS, "7305"),
        (Verb.OK, ""),
        (Verb.CLEAR, ""),
        (Verb.KEYS, "B"),
        (Verb.WAIT, "2.5"),
        (Verb.SHOW, ""),
        (Verb.EXPECT, "1234 5678"),
        (Verb.SHOT, "a b.png"),
        (Verb.OFF, ""),
        (Verb.HOLD, ""),
        (Verb.HOLD, ""),
        (Verb.AWAIT, "WAIT FOR"),
    ]


def test_comments_and_empty_lines_are_nothing() -> None:
    text = "# a login\n\n   press   # hold it\n\t\nshow"
    assert [command.where for command in commands(text)] == ["keys.txt:3", "keys.txt:5"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("pres", "expected one of press, off"),
        ("PRESS", "expected one of press, off"),
        ("73O5", "expected one of press, off"),
        ("73 05", "expected one of press, off"),
        ("７３０５", "expected one of press, off"),
        ("E", "expected one of press, off"),
        ("ok ok", "expected nothing after ok"),
        ("wait", "expected something after wait"),
        ("wait long", "expected wait with seconds"),
        ("wait -1", "expected wait with seconds"),
        ("wait nan", "expected wait with seconds"),
        ("wait 1e9", "expected wait with seconds"),
        ("expect", "expected something after expect"),
        ("await", "expected something after await"),
        ("hold", "expected one of press, off"),
        ("hold 5", "expected one of press, off"),
        ("hold ok ok", "expected one of press, off"),
        ("shot", "expected something after shot"),
    ],
)
def test_a_line_that_is_no_command_is_refused_with_its_place(line: str, sentence: str) -> None:
    with pytest.raises(ScriptError) as refused:
        commands(f"press\n\n{line}\n")
    assert str(refused.value).startswith(f"keys.txt:3: {sentence}")
