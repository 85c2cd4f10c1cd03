"""Where the answers come from: lines in a terminal, or the keys alone."""

from typing import Protocol, TextIO

from device.selftest.bench import Bench
from device.selftest.observations import Glass
from device.selftest.screens import Prompt
from device.state import CLEAR, OK

_PATIENCE = 30.0
_TRIES = 3
_ANSWERS = {"y": Glass.WHOLE, "n": Glass.WRONG, "d": Glass.NOT_SEEN}
_QUESTION = ("IS THIS FRAME WHOLE",)


class Face(Protocol):
    """Asks the one question that only an eye can answer."""

    def picture(self, bench: Bench) -> Glass | None:
        """Show a frame and ask what is seen of it; None if nobody is able to answer."""


class Terminal:
    """Answers are lines."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines

    def picture(self, bench: Bench) -> Glass | None:
        """Ask for y, n or d; the end of the lines means that nobody saw anything."""
        bench.say(
            Prompt(
                "Look at the glass: is there a thin line along all four edges, unbroken, and "
                "nothing else but words?\n"
                "y: yes. n: it is shifted, has a stripe, or is garbage. d: it is dark. Then Enter:",
                _QUESTION,
                framed=True,
            )
        )
        for _ in range(_TRIES):
            line = self._lines.readline()
            answer = _ANSWERS.get(line.strip().lower()[:1])
            if answer is not None:
                return answer
            if not line:
                break
            bench.say(Prompt("Expected y, n or d:"))
        return Glass.NOT_SEEN


class Keys:
    """Answers are keys, known by what they did when they were asked for: a wrong wiring too."""

    def picture(self, bench: Bench) -> Glass | None:
        """Ask for OK or CLEAR; silence means that nobody saw anything."""
        looks = {key: bench.seen.keys.get(key) for key in (OK, CLEAR)}
        yes, no = looks[OK], looks[CLEAR]
        if yes == no or bench.seen.rest in (yes, no) or yes is None or no is None:
            return None
        bench.say(
            Prompt(
                f"Is the frame on the glass whole? {OK} is yes, {CLEAR} is no.",
                (*_QUESTION, f"{OK} YES   {CLEAR} NO"),
                framed=True,
            )
        )
        answer = bench.watch(_PATIENCE, lambda look: look in (yes, no))
        if answer is None:
            return Glass.NOT_SEEN
        return Glass.WHOLE if answer == yes else Glass.WRONG
