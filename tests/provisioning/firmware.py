"""The card's own firmware on simulated pins at the end of a pseudo-terminal, and its owner."""

from __future__ import annotations

import select
import threading
import time
from pathlib import Path

from device.keystore import FileKeyStore
from device.settings import parse
from device.simulated import CLEAR, OK, SimulatedCard
from drivers.cable import Cable
from drivers.sim.cable import PtyCable


class FirmwareCard:
    """A card whose owner makes the gesture, reads the glass, and does as `owner` says."""

    def __init__(self, folder: Path, *, owner: str = "holds OK") -> None:
        self.link = folder / "card-end"
        directory = folder / "card-store"
        directory.mkdir(mode=0o700)
        self.store = FileKeyStore(directory)
        self.owner = owner
        # While the cable is open its clock goes so much faster than the wall's. Before the number
        # is up a slow computer must not run out of the card's time; `hurry` is for afterwards.
        self.pace, self.hurry = 3.0, 3.0
        self.number = ""
        self.glass: list[str] = []
        self.shown = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self) -> None:
        """Press, hold OK; from here on the card answers on its link."""
        self.close()
        self.number, self.glass, self.pace = "", [], 3.0
        self._stop.clear()
        self.shown.clear()
        self.cable = PtyCable(self.link)
        offered = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=[offered], daemon=True)
        self._thread.start()
        assert offered.wait(20)

    def close(self) -> None:
        """When it has acted on everything that came: what the glass says then, and power off."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join(20)
            assert not self._thread.is_alive()
            self._thread = None

    def keys(self) -> list[bytes]:
        """Every key that the card has."""
        return [self.store.load(slot).key for slot in self.store.slots()]

    def respond(self, challenge: str, pin: str) -> str:
        """What the glass answers, on another day."""
        card = SimulatedCard(parse({}, "test"), self.store)
        card.press()
        card.type(f"{pin}{OK}{challenge}{OK}")
        line = card.lines()[-1]
        card.close()
        return line.replace(" ", "")

    def _serve(self, offered: threading.Event) -> None:
        card = SimulatedCard(parse({}, "test"), self.store, cable=self.cable, sleep=self._sleep)
        try:
            card.press()
            card.hold(OK)
            offered.set()
            self._watch(card)
            self.glass = card.lines()
        finally:
            card.close()
            self.cable.unplug()

    def _sleep(self, cable: Cable, seconds: float) -> float:
        """Sleep on the cable; how much of the card's time went by."""
        begin = time.monotonic()
        if not select.select([cable], [], [], seconds / self.pace)[0]:
            return seconds
        return min((time.monotonic() - begin) * self.pace, seconds)

    def _watch(self, card: SimulatedCard) -> None:
        while card.firmware.listens_to() is not None:
            card.run(0.1 if self.pace < 100 else 1.0)
            number = [line for line in card.lines() if line.replace(" ", "").isdecimal()]
            if number and not self.shown.is_set() and len(number[0]) == len("123 456"):
                self.number = number[0].replace(" ", "")
                self.shown.set()
                if self.owner == "presses CLEAR":
                    card.type(CLEAR)
                if self.owner == "holds OK":
                    self.pace = 20.0  # nobody has to wait for a finger
                    card.hold(OK)
                self.pace = self.hurry
            elif self._stop.is_set() and self._quiet(card):
                return

    @staticmethod
    def _quiet(card: SimulatedCard) -> bool:
        """Whether nothing waits to be read on the cable."""
        cable = card.firmware.listens_to()
        return cable is None or not select.select([cable], [], [], 0)[0]
