"""A simulated card in real time: the firmware in a thread, around contacts that others move."""

import threading
import time

from device.fingers import PRESS
from device.keystore import KeyStore
from device.loop import Firmware, run
from device.settings import Settings
from device.wake import Waker
from drivers.board import Mode, open_board
from drivers.cable import Cable
from drivers.errors import DriverError
from drivers.sim.world import SimWorld


class Card:
    """The firmware in a thread of its own, on simulated parts and real time."""

    def __init__(self, settings: Settings, store: KeyStore, cable: Cable | None = None) -> None:
        self.cable = cable
        self.world = SimWorld(settings.board, time.monotonic, seed=1)
        self.trouble: DriverError | None = None
        self._waker = Waker()
        self._stopping = False
        self._board = open_board(
            settings.board,
            Mode.SIM,
            clock=time.monotonic,
            wake=self._waker.set,
            world=self.world,
            cable=cable,
        )
        # A simulated card has no computer of its own to halt.
        self._firmware = Firmware(
            self._board, store, settings, clock=time.monotonic, halt=lambda: None
        )
        self._thread = threading.Thread(target=self._run, name="card", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Power off."""
        self._stopping = True
        self._waker.set()
        self._thread.join()
        self._waker.close()

    def felt(self, key: str, moment: float) -> bool:
        """Whether the card has taken what a key, or `PRESS`, did after `moment`, and is done."""
        part = self._board.press if key == PRESS else self._board.keypad
        return part.told(moment)

    def _run(self) -> None:
        try:
            run(self._firmware, self._waker, time.monotonic, lambda: self._stopping)
        except DriverError as error:
            self.trouble = error
