"""What surrounds the processor of a card: fingers, keypad, press button, display on its bus."""

from __future__ import annotations

import random
from collections.abc import Callable

from drivers.errors import SettingError
from drivers.settings import BoardSettings
from drivers.sim.battery import SimBattery, SimMax17048, SimPiSugar3
from drivers.sim.clock import VirtualClock
from drivers.sim.electrical import GND, SUPPLY, Circuit, Net
from drivers.sim.i2c import SimBus
from drivers.sim.oled import Glass, OledController
from drivers.sim.pins import PinCounts, SimFactory
from drivers.sim.sh1106 import Sh1106
from drivers.sim.ssd1306 import Ssd1306

_GAUGES: dict[str, type[SimBattery]] = {"max17048": SimMax17048, "pisugar": SimPiSugar3}
_CONTROLLERS: dict[str, type[OledController]] = {"ssd1306": Ssd1306, "sh1106": Sh1106}


def new_controller(driver: str, width: int, height: int, seed: int = 0) -> OledController:
    """Return a display of this kind and size, fresh from power-on."""
    return _CONTROLLERS[driver](width, height, seed)


class SimWorld:
    """A whole simulated card around its pins; `seed` fixes chatter and display noise.

    Contacts may be moved from any thread. The scheduled movements (`tap`, `hold_press`) want a
    `VirtualClock`.
    """

    def __init__(
        self, settings: BoardSettings, clock: Callable[[], float] | None = None, seed: int = 0
    ) -> None:
        self.settings = settings
        self.clock = VirtualClock() if clock is None else clock
        self.circuit = Circuit()
        self.factory = SimFactory(self.circuit)
        self.pins: PinCounts = self.factory.counts
        display = settings.display
        self.controller = new_controller(display.driver, display.width, display.height, seed)
        self.glass = Glass(self.controller)
        self.bus = SimBus(display.bus)
        self.bus.devices[display.address] = self.controller
        self.battery: SimBattery | None = None
        self._buses = [self.bus]
        if settings.gauge is not None:
            self.battery = _GAUGES[settings.gauge.kind]()
            gauge_bus = self.bus
            if settings.gauge.bus != display.bus:
                gauge_bus = SimBus(settings.gauge.bus)
                self._buses.append(gauge_bus)
            gauge_bus.devices[self.battery.address] = self.battery
        self._random = random.Random(seed)  # noqa: S311 - chatter, not secrets
        self._press: tuple[Net, Net] = (
            settings.press_pin,
            GND if settings.press_active_low else SUPPLY,
        )

    def attach(self) -> None:
        """Let smbus2 find the card's buses."""
        for bus in self._buses:
            bus.attach()

    def detach(self) -> None:
        """Take the card's buses away again."""
        for bus in self._buses:
            bus.detach()

    @property
    def shorts(self) -> list[frozenset[Net]]:
        """Nets on which two stiff levels met; on a sound card this stays empty."""
        return self.circuit.shorts

    def close_key(self, key: str) -> None:
        """Close the crossing under a key."""
        self.circuit.join(*self.settings.pad.crossing(key))

    def open_key(self, key: str) -> None:
        """Open the crossing under a key."""
        self.circuit.part(*self.settings.pad.crossing(key))

    def close_press(self) -> None:
        """Close the contact of the press button."""
        self.circuit.join(*self._press)

    def open_press(self) -> None:
        """Open the contact of the press button."""
        self.circuit.part(*self._press)

    def tap(
        self, key: str, hold: float = 0.06, chatter: float = 0.0, *, at: float | None = None
    ) -> float:
        """Press a key for `hold` seconds, now or `at` a time; return when its contact is quiet.

        For `chatter` seconds after closing and after opening the contact bounces at random.
        """
        self.settings.pad.crossing(key)
        return self._stroke(
            lambda: self.close_key(key), lambda: self.open_key(key), hold, chatter, at
        )

    def hold_press(self, seconds: float, chatter: float = 0.0, *, at: float | None = None) -> float:
        """Hold the press button, now or `at` a time; return when its contact is quiet again."""
        return self._stroke(self.close_press, self.open_press, seconds, chatter, at)

    def power_cycle(self) -> None:
        """Take the supply away and bring it back: the display forgets everything."""
        self.controller.power_cycle()

    def _stroke(
        self,
        close: Callable[[], None],
        open_: Callable[[], None],
        hold: float,
        chatter: float,
        at: float | None,
    ) -> float:
        clock = self.clock
        if not isinstance(clock, VirtualClock):
            raise SettingError("scheduled presses need a world on a VirtualClock")
        if chatter > hold:
            raise SettingError(f"a contact held for {hold} s cannot bounce for {chatter} s")
        start = clock.now() if at is None else at
        for begin, settled, bounced in ((start, close, open_), (start + hold, open_, close)):
            clock.at(begin, settled)
            bounces = 2 * self._random.randint(1, 4) if chatter else 0
            times = sorted(self._random.uniform(begin, begin + chatter) for _ in range(bounces))
            for number, time in enumerate(times):
                clock.at(time, settled if number % 2 else bounced)
        return start + hold + chatter
