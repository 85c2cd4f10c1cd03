"""One conversation with a card: the protocol's host end on a port, with times and a person."""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from protocol.pairing.card_end import Send
from protocol.pairing.errors import AbortReason
from protocol.pairing.host_end import HostEnd, HostStep, Met
from protocol.pairing.messages import CardHello
from protocol.pairing.times import COMPARE, HOLD, OFFERED, STEP
from provisioning.errors import CableCut, NoAnswer
from provisioning.pair.person import Person
from provisioning.pair.port import Port

GESTURE = (
    "On the card: hold `press` until PIN> shows (a card without a key shows E01), "
    f"then hold OK for {HOLD:.0f} seconds."
)
_AGAIN = 1.0
_PLEASE = "Please type yes or no:"
_TOLD = (60, 30, 10)
_Wanted = TypeVar("_Wanted")


class Talk:
    """Reads and writes; every wait has an end. Raises PairingError, CableCut and NoAnswer."""

    def __init__(
        self, port: Port, person: Person, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.end = HostEnd()
        self._port = port
        self._person = person
        self._clock = clock
        self._steps: deque[HostStep] = deque()

    def meet(self) -> CardHello:
        """Say what to press, and call until a card answers."""
        self._person.tell(GESTURE)
        self._port.settle()
        end, told = self._clock() + OFFERED, list(_TOLD)
        while (left := end - self._clock()) > 0:
            if told and left <= told[0]:
                self._person.tell(f"Waiting for the card: {told.pop(0)} seconds left.")
            if self._port.listens():
                self._port.write(self.end.hello())
            met = self._next(min(_AGAIN, left))
            if isinstance(met, Met):
                return met.card
        raise NoAnswer("no card answered: begin pairing on the card, and start again")

    def send(self, frame: bytes) -> None:
        """Write a frame of the protocol; raises CableCut when the card takes nothing."""
        if not self._port.write(frame):
            raise CableCut("the card takes nothing any more: plug it in anew and start again")

    def wait(self, wanted: type[_Wanted], seconds: float = STEP) -> _Wanted:
        """The next step, which the protocol makes the wanted one."""
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0:
            step = self._next(left)
            if isinstance(step, wanted):
                return step
        raise NoAnswer("the card fell silent: look at its glass, and start again")

    def poll(self) -> None:
        """Look whether the card has ended it meanwhile, without waiting."""
        self._next(0)

    def answer(self, question: str, wanted: type[HostStep], news: str) -> bool:
        """Ask for yes or no, and wait for a step as well; False as soon as the answer is no.

        `news` is told when the step came. Raises EOFError when nobody can answer.
        """
        end, said, came = self._clock() + COMPARE, False, False
        self._person.ask(question)
        while not (said and came):
            if (left := end - self._clock()) <= 0:
                raise NoAnswer(
                    f"OK was not held on the card within {COMPARE:.0f} seconds: start again"
                    if said
                    else f"there was no answer here within {COMPARE:.0f} seconds: start again"
                )
            step = self._next(left, also=None if said else self._person.fileno())
            if isinstance(step, wanted):
                came = True
                self._person.tell(news)
            elif not said and _readable(self._person.fileno(), 0):
                match self._person.answer():
                    case None:
                        pass  # half a line
                    case "yes":
                        said = True
                    case "no":
                        return False
                    case _:
                        self._person.ask(_PLEASE)
        return True

    def abort(self, reason: AbortReason) -> None:
        """Tell the card, if it can still be told."""
        frame = self.end.abort(reason)
        try:
            if self._port.listens():
                self._port.write(frame)
        except CableCut:
            return

    def _next(self, seconds: float, also: int | None = None) -> HostStep | None:
        """The next step that concerns us, after at most `seconds`; None when there is none yet."""
        if not self._steps and _readable(self._port.fileno(), seconds, also):
            self._steps.extend(self.end.receive(self._port.read()))
        if not self._steps:
            return None
        step = self._steps.popleft()
        if isinstance(step, Send):
            self.send(step.data)
            return self._next(0)
        return step


def ask(person: Person, question: str, clock: Callable[[], float] = time.monotonic) -> bool:
    """Ask for yes or no, with no card waiting. Raises EOFError and NoAnswer."""
    end = clock() + COMPARE
    person.ask(question)
    while (left := end - clock()) > 0:
        if _readable(person.fileno(), left):
            match person.answer():
                case None:
                    pass  # half a line
                case "yes" | "no" as said:
                    return said == "yes"
                case _:
                    person.ask(_PLEASE)
    raise NoAnswer(f"there was no answer here within {COMPARE:.0f} seconds: start again")


def _readable(file: int, seconds: float, also: int | None = None) -> bool:
    """Sleep until `file` or `also` can be read; whether `file` can."""
    files = [file] if also is None else [file, also]
    return file in select.select(files, [], [], seconds)[0]
