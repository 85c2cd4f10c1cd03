"""One pairing: the cable on one side, the store on the other, the two ends' protocol between them.

Made by the gesture, gone with the screen. The port is open for just as long. The key is in here
only between the computer's confirmation and the store.
"""

import logging
from typing import TYPE_CHECKING

from device.errors import (
    CounterWouldGoBack,
    DeviceError,
    KeyLoadedElsewhere,
    RecordRefused,
    SlotTaken,
    StoreUnwritable,
)
from device.events import Failed
from device.faults import Fault
from device.keystore import CardKey, KeyStore
from device.pairing_state import Connected, KeyLoaded, Looked, NumberAgreed
from drivers.cable import Cable
from drivers.errors import CableCut, CableError
from protocol.fingerprint import fingerprint
from protocol.pairing.errors import AbortReason, PairingError

if TYPE_CHECKING:
    from protocol.pairing.card_end import Agreed, CardEnd

_log = logging.getLogger("challng.card")

Said = Connected | NumberAgreed | KeyLoaded | Looked | Failed

_FAULTS = {
    AbortReason.VERSION: Fault.PAIRING_VERSION,
    AbortReason.GARBAGE: Fault.PAIRING_GARBLED,
    AbortReason.ORDER: Fault.PAIRING_GARBLED,
    AbortReason.TIMEOUT: Fault.PAIRING_TIME,
    AbortReason.DIFFERENT: Fault.PAIRING_DIFFERS,
    AbortReason.COMMITMENT: Fault.PAIRING_DIFFERS,
    AbortReason.POINT: Fault.PAIRING_DIFFERS,
    AbortReason.CONFIRMATION: Fault.PAIRING_DIFFERS,
    AbortReason.SLOT_TAKEN: Fault.PAIRING_REFUSED,
    AbortReason.OTHER_SERIAL: Fault.PAIRING_REFUSED,
    AbortReason.SUITE: Fault.PAIRING_REFUSED,
}
_NOT_SAVED = (CounterWouldGoBack, KeyLoadedElsewhere, RecordRefused, SlotTaken, StoreUnwritable)


class PairingSession:
    """From the gesture to a key in the store, or to nothing at all."""

    def __init__(self, cable: Cable, store: KeyStore) -> None:
        """Nothing is opened before the first `look`, so that the glass can say so first."""
        self._cable = cable
        self._store = store
        self._end: CardEnd | None = None
        self._heard = False
        self.over = False

    @property
    def opens(self) -> bool:
        """Whether the next `look` opens the port, and is due at once."""
        return self._end is None and not self.over

    @property
    def listens(self) -> bool:
        """Whether the port is open: what the loop sleeps on."""
        return self._end is not None and not self.over

    def look(self) -> list[Said]:
        """Open the port at first; later take what has come. Returns what came of it, in order."""
        try:
            if self.opens:
                self._open()
            elif self._end is not None:
                return self._hear(self._end, self._cable.read())
        except PairingError as error:
            return self._refused(error)
        except CableCut as error:
            return [self._failed(Fault.CABLE_CUT, error)]
        except CableError as error:
            return [self._failed(Fault.NO_PORT, error)]
        except DeviceError as error:
            return [self._failed(Fault.of(error), error)]
        return []

    def consent(self) -> Failed | None:
        """The owner agreed to the number: tell the computer."""
        try:
            if self._end is not None:
                self._cable.write(self._end.consent())
        except CableCut as error:
            return self._failed(Fault.CABLE_CUT, error)
        return None

    def stop(self, *, timed_out: bool = False) -> None:
        """End it, whatever it has come to; the computer is told, if there is one."""
        self._abort(AbortReason.TIMEOUT if timed_out else AbortReason.CANCELLED)
        self._close()

    def _open(self) -> None:
        from protocol.pairing.card_end import CardEnd  # brings X25519: only now, for a pairing

        serial, slots = _loaded(self._store)
        self._cable.open()
        self._end = CardEnd(serial, slots)

    def _hear(self, end: "CardEnd", data: bytes) -> list[Said]:
        from protocol.pairing.card_end import Compare, Send

        said: list[Said] = []
        self._heard = self._heard or bool(data)
        for step in end.receive(data) if data else ():
            match step:
                case Send(frame):
                    self._cable.write(frame)
                    said.append(Connected())
                case Compare(number, offer):
                    replaces = offer.slot in self._store.slots()
                    said.append(NumberAgreed(number, offer.slot, replaces))
                case agreed:
                    said += self._keep(end, agreed)
        return said

    def _keep(self, end: "CardEnd", agreed: "Agreed") -> list[Said]:
        """The key into the store, durably, and only then the last message."""
        offer = agreed.offer
        try:
            record = CardKey(offer.serial, offer.suite, agreed.key, 0, offer.issuer)
            self._store.add(offer.slot, record, replace=offer.replace)
        except DeviceError as error:
            self._abort(AbortReason.STORE)
            not_saved = isinstance(error, _NOT_SAVED)
            return [self._failed(Fault.KEY_NOT_SAVED if not_saved else Fault.of(error), error)]
        loaded = KeyLoaded(offer.serial, offer.slot)
        try:
            self._cable.write(end.stored())
        except CableCut as error:
            # The key is there, and the computer can ask for it: it is the computer that must know.
            _log.warning("the computer may not know that slot %s is loaded: %s", offer.slot, error)
        self._close()
        return [loaded]

    def _refused(self, error: PairingError) -> list[Said]:
        if error.reason is AbortReason.LOOKED:
            self._close()
            return [Looked()]
        if not error.told:
            self._abort(error.reason)
        return [self._failed(_FAULTS.get(error.reason, Fault.PAIRING_STOPPED), error)]

    def _failed(self, fault: Fault, error: Exception) -> Failed:
        _log.error("%s: %s", fault.code, error)
        self._close()
        return Failed(fault)

    def _abort(self, reason: AbortReason) -> None:
        """Tell the computer; one that has said nothing yet is not spoken to."""
        if self._end is None or self.over:
            return
        frame = self._end.abort(reason)
        try:
            if self._heard:
                self._cable.write(frame)
        except CableCut as error:
            _log.info("the computer is gone already: %s", error)

    def _close(self) -> None:
        self.over = True
        self._end = None
        self._cable.close()


def _loaded(store: KeyStore) -> tuple[str, dict[str, bytes]]:
    """The card's serial, empty on a blank card, and the fingerprint of the key in each slot."""
    from protocol.pairing.messages import UNREADABLE

    serial, slots = "", {}
    for slot in store.slots():
        try:
            record = store.load(slot)
        except DeviceError as error:
            _log.warning("slot %s counts as taken: %s", slot, error)
            slots[slot] = UNREADABLE
        else:
            serial = serial or record.serial
            slots[slot] = fingerprint(record.key)
    return serial, slots
