"""The pins of a keypad: scanned by adafruit_matrixkeypad, parked between the scans."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from drivers.pins import DigitalPin, Direction, PinFactory, Pull
from drivers.settings import PadLayout


def _matrix_keypad() -> Any:  # noqa: ANN401 - an untyped class
    """Import `Matrix_Keypad`, lending it our pins under the one name it asks for.

    The library imports `digitalio`, which is Blinka's. What is needed of that is two enumerations
    and a class for annotations; the name is given back once the import is done.
    """
    lent = ModuleType("digitalio")
    vars(lent).update(Direction=Direction, Pull=Pull, DigitalInOut=DigitalPin)
    before = sys.modules.get("digitalio")
    sys.modules["digitalio"] = lent
    try:
        return importlib.import_module("adafruit_matrixkeypad").Matrix_Keypad
    finally:
        if before is None:
            del sys.modules["digitalio"]
        else:
            sys.modules["digitalio"] = before


_Matrix_Keypad = _matrix_keypad()


class GpioMatrix:
    """A keypad on pins of a gpiozero factory. Nobody else may use these pins."""

    def __init__(self, layout: PadLayout, factory: PinFactory) -> None:
        self._column_numbers = layout.columns
        self._rows = [DigitalPin(factory.pin(number)) for number in layout.rows]
        self._columns = [DigitalPin(factory.pin(number)) for number in layout.columns]
        self._pad = _Matrix_Keypad(self._rows, self._columns, [list(row) for row in layout.keys])
        self._on_edge: Callable[[], None] | None = None
        for column in self._columns:
            column.pin.edges = "both"

    def scan(self) -> frozenset[str]:
        """Return the keys that read closed, ghosts included."""
        pressed: Sequence[str] = self._pad.pressed_keys
        return frozenset(pressed)

    def park(self, on_edge: Callable[[], None]) -> None:
        """Drive all rows low, then watch the columns."""
        for row in self._rows:
            row.direction = Direction.OUTPUT
            row.value = False
        self._on_edge = on_edge
        for column in self._columns:
            column.pin.when_changed = self._changed

    def pulled_down(self) -> frozenset[int]:
        """Return the column pins that read low."""
        return frozenset(
            number
            for number, column in zip(self._column_numbers, self._columns, strict=True)
            if not column.value
        )

    def wake(self) -> None:
        """Stop watching the columns: a scan would set off their edges."""
        for column in self._columns:
            column.pin.when_changed = None

    def close(self) -> None:
        """Let go of the pins: inputs without pull, unwatched."""
        self.wake()
        for line in (*self._rows, *self._columns):
            line.pin.close()

    def _changed(self, _ticks: object, _state: object) -> None:
        if self._on_edge is not None:
            self._on_edge()
