"""A card at the end of a pseudo-terminal: the protocol's card end, a store, and a willing owner."""

from __future__ import annotations

import contextlib
import select
import threading
from pathlib import Path

from device.keystore import CardKey, FileKeyStore
from drivers.errors import CableCut
from drivers.sim.cable import PtyCable
from protocol.fingerprint import fingerprint
from protocol.pairing.card_end import Agreed, CardEnd, Compare, Send
from protocol.pairing.errors import AbortReason, PairingError

LATE = 0.3
"""How long the kernel may take to pass on what was written to a pseudo-terminal, in seconds."""


class EndCard:
    """Offers pairing once, in a thread, as the firmware does; `number` is what its glass shows."""

    def __init__(self, folder: Path, *, owner: str = "holds OK") -> None:
        self.link = folder / "card-end"
        self.store = FileKeyStore(folder / "card-store")
        self.owner = owner
        self.number = ""
        self.ended: AbortReason | None = None
        self.shown = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self) -> None:
        """The gesture: from here on the card answers on its link."""
        self.close()
        self._stop.clear()
        self.shown.clear()
        self.ended = None
        self._cable = PtyCable(self.link)
        self._cable.open()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Back to rest and cable out, when everything that came is read."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join(20)
            assert not self._thread.is_alive()
            self._thread = None

    def say(self, data: bytes) -> None:
        """Send what nobody asked for."""
        self._cable.write(data)

    def keys(self) -> list[bytes]:
        """Every key that the card has."""
        return [self.store.load(slot).key for slot in self.store.slots()]

    def _serve(self) -> None:
        loaded = {slot: self.store.load(slot) for slot in self.store.slots()}
        end = CardEnd(
            next((key.serial for key in loaded.values()), ""),
            {slot: fingerprint(key.key) for slot, key in loaded.items()},
        )
        with contextlib.suppress(CableCut):
            try:
                while self.ended is None:
                    over = self._stop.is_set()  # what was written before this may yet be on its way
                    if select.select([self._cable], [], [], LATE if over else 0.02)[0]:
                        self._take(end, self._cable.read())
                    elif over:
                        break
            except PairingError as error:
                self.ended = error.reason
                if not error.told:
                    self._tell(end.abort(error.reason))
        self._cable.unplug()

    def _tell(self, data: bytes) -> None:
        """Send; where the computer has gone already, what it said last is still to be read."""
        with contextlib.suppress(CableCut):
            self._cable.write(data)

    def _take(self, end: CardEnd, data: bytes) -> None:
        for step in end.receive(data):
            match step:
                case Send(frame):
                    self._tell(frame)
                case Compare(number):
                    self.number = number
                    self.shown.set()
                    if self.owner == "holds OK":
                        self._tell(end.consent())
                    elif self.owner == "presses CLEAR":
                        raise PairingError(AbortReason.CANCELLED)
                case Agreed(offer, key):
                    self.store.add(
                        offer.slot,
                        CardKey(offer.serial, offer.suite, key, 0, offer.issuer),
                        replace=offer.replace,
                    )
                    self._tell(end.stored())
                    self.ended = AbortReason.LOOKED  # over, and nothing went wrong
