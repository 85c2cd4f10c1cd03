"""gpiozero's mock pins, soldered to a simulated circuit.

They keep the invariants of gpiozero's `MockPin` (no output level on an input, no pull against a
fixed resistor) and of the lgpio back end that a Pi uses: a line that becomes an output starts low,
and edges are reported only while somebody watches the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gpiozero.exc import PinFixedPull, PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins.mock import MockFactory, MockPin

from drivers.sim.electrical import Circuit, Drive

_PULLS = {"floating": Drive.FLOATING, "up": Drive.PULL_UP, "down": Drive.PULL_DOWN}
_PI_3B = "a02082"


@dataclass
class PinCounts:
    """Operations on simulated pins since the last `reset()`, each one system call on a Pi.

    `mode` counts changes of function, pull and edge watching.
    """

    mode: int = 0
    read: int = 0
    write: int = 0

    @property
    def total(self) -> int:
        """All operations together."""
        return self.mode + self.read + self.write

    def reset(self) -> None:
        """Start again from zero."""
        self.mode = self.read = self.write = 0


class NetPin(MockPin):
    """A pin whose level is that of its net."""

    def __init__(self, factory: SimFactory, info: Any) -> None:  # noqa: ANN401 - gpiozero's own
        super().__init__(factory, info)  # type: ignore[no-untyped-call]
        self._circuit = factory.circuit
        self._counts = factory.counts
        self._circuit.listen(self._number, self._level_changed)
        self._circuit.drive(self._number, _PULLS[self._pull])

    def close(self) -> None:
        """Leave the net alone: an input without pull."""
        self.when_changed = None
        self._function = "input"
        self._pull = self.info.pull or "floating"
        self._circuit.drive(self._number, _PULLS[self._pull])

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f"a pin is an input or an output, not {value!r}")
        self._counts.mode += 1
        self._function = value
        output = value == "output"
        self._circuit.drive(self._number, Drive.LOW if output else _PULLS[self._pull])

    def _set_pull(self, value: str) -> None:
        if self._function != "input":
            raise PinFixedPull(f"{self!r} is an output: it has no pull")
        if self.info.pull and value != self.info.pull:
            raise PinFixedPull(f"{self!r} has a pull-{self.info.pull} resistor on the board")
        if value not in _PULLS:
            raise PinInvalidPull(f"a pull is floating, up or down, not {value!r}")
        self._counts.mode += 1
        self._pull = value
        self._circuit.drive(self._number, _PULLS[value])

    def _get_state(self) -> bool:
        self._counts.read += 1
        return self._circuit.level(self._number)

    def _set_state(self, value: float) -> None:
        if self._function != "output":
            raise PinSetInput(f"{self!r} is an input: it has no level of its own")
        self._counts.write += 1
        self._circuit.drive(self._number, Drive.HIGH if value else Drive.LOW)

    def _enable_event_detect(self) -> None:
        self._counts.mode += 1

    def _disable_event_detect(self) -> None:
        self._counts.mode += 1

    def _level_changed(self, level: bool) -> None:
        # Runs in the thread that moved the contact, while the firmware may be taking its watch
        # off: so look once, and call what was seen.
        watcher = self._when_changed
        if watcher is None or self._function != "input":
            return
        if self._edges not in ("both", "rising" if level else "falling"):
            return
        report = watcher()
        if report is not None:
            report(self.factory.ticks(), level)


class SimFactory(MockFactory):
    """Makes `NetPin`s on one circuit and counts what is done to them."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.counts = PinCounts()
        super().__init__(revision=_PI_3B, pin_class=NetPin)  # type: ignore[no-untyped-call]
