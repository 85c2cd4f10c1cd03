"""Fingers and eyes on the board in the machine, asked over its cable."""

import socket
import time
from collections.abc import Callable

from device.reading import read
from device.settings import parse
from drivers.frame import Frame

#: Seconds for the card to do what it was asked; far more than it needs.
PATIENCE = 900.0
LOOK = 0.1


class Hands:
    """Presses the contacts of one board and looks at its glass."""

    def __init__(self, cable: socket.socket, told: Callable[[], str]) -> None:
        self._cable = cable
        self._answers = cable.makefile("r")
        self._told = told
        self._settings = parse({}, "defaults").board

    def ask(self, line: str) -> list[str]:
        """One question, and the lines of its answer."""
        self._cable.sendall(line.encode() + b"\n")
        found: list[str] = []
        while (answer := self._answers.readline()) != ".\n":
            if not answer:
                raise AssertionError(f"the machine is gone; its console:\n{self._told()[-4000:]}")
            found.append(answer.rstrip("\n"))
        return found

    def state(self) -> dict[str, str]:
        """What the board tells: counts, whether the display is on, what each line does."""
        return dict(line.split(" ", 1) for line in self.ask("state"))

    def ram(self) -> bytes:
        """The display's RAM."""
        return bytes.fromhex("".join(self.ask("ram")))

    def glass(self) -> list[str]:
        """What can be read on the glass; nothing when it is dark."""
        if self.state()["on"] == "0":
            return []
        frame = Frame(128, 64)
        frame.data[:] = self.ram()
        return read(frame)

    def press(self, key: str) -> None:
        """Press a key until the glass changes, let go, and wait until the card has seen it open."""
        row, column = self._settings.pad.crossing(key)
        self.contact(f"{row} {column}", lambda before: self.glass() != before, f"key {key}")

    def button(self, done: Callable[[], bool], what: str) -> None:
        """Hold the press button until `done()`."""
        self.contact(f"{self._settings.press_pin} gnd", lambda before: done(), what)

    def contact(self, ends: str, done: Callable[[list[str]], bool], what: str) -> None:
        """Close a contact until `done`, open it, and wait until nothing moves."""
        before = self.glass()
        self.ask(f"contact {ends} 1")
        self.until(lambda: done(before), what)
        self.ask(f"contact {ends} 0")
        self.until(self.parked, f"the card rests after {what}")

    def parked(self) -> bool:
        """Whether nobody works the lines."""
        before = self.state()["operations"]
        time.sleep(10 * LOOK)
        return self.state()["operations"] == before

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Look again and again until `done()`."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"waited in vain until {what}; the glass shows {self.glass()}; the console:\n"
                    f"{self._told()[-4000:]}"
                )
            time.sleep(LOOK)
