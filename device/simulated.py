"""A whole card on simulated parts and simulated time: the firmware as it is, and fingers for it."""

import math
from collections.abc import Callable, Iterable

from device.keystore import KeyStore
from device.loop import Firmware
from device.reading import read
from device.settings import Settings
from device.state import CLEAR, OK
from drivers.board import Mode, open_board
from drivers.frame import Frame
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld

__all__ = ["CLEAR", "OK", "SimulatedCard", "seen"]

# Seconds that a finger stays on a key, that its contact bounces, and until it is on the next key.
_DOWN, _CHATTER, _BETWEEN = 0.08, 0.004, 0.08
# Seconds that a hold lasts beyond what it is for.
_MARGIN = 0.2


def seen(world: SimWorld) -> Frame:
    """What an eye sees on the glass, which is mounted as the settings say."""
    picture = world.glass.frame()
    return picture.rotated() if world.settings.display.rotate else picture


class SimulatedCard:
    """Presses real contacts of a simulated world; everything is read off its glass."""

    def __init__(
        self,
        settings: Settings,
        store: KeyStore,
        *,
        seed: int = 0,
        halt: Callable[[], None] = lambda: None,
        held: Iterable[str] = (),
    ) -> None:
        """Power on, with the keys in `held` down (`press` is the press button).

        `seed` fixes the bouncing of the contacts and the noise in the display.
        """
        self._settings = settings
        self.clock = VirtualClock()
        self.world = SimWorld(settings.board, self.clock, seed)
        for key in held:
            self.world.close_press() if key == "press" else self.world.close_key(key)
        self._woken = False
        board = open_board(
            settings.board, Mode.SIM, clock=self.clock, wake=self._wake, world=self.world
        )
        self.firmware = Firmware(board, store, settings, clock=self.clock, halt=halt)
        self.run(_BETWEEN)

    def run(self, seconds: float) -> None:
        """Let simulated time go by, with the firmware awake whenever it asks to be."""
        end = self.clock.now() + seconds
        while True:
            self._woken = False
            due = self.firmware.turn()
            if self._woken:
                continue
            now = self.clock.now()
            wanted = [time for time in (due, self.clock.next_event()) if time is not None]
            following = min(wanted, default=math.inf)
            if now >= end and following > now:
                return
            self.clock.advance_to(max(now, min(following, end)))

    def press(self) -> None:
        """Hold the press button until `PIN>` is up."""
        times = self._settings.hold
        self._hold(times.open + min(_MARGIN, (times.blank - times.open) / 2))

    def off(self) -> None:
        """Hold the press button until the card is dark."""
        times = self._settings.hold
        self._hold(times.blank + min(_MARGIN, (times.halt - times.blank) / 2))

    def type(self, keys: str) -> None:
        """Press one key after the other, each with a bouncing contact."""
        for key in keys:
            self.world.tap(key, hold=_DOWN, chatter=_CHATTER)
            self.run(_DOWN + _BETWEEN)

    def has(self, key: str) -> bool:
        """Whether the pad has this key."""
        return any(key in row for row in self._settings.board.pad.keys)

    def picture(self) -> Frame:
        """What an eye sees."""
        return seen(self.world)

    def lines(self) -> list[str]:
        """The text on the glass, read off its pixels; nothing when it is dark."""
        return read(self.picture())

    def close(self) -> None:
        """Power off."""
        self.firmware.close()

    def _hold(self, seconds: float) -> None:
        self.world.hold_press(seconds, chatter=_CHATTER)
        self.run(seconds + _BETWEEN)

    def _wake(self) -> None:
        self._woken = True
