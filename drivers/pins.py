"""gpiozero's pins in the two dresses the card needs. What a pin can do is written down here.

`DigitalPin` is a `digitalio.DigitalInOut` to adafruit_matrixkeypad; Blinka, whose module that is,
is never imported. `ButtonContact` is the pin of the press button. Both take their pins from a
gpiozero pin factory, the same way on a Pi and in a simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol


class Direction(Enum):
    """`digitalio.Direction`."""

    INPUT = "input"
    OUTPUT = "output"


class Pull(Enum):
    """`digitalio.Pull`."""

    UP = "up"
    DOWN = "down"


class Pin(Protocol):
    """The part of `gpiozero.Pin` that the card uses."""

    function: str
    pull: str
    state: Any
    edges: str
    when_changed: Callable[[Any, Any], None] | None

    def output_with_state(self, state: int) -> None:
        """Become an output, at `state` from the first moment."""

    def close(self) -> None:
        """Become an input without pull."""


class PinFactory(Protocol):
    """The part of `gpiozero.Factory` that the card uses."""

    def pin(self, name: int) -> Pin:
        """Return the pin with a BCM number."""

    def close(self) -> None:
        """Let go of every pin."""


class DigitalPin:
    """A gpiozero pin with the face of `digitalio.DigitalInOut`, as far as a keypad scan looks.

    Asking for what already is costs no pin operation: a scan sets every pin to a pulled-up input
    before it begins, and on a Pi each of these would be two system calls.
    """

    def __init__(self, pin: Pin) -> None:
        self.pin = pin
        self._direction: Direction | None = None
        self._pull: Pull | None = None
        self._low = False

    @property
    def direction(self) -> Direction | None:
        """Input or output; None before it was first set."""
        return self._direction

    @direction.setter
    def direction(self, direction: Direction) -> None:
        if direction is self._direction:
            return
        if direction is Direction.OUTPUT:
            self.pin.output_with_state(0)
            self._low = True
        else:
            self.pin.function = "input"
        self._direction, self._pull = direction, None

    @property
    def pull(self) -> Pull | None:
        """The pull of an input."""
        return self._pull

    @pull.setter
    def pull(self, pull: Pull) -> None:
        if pull is not self._pull:
            self.pin.pull = pull.value
            self._pull = pull

    @property
    def value(self) -> bool:
        """The level of the pin: True is high."""
        return bool(self.pin.state)

    @value.setter
    def value(self, high: bool) -> None:
        if high or not self._low:
            self.pin.state = int(high)
            self._low = not high


class ButtonContact:
    """A push button between its pin and ground (`active_low`) or the supply."""

    def __init__(self, pin: Pin, active_low: bool = True) -> None:
        self._pin = pin
        self._active_low = active_low
        self._on_edge: Callable[[], None] | None = None
        pin.function = "input"
        pin.pull = "up" if active_low else "down"

    def closed(self) -> bool:
        """Say whether the contact reads closed."""
        return bool(self._pin.state) is not self._active_low

    def watch(self, on_edge: Callable[[], None]) -> None:
        """Call `on_edge`, from any thread, when the level changes."""
        self._on_edge = on_edge
        self._pin.edges = "both"
        self._pin.when_changed = self._changed

    def close(self) -> None:
        """Let go of the pin."""
        self._pin.when_changed = None
        self._pin.close()

    def _changed(self, _ticks: object, _state: object) -> None:
        if self._on_edge is not None:
            self._on_edge()
