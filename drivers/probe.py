"""What is electrically joined to what: one line driven low, the others read. For the self-test.

A scan asks which crossings are closed and takes the wiring for granted. The probe asks the wires:
which line hangs on ground or on 3.3 V, and which lines are joined, whatever they are called. A line
that hangs on a rail is never driven, so a probe makes no short; the press button is read only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drivers.errors import PinError
from drivers.pins import Pin, PinFactory
from drivers.settings import BoardSettings

PULLED_UP_ON_THE_BOARD = frozenset({2, 3})
"""Every Pi has pull-up resistors on the wires of its first I2C bus: they cannot be pulled down."""


@dataclass(frozen=True)
class Look:
    """One look at all lines, by BCM number.

    `ground` read low though pulled up, `supply` read high though pulled down; `joined` holds the
    pairs of which one went low when the other was driven low.
    """

    ground: frozenset[int] = frozenset()
    supply: frozenset[int] = frozenset()
    joined: frozenset[frozenset[int]] = frozenset()


class Probe:
    """The lines of a pad and of a press button, on pins of a gpiozero factory.

    Nobody else may use these pins meanwhile. Raises PinError if one of them cannot be used.
    """

    def __init__(self, settings: BoardSettings, factory: PinFactory) -> None:
        self._driven = (*settings.pad.rows, *settings.pad.columns)
        self._pins: dict[int, Pin] = {}
        try:
            for line in (*self._driven, settings.press_pin):
                self._pins[line] = factory.pin(line)
            self._pull("up")
        except Exception as error:  # gpiozero and lgpio have nothing narrower in common
            self.close()
            raise PinError(f"a pin of the pad or button cannot be used: {error}") from error

    def look(self) -> Look:
        """Look once at every line; nothing is driven afterwards."""
        self._pull("down")
        supply = self._reading(True) - PULLED_UP_ON_THE_BOARD
        self._pull("up")
        ground = self._reading(False)
        joined: set[frozenset[int]] = set()
        for line in self._driven:
            if line not in ground and line not in supply:
                joined.update(frozenset((line, other)) for other in self._follows(line) - ground)
        return Look(ground, supply, frozenset(joined))

    def close(self) -> None:
        """Let go of the pins: inputs without pull."""
        for pin in self._pins.values():
            pin.close()

    def _follows(self, line: int) -> frozenset[int]:
        """Drive one line low and return the others that read low."""
        pin = self._pins[line]
        pin.output_with_state(0)
        try:
            return self._reading(False) - {line}
        finally:
            pin.function = "input"
            pin.pull = "up"

    def _pull(self, pull: str) -> None:
        for line, pin in self._pins.items():
            pin.function = "input"
            if pull == "up" or line not in PULLED_UP_ON_THE_BOARD:
                pin.pull = pull

    def _reading(self, high: bool) -> frozenset[int]:
        return frozenset(line for line, pin in self._pins.items() if bool(pin.state) is high)


def groups(joined: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """Return the lines that hang together by `joined` pairs, each group once, lowest line first."""
    found: list[frozenset[int]] = []
    for pair in joined:
        together = frozenset(pair).union(*(group for group in found if group & pair))
        found = [group for group in found if not group & pair] + [together]
    return sorted(found, key=min)
