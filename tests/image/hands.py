"""Fingers and eyes on the board in the machine, asked over its cable."""

import socket
import time
from collections.abc import Callable

from device.reading import read
from device.selftest.screens import Prompt, picture
from device.settings import parse
from drivers.frame import Frame

#: Seconds for the card to do what it was asked; far more than it needs.
PATIENCE = 900.0
LOOK = 0.25


class Hands:
    """Presses the contacts of one board and looks at its glass."""

    def __init__(self, cable: socket.socket, told: Callable[[], str]) -> None:
        self._cable = cable
        self._answers = cable.makefile("r")
        self._told = told
        self._settings = parse({}, "defaults").board
        self.press_pin = self._settings.press_pin

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

    def shows(self, prompt: Prompt) -> bool:
        """Whether the glass shows this prompt of the self-test."""
        return self.ram() == bytes(picture(prompt, 128, 64).data)

    def press(self, key: str) -> None:
        """Press a key until the glass changes, let go, and wait until the card is at rest."""
        row, column = self._settings.pad.crossing(key)
        self.ask(f"tap {row} {column}")
        self.until(self.parked, f"the card rests after key {key}")

    def wake(self) -> list[str]:
        """Hold the press button until the glass is lit; what stands on it then."""
        self.ask(f"wake {self.press_pin} gnd")
        self.until(lambda: self.is_dark() or bool(self.glass()), "something stands on the glass")
        self.until(self.parked, "the card rests after the press button")
        return self.glass()

    def is_dark(self) -> bool:
        """Whether the display is off."""
        return self.state()["on"] == "0"

    def parked(self) -> bool:
        """Whether the pad waits for an edge: rows low, columns pulled up."""
        lines, pad = self.state().get("lines", ""), self._settings.pad
        return bool(lines) and (
            all(lines[row] == "0" for row in pad.rows)
            and all(lines[column] == "u" for column in pad.columns)
        )

    def self_test(self) -> None:
        """Do what the self-test on the glass asks for, from its first word until it is dark."""
        keys = {key: Prompt("", ("PRESS",), key) for key in "".join(self._settings.pad.keys)}
        button = Prompt("", ("PRESS THE BUTTON",), "PRESS")
        whole = Prompt("", ("IS THIS FRAME WHOLE", "# YES   * NO"), framed=True)
        steps = [(keys[key], self._settings.pad.crossing(key)) for key in keys]
        self.until(lambda: any(self.ram()), "the self-test begins")
        for prompt, (row, column) in [*steps, (whole, self._settings.pad.crossing("#"))]:
            if prompt is whole:
                self._obey(button, f"{self._settings.press_pin} gnd")
            self._obey(prompt, f"{row} {column}")
        self.until(lambda: self.state()["on"] == "0", "the self-test is over")

    def _obey(self, prompt: Prompt, ends: str) -> None:
        self.until(lambda: self.shows(prompt), f"the glass says {prompt.words} {prompt.sign}")
        self.ask(f"contact {ends} 1")
        self.until(lambda: not self.shows(prompt), f"{prompt.words} {prompt.sign} is done")
        self.ask(f"contact {ends} 0")

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
