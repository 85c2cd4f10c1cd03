"""The parts of a card under test, each opened by itself, so that one may be missing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from device.keystore import KeyStore
from device.selftest.observations import Glass, Observations
from device.selftest.screens import Prompt, picture
from device.settings import Settings
from drivers.display import Display
from drivers.errors import DisplayError
from drivers.pins import PinFactory
from drivers.probe import Look, Probe

PERIOD = 0.02
"""Seconds between two looks at the lines."""
STEADY = 3
"""Looks in a row that must agree: longer than contacts bounce."""


@dataclass
class Bench:
    """What the steps work with: settings, store, the open parts, time, and what was seen so far.

    `open_pins` opens the processor's pins; `clock` counts seconds, `pause` lets some go by.
    """

    settings: Settings
    store: KeyStore
    open_pins: Callable[[], PinFactory]
    out: TextIO
    clock: Callable[[], float]
    pause: Callable[[float], None]
    seen: Observations = field(default_factory=Observations)
    display: Display | None = None
    factory: PinFactory | None = None
    probe: Probe | None = None

    def say(self, prompt: Prompt) -> None:
        """Say something in the terminal, and on the glass as long as that answers."""
        print(prompt.plain, file=self.out, flush=True)
        if self.display is None or not (prompt.words or prompt.sign):
            return
        try:
            self.display.show(picture(prompt, self.display.width, self.display.height))
        except DisplayError:
            self.seen.glass = Glass.DROPPED_OUT
            self._close_display()

    def watch(self, patience: float, wanted: Callable[[Look], bool]) -> Look | None:
        """Look until `wanted` likes a steady look, for at most `patience` seconds."""
        if self.probe is None:
            return None
        end = self.clock() + patience
        last, agreed = self.probe.look(), 1
        while self.clock() < end:
            self.pause(PERIOD)
            look = self.probe.look()
            last, agreed = (look, agreed + 1) if look == last else (look, 1)
            if agreed >= STEADY and wanted(look):
                return look
        return None

    def close(self) -> None:
        """Darken the glass and let go of everything."""
        if self.display is not None:
            try:
                self.display.power(False)
            except DisplayError:
                self.seen.glass = Glass.DROPPED_OUT
            self._close_display()
        if self.probe is not None:
            self.probe.close()
        if self.factory is not None:
            self.factory.close()
        self.probe = self.factory = None

    def _close_display(self) -> None:
        if self.display is not None:
            self.display.close()
            self.display = None
