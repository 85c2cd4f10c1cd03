"""`challng-card play`: a key script on a simulated card, by its contacts and its glass alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from device.errors import ScriptError
from device.png import png
from device.script import AWAITED, Command, Verb, parse
from device.simulated import CLEAR, OK, SimulatedCard

#: What a glass without a lit pixel reads as.
DARK = "(dark)"


def commands_of(path: Path) -> list[Command]:
    """All commands of a script, checked; raises `ScriptError`, also when it cannot be read."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ScriptError(f"{path}: expected a key script, got: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScriptError(f"{path}: expected a key script in UTF-8, got other bytes") from None
    return list(parse(text.splitlines(), str(path)))


def play(card: SimulatedCard, commands: Iterable[Command], out: TextIO) -> None:
    """Do one command after the other, printing to `out` what `show` asks for.

    Raises `ScriptError`: an `expect` that failed, a key that the pad has not, a file not written.
    """
    for command in commands:
        _do(card, command, out)


def commands_from(stream: TextIO) -> Iterator[Command]:
    """The commands of a stream, each checked when it is met; raises `ScriptError`."""
    try:
        yield from parse(stream, "-")
    except UnicodeDecodeError:
        raise ScriptError("-: expected a key script in UTF-8, got other bytes") from None


def text_of(card: SimulatedCard) -> list[str]:
    """The lines on the glass; `(dark)` when there are none."""
    return card.lines() or [DARK]


def _do(card: SimulatedCard, command: Command, out: TextIO) -> None:
    match command.verb:
        case Verb.PRESS:
            card.press()
        case Verb.OFF:
            card.off()
        case Verb.OK:
            card.type(OK)
        case Verb.CLEAR:
            card.type(CLEAR)
        case Verb.HOLD:
            card.hold(OK)
        case Verb.KEYS:
            _type(card, command)
        case Verb.WAIT:
            card.run(command.seconds)
        case Verb.SHOW:
            print(*text_of(card), sep="\n", file=out, flush=True)
        case Verb.EXPECT:
            if not any(command.text in line for line in text_of(card)):
                raise _unexpected(card, command)
        case Verb.AWAIT:
            if not card.run_until(command.text, AWAITED):
                raise _unexpected(card, command)
        case Verb.SHOT:
            _shot(card, command)


def _unexpected(card: SimulatedCard, command: Command) -> ScriptError:
    got = " / ".join(text_of(card))
    return ScriptError(f"{command.where}: expected {command.text!r} on the glass, got {got!r}")


def _type(card: SimulatedCard, command: Command) -> None:
    for key in command.text:
        if not card.has(key):
            raise ScriptError(f"{command.where}: expected a key that the pad has, got {key}")
    card.type(command.text)


def _shot(card: SimulatedCard, command: Command) -> None:
    try:
        Path(command.text).write_bytes(png(card.picture()))
    except OSError as error:
        raise ScriptError(
            f"{command.where}: expected a file that can be written, "
            f"got {command.text!r}: {error.strerror}"
        ) from None
