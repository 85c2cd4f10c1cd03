"""A keypad alone, on pins whose every operation takes its time, and all that fingers do to it.

While a pin operation runs, contacts go on moving: a scan is not one moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from drivers.events import KeyDown, KeyEvent
from drivers.keypad import Keypad
from drivers.matrix import GpioMatrix
from drivers.settings import PadLayout
from drivers.sim.clock import VirtualClock
from drivers.sim.electrical import GND, SUPPLY, Circuit, Drive, Net
from drivers.sim.pins import SimFactory

PIN_SECONDS = 30e-6
"""One operation through gpiozero on a Pi Zero 2, roughly."""


class SlowCircuit(Circuit):
    """A circuit in which driving and reading take time, and pulls may be missing."""

    def __init__(self, clock: VirtualClock, seconds: float = PIN_SECONDS) -> None:
        super().__init__()
        self._clock = clock
        self._seconds = seconds
        self.without_pull: set[Net] = set()

    def drive(self, net: Net, drive: Drive) -> None:
        self._clock.advance_to(self._clock.now() + self._seconds)
        if net in self.without_pull and drive in (Drive.PULL_UP, Drive.PULL_DOWN):
            drive = Drive.FLOATING
        super().drive(net, drive)

    def level(self, net: Net) -> bool:
        self._clock.advance_to(self._clock.now() + self._seconds)
        return super().level(net)


class BenchPad:
    """Power on with `power_on`, schedule what happens, then `run`."""

    def __init__(self, layout: PadLayout, seed: int, *, floating: tuple[int, ...] = ()) -> None:
        self.layout = layout
        self.chance = random.Random(seed)
        self.clock = VirtualClock()
        self.circuit = SlowCircuit(self.clock)
        self.circuit.without_pull.update(floating)
        self.events: list[KeyEvent] = []

    def power_on(self) -> None:
        self.keypad = Keypad(
            self.layout, GpioMatrix(self.layout, SimFactory(self.circuit)), lambda: None
        )
        self.run(0.05)

    @property
    def typed(self) -> str:
        return "".join(event.key for event in self.events if isinstance(event, KeyDown))

    def run(self, seconds: float) -> None:
        """Call the keypad whenever it is due, up to a millisecond late."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.events += self.keypad.poll(self.clock.now())
            due, following = self.keypad.due(), self.clock.next_event()
            if due is not None and due <= self.clock.now():
                continue
            late = self.chance.uniform(0, 0.001)
            wanted = [end] if due is None else [end, due + late]
            self.clock.advance_to(min([*wanted, *([] if following is None else [following])]))

    def close(self, key: str) -> None:
        self.circuit.join(*self.layout.crossing(key))

    def open(self, key: str) -> None:
        self.circuit.part(*self.layout.crossing(key))

    def press(self, key: str, at: float, hold: float, chatter: float) -> float:
        """Press a key; return when its contact is quiet again."""
        for begin, settled, bounced in (
            (at, self.close, self.open),
            (at + hold, self.open, self.close),
        ):
            self._at(begin, settled, key)
            bounces = 2 * self.chance.randint(0, 6) if chatter else 0
            times = sorted(self.chance.uniform(begin, begin + chatter) for _ in range(bounces))
            for number, time in enumerate(times):
                self._at(time, settled if number % 2 else bounced, key)
        return at + hold + chatter

    def bad_contact(self, key: str, begin: float, end: float) -> None:
        """A contact that nobody presses closes for moments."""
        self._bursts(begin, end, lambda: self.close(key), lambda: self.open(key))

    def noise(self, net: Net, begin: float, end: float) -> None:
        """Something outside pulls a line down, or up, for moments."""
        rail = self.chance.choice((GND, SUPPLY))
        self._bursts(
            begin,
            end,
            lambda: self.circuit.join(net, rail),
            lambda: self.circuit.part(net, rail),
        )

    def _bursts(
        self, begin: float, end: float, on: Callable[[], None], off: Callable[[], None]
    ) -> None:
        longest, pause = self.chance.uniform(2e-5, 0.008), self.chance.uniform(2e-5, 0.006)
        now = begin
        while now < end:
            self.clock.at(now, on)
            now += self.chance.uniform(1e-5, longest)
            self.clock.at(now, off)
            now += self.chance.uniform(1e-5, pause)

    def _at(self, time: float, move: Callable[[str], None], key: str) -> None:
        self.clock.at(time, lambda: move(key))
