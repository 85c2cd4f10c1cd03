"""Fingers and eyes on the board in the guest, through its module's files in debugfs."""

import time
from collections.abc import Callable
from pathlib import Path

from device.reading import read
from drivers.frame import Frame
from drivers.settings import BoardSettings

FILES = Path("/sys/kernel/debug/challng_board")
#: Seconds for the card to do what it was asked; far more than it needs.
PATIENCE = 60.0
LOOK = 0.02


class GaveUp(Exception):
    """The card did not do what was waited for."""


class Hands:
    """Presses the contacts of one board and looks at its glass."""

    def __init__(self, settings: BoardSettings) -> None:
        self._settings = settings

    def state(self) -> dict[str, str]:
        """What the module tells: counts, whether the display is on, what each line does."""
        lines = (FILES / "state").read_text().splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def ram(self) -> bytes:
        """The display's RAM."""
        return (FILES / "ram").read_bytes()

    def glass(self) -> list[str]:
        """What can be read on the glass; nothing when it is dark."""
        if self.state()["on"] == "0":
            return []
        frame = Frame(128, 64)
        frame.data[:] = self.ram()
        return read(frame)

    def press(self, key: str) -> None:
        """Press a key until the glass changes, let go, and wait until the card is at rest."""
        row, column = self._settings.pad.crossing(key)
        before = self.ram()
        self._contact(f"{row} {column} 1")
        self.until(lambda: self.ram() != before, f"key {key} changes the glass")
        self._contact(f"{row} {column} 0")
        self.until(self.parked, f"the card rests after key {key}")

    def hold(self, done: Callable[[], bool], what: str) -> None:
        """Hold the press button until `done()`."""
        self._contact(f"{self._settings.press_pin} gnd 1")
        self.until(done, what)
        self._contact(f"{self._settings.press_pin} gnd 0")
        self.until(self.parked, "the card rests after the press button")

    def parked(self) -> bool:
        """Whether the pad waits for an edge: rows low, columns pulled up, nothing moves."""
        before = self.state()
        lines, pad = before["lines"], self._settings.pad
        if any(lines[row] != "0" for row in pad.rows) or any(lines[n] != "u" for n in pad.columns):
            return False
        time.sleep(10 * LOOK)
        return self.state()["operations"] == before["operations"]

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Look again and again until `done()`; raises GaveUp."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise GaveUp(f"waited in vain until {what}; the glass shows {self.glass()}")
            time.sleep(LOOK)

    def _contact(self, text: str) -> None:
        (FILES / "contact").write_text(text)
