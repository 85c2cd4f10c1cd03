"""A whole card on simulated parts and simulated time: the firmware as it is, and fingers for it.

Simulated time takes none, but while a pairing cable is open it goes as fast as a clock on the wall,
so that the computer at its other end can keep up.
"""

import math
import select
import time
from collections.abc import Callable, Iterable

from device.keystore import KeyStore
from device.loop import Firmware
from device.reading import read
from device.settings import Settings
from device.state import CLEAR, OK
from drivers.board import Mode, open_board
from drivers.cable import Cable
from drivers.frame import Frame
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld
from protocol.pairing.times import HOLD

__all__ = ["CLEAR", "OK", "SimulatedCard", "asleep_on", "seen"]

# Seconds that a finger stays on a key, that its contact bounces, and until it is on the next key.
_DOWN, _CHATTER, _BETWEEN = 0.08, 0.004, 0.08
# Seconds that a hold lasts beyond what it is for.
_MARGIN = 0.2
# Seconds between two looks at the glass by somebody who waits for it to show something.
_LOOK = 0.1


def seen(world: SimWorld) -> Frame:
    """What an eye sees on the glass, which is mounted as the settings say."""
    picture = world.glass.frame()
    return picture.rotated() if world.settings.display.rotate else picture


def asleep_on(cable: Cable, seconds: float) -> float:
    """Sleep until the open cable has something, at most `seconds`; returns how long that took."""
    begin = time.monotonic()
    writing = [cable] if cable.unsent else []
    woken = any(select.select([cable], writing, [], seconds))
    return min(time.monotonic() - begin, seconds) if woken else seconds


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
        cable: Cable | None = None,
        sleep: Callable[[Cable, float], float] = asleep_on,
    ) -> None:
        """Power on, with the keys in `held` down (`press` is the press button).

        `seed` fixes the bouncing of the contacts and the noise in the display. `sleep` lets time go
        by while `cable` is open, and says how much of it did.
        """
        self._settings = settings
        self.clock = VirtualClock()
        self.world = SimWorld(settings.board, self.clock, seed)
        for key in held:
            self.world.close_press() if key == "press" else self.world.close_key(key)
        self._woken = False
        self._sleep = sleep
        board = open_board(
            settings.board,
            Mode.SIM,
            clock=self.clock,
            wake=self._wake,
            world=self.world,
            cable=cable,
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
            ahead = max(now, min(following, end))
            cable = self.firmware.listens_to()
            self.clock.advance_to(ahead if cable is None else now + self._sleep(cable, ahead - now))

    def run_until(self, text: str, seconds: float) -> bool:
        """Let time go by until a line of the glass has `text`, at most `seconds`."""
        end = self.clock.now() + seconds
        while not any(text in line for line in self.lines()):
            if self.clock.now() >= end:
                return False
            self.run(_LOOK)
        return True

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

    def hold(self, key: str, seconds: float = HOLD + _MARGIN) -> None:
        """Hold one key, with a bouncing contact."""
        self.world.tap(key, hold=seconds, chatter=_CHATTER)
        self.run(seconds + _BETWEEN)

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
