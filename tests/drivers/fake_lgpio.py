"""The functions of the lgpio library that gpiozero's LGPIOFactory calls, on a simulated circuit.

gpiozero's real back end runs on it unchanged. As in the kernel, a line that is claimed anew loses
its pull unless the claim repeats it, and reports edges only while it is claimed for them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from drivers.sim.electrical import Circuit, Drive

IS_OUTPUT, IS_ALERT = 1 << 1, 1 << 10
PULL_UP, PULL_DOWN, PULL_NONE = 1 << 5, 1 << 6, 1 << 7
_PULLS = {PULL_UP: Drive.PULL_UP, PULL_DOWN: Drive.PULL_DOWN}


class error(Exception):
    """lgpio's only exception."""


class _Watch:
    def __init__(self, chip: FakeLgpio, line: int, call: Callable[..., None]) -> None:
        self._chip = chip
        self._line = line
        chip.watches.setdefault(line, []).append(call)
        self._call = call

    def cancel(self) -> None:
        self._chip.watches[self._line].remove(self._call)


class FakeLgpio(ModuleType):
    """Module `lgpio` with one gpiochip, whose lines are the nets of a circuit."""

    RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3
    SET_PULL_UP, SET_PULL_DOWN, SET_PULL_NONE = PULL_UP, PULL_DOWN, PULL_NONE
    error = error

    def __init__(self, circuit: Circuit) -> None:
        super().__init__("lgpio")
        self.circuit = circuit
        self.modes: dict[int, int] = {}
        self.watches: dict[int, list[Callable[..., None]]] = {}
        self.calls = 0
        self._ticks = itertools.count()

    def gpiochip_open(self, chip: int) -> int:
        return chip

    def gpiochip_close(self, handle: int) -> None:
        self.modes.clear()

    def gpio_claim_input(self, handle: int, line: int, flags: int = 0) -> None:
        self._claim(line, flags)

    def gpio_claim_output(self, handle: int, line: int, level: int = 0, flags: int = 0) -> None:
        self._claim(line, IS_OUTPUT | flags, Drive.HIGH if level else Drive.LOW)

    def gpio_claim_alert(self, handle: int, line: int, edges: int, flags: int = 0) -> None:
        self._claim(line, IS_ALERT | flags)

    def gpio_free(self, handle: int, line: int) -> None:
        self._claim(line, 0)
        del self.modes[line]

    def gpio_get_mode(self, handle: int, line: int) -> int:
        self.calls += 1
        return self.modes.get(line, 0)

    def gpio_read(self, handle: int, line: int) -> int:
        self.calls += 1
        if line not in self.modes:
            raise error("GPIO not allocated")
        return int(self.circuit.level(line))

    def gpio_write(self, handle: int, line: int, level: int) -> None:
        self.calls += 1
        if not self.modes.get(line, 0) & IS_OUTPUT:
            raise error("GPIO not set as an output")
        self.circuit.drive(line, Drive.HIGH if level else Drive.LOW)

    def callback(self, handle: int, line: int, edges: int, call: Callable[..., None]) -> _Watch:
        self.circuit.listen(line, lambda level: self._edge(line, level))
        return _Watch(self, line, call)

    def _claim(self, line: int, mode: int, drive: Drive | None = None) -> None:
        self.calls += 1
        self.modes[line] = mode
        pull = _PULLS.get(mode & (PULL_UP | PULL_DOWN), Drive.FLOATING)
        self.circuit.drive(line, drive or pull)

    def _edge(self, line: int, level: bool) -> None:
        if self.modes.get(line, 0) & IS_ALERT:
            for call in list(self.watches.get(line, [])):
                call(0, line, int(level), next(self._ticks))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the simulated lgpio has no {name}")
