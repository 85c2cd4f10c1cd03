"""Key scripts: one command a line, parsed whole before anything is pressed.

    press         hold the press button until PIN> is up       off        hold it until dark
    7305          type digits          ok | clear | A .. D      press that key
    hold ok       hold OK: begin pairing, agree to its number   show       print the glass
    wait S        let S seconds go by                           shot FILE  write a PNG of the glass
    expect TEXT   some line of the glass has TEXT               await TEXT  wait until one has

`#` begins a comment. A dark glass reads `(dark)`.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from device.errors import ScriptError

_DIGITS = re.compile(r"[0-9]+")
_COMMENT = re.compile(r"(^|\s)#.*$")
_COMMANDS = (
    "press, off, ok, clear, digits, a letter A-D, hold ok, wait SECONDS, show, expect TEXT, "
    "await TEXT, shot FILE"
)
#: The longest wait that a script may ask for, in seconds: a day.
LONGEST_WAIT = 86_400.0
#: How long `await` waits for a text, in seconds.
AWAITED = 120.0


class Verb(Enum):
    """What a command does."""

    PRESS = "press"
    OFF = "off"
    OK = "ok"
    CLEAR = "clear"
    KEYS = "digits or a letter"
    WAIT = "wait"
    SHOW = "show"
    HOLD = "hold ok"
    EXPECT = "expect"
    AWAIT = "await"
    SHOT = "shot"


_ALONE = {verb.value: verb for verb in (Verb.PRESS, Verb.OFF, Verb.OK, Verb.CLEAR, Verb.SHOW)}
_WITH_TEXT = {verb.value: verb for verb in (Verb.WAIT, Verb.EXPECT, Verb.AWAIT, Verb.SHOT)}


@dataclass(frozen=True)
class Command:
    """One line: what to do, with what, and where it stands (`file:line`)."""

    verb: Verb
    text: str
    where: str

    @property
    def seconds(self) -> float:
        """The seconds of a `wait`."""
        return float(self.text)


def parse(lines: Iterable[str], name: str) -> Iterator[Command]:
    """The commands in `lines` of the file `name`, one by one, without empty lines and comments.

    Raises `ScriptError` with `name:line` at the first line that is no command.
    """
    for number, line in enumerate(lines, start=1):
        command = _COMMENT.sub("", line).strip()
        if command:
            yield _command(command, f"{name}:{number}")


def _command(line: str, where: str) -> Command:
    word, _, text = line.partition(" ")
    text = text.strip()
    if line.split() == Verb.HOLD.value.split():
        return Command(Verb.HOLD, "", where)
    if word in _ALONE:
        if text:
            raise ScriptError(f"{where}: expected nothing after {word}, got {text!r:.60}")
        return Command(_ALONE[word], "", where)
    if word in _WITH_TEXT:
        verb = _WITH_TEXT[word]
        if not text:
            raise ScriptError(f"{where}: expected something after {word}, got the end of the line")
        if verb is Verb.WAIT:
            _check_seconds(text, where)
        return Command(verb, text, where)
    if not text and (_DIGITS.fullmatch(word) or word in ("A", "B", "C", "D")):
        return Command(Verb.KEYS, word, where)
    raise ScriptError(f"{where}: expected one of {_COMMANDS}; got {line!r:.60}")


def _check_seconds(text: str, where: str) -> None:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_WAIT:
        raise ScriptError(
            f"{where}: expected wait with seconds from 0 to {LONGEST_WAIT:.0f}, got {text!r:.60}"
        )
