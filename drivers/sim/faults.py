"""A simulated card that was soldered wrong: every fault is in the wiring, none in the firmware.

The pad and the button have nets of their own here, and wires from these to the processor's pins;
in a plain `SimWorld` they sit right on the pins. Without a fault both behave alike.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from drivers.frame import Frame
from drivers.settings import BoardSettings, DisplayDriver
from drivers.sim.electrical import GND, SUPPLY, Net
from drivers.sim.i2c import SimBus
from drivers.sim.oled import Glass
from drivers.sim.world import SimWorld, new_controller

_BUTTON: Net = "button"


class FaultyWorld(SimWorld):
    """A card whose wires can be cut, bridged, shorted and swapped. Lines go by BCM number."""

    def __init__(
        self, settings: BoardSettings, clock: Callable[[], float] | None = None, seed: int = 0
    ) -> None:
        super().__init__(settings, clock, seed)
        self._press = (_BUTTON, self._press[1])
        self._also: dict[str, tuple[str, ...]] = {}
        self._wires: dict[int, Net] = {}
        for line in (*settings.pad.rows, *settings.pad.columns):
            self._solder(line, f"pad {line}")
        self._solder(settings.press_pin, _BUTTON)

    def close_key(self, key: str) -> None:
        """Close the crossing under a key, and those that a fault closes with it."""
        for one in (key, *self._also.get(key, ())):
            self.circuit.join(*self._crossing(one))

    def open_key(self, key: str) -> None:
        """Open the crossing under a key, and those that a fault closes with it."""
        for one in (key, *self._also.get(key, ())):
            self.circuit.part(*self._crossing(one))

    def cut(self, line: int) -> None:
        """Cut the wire of a line."""
        self.circuit.part(line, self._wires.pop(line))

    def swap(self, one: int, other: int) -> None:
        """Solder two wires to each other's pins."""
        ends = self._wires[one], self._wires[other]
        self.cut(one)
        self.cut(other)
        self._solder(one, ends[1])
        self._solder(other, ends[0])

    def bridge(self, one: int, other: int) -> None:
        """Join two lines with a drop of solder."""
        self.circuit.join(one, other)

    def to_ground(self, line: int) -> None:
        """Join a line to ground."""
        self.circuit.join(line, GND)

    def to_supply(self, line: int) -> None:
        """Join a line to 3.3 V."""
        self.circuit.join(line, SUPPLY)

    def stick(self, key: str) -> None:
        """Close the crossing under a key for good."""
        one, other = self._crossing(key)
        between: Net = f"stuck {key}"  # a way of its own, so that lifting the key leaves it closed
        self.circuit.join(one, between)
        self.circuit.join(between, other)

    def double(self, key: str, other: str) -> None:
        """Let one key close the crossing of another as well, as a torn foil does."""
        self._also[key] = (*self._also.get(key, ()), other)

    def button_to(self, rail: Net) -> None:
        """Solder the button's other leg to another rail."""
        self._press = (_BUTTON, rail)

    def stick_press(self) -> None:
        """Join the legs of the press button for good."""
        self.circuit.join(_BUTTON, "stuck press")
        self.circuit.join("stuck press", self._press[1])

    def close_press(self) -> None:
        """Push the button."""
        self._button_moves(True)

    def open_press(self) -> None:
        """Let go of the button."""
        self._button_moves(False)

    def normally_closed(self) -> None:
        """Use the contact of the button that opens when it is pushed."""
        self._opens = True
        self._button_moves(False)

    _opens = False

    def _button_moves(self, pushed: bool) -> None:
        move = self.circuit.join if pushed is not self._opens else self.circuit.part
        move(*self._press)

    def unplug_display(self) -> None:
        """Take the display off the bus."""
        self.bus.devices.clear()

    def unplug_gauge(self) -> None:
        """Take the fuel gauge off its bus."""
        if self.battery is not None:
            for bus in self._buses:
                bus.devices.pop(self.battery.address, None)

    def display_at(self, address: int) -> None:
        """Give the display another address."""
        self.bus.devices = {address: self.controller}

    def display_is(self, driver: DisplayDriver, seed: int = 0) -> None:
        """Put a display with another controller in the place of the right one."""
        display = self.settings.display
        self.controller = new_controller(driver, display.width, display.height, seed)
        self.glass = Glass(self.controller)
        self.bus.devices[display.address] = self.controller

    def break_panel(self) -> None:
        """Break the panel: its controller takes everything, and nothing shines."""
        self.glass = _DarkGlass(self.controller)

    def hold_bus(self) -> None:
        """Keep one of the bus wires low."""
        before, self.bus = self.bus, _HeldBus(self.bus.number)
        self._buses[self._buses.index(before)] = self.bus

    def _crossing(self, key: str) -> tuple[Net, Net]:
        row, column = self.settings.pad.crossing(key)
        return f"pad {row}", f"pad {column}"

    def _solder(self, line: int, end: Net) -> None:
        self._wires[line] = end
        self.circuit.join(line, end)


class _DarkGlass(Glass):
    """A panel that does not shine."""

    @property
    def on(self) -> bool:
        """Never."""
        return False

    def frame(self) -> Frame:
        """Return a dark picture."""
        return Frame(self.width, self.height)


class _HeldBus(SimBus):
    """A bus on which no start is possible: the controller gives up after a while."""

    def write(self, address: int, payload: bytes) -> None:
        """Time out."""
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    def read(self, address: int, count: int) -> bytes:
        """Time out."""
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
