"""Ways of getting a key onto one card; the first: straight into its store."""

from __future__ import annotations

import hmac
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable

from device.errors import SlotEmpty, SlotTaken, StoreError
from device.keystore import CardKey, KeyStore
from protocol import card_suite, serial
from protocol.errors import SerialError
from protocol.fingerprint import key_id
from protocol.pskc import CardRecord
from provisioning.errors import LoadUncertain, NotLoaded
from provisioning.order import KEY_BYTES, Order, slot_for

Keep = Callable[[CardRecord], None]


class Loader(ABC):
    """One way of getting a key onto one card."""

    @abstractmethod
    def load(self, order: Order, keep: Keep) -> CardRecord:
        """Load a new key and return its record when the card surely holds it.

        `keep` is called once, when the key is certain and before the card holds it. Afterwards
        raises NotLoaded (the card surely does not hold the key) or LoadUncertain (nobody can know).
        """


class StoreLoader(Loader):
    """Makes the key here and writes it into the card's store, on this disk.

    `random` gives that many unpredictable bytes; the default is the operating system's.
    """

    def __init__(
        self, store: KeyStore, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._store = store
        self._random = random

    def load(self, order: Order, keep: Keep) -> CardRecord:
        """Write the slot; raises OcraError, SerialError, SlotTaken before `keep` is called."""
        suite = card_suite.check(order.suite)
        card = _serial_of(self._store) if order.serial is None else serial.check(order.serial)
        loaded = self._store.slots()
        slot = slot_for(order.slot, loaded, replace=order.replace)
        if slot in loaded and not order.replace:
            raise SlotTaken(
                f"slot {slot} holds a key already: choose another with --slot, or give "
                "--replace, after which the old key and its record are worth nothing"
            )
        secret = self._random(KEY_BYTES[suite.hash])
        record = CardRecord(
            serial=card,
            suite=order.suite,
            key=secret,
            counter=0,
            issuer=order.issuer,
            key_id=key_id(card, slot, secret),
            challenge_length=suite.question_length,
        )
        key = CardKey(record.serial, record.suite, record.key, record.counter, record.issuer)
        keep(record)
        try:
            self._store.add(slot, key, replace=order.replace)
        except StoreError as error:
            if self._surely_without(slot, secret):
                raise NotLoaded(str(error)) from None
            raise LoadUncertain(
                f"{error}; whether slot {slot} has the new key is not certain, so its record "
                "stays unconfirmed: mend the disk, make another key with --replace, and delete "
                "the unconfirmed record"
            ) from None
        return record

    def _surely_without(self, slot: str, secret: bytes) -> bool:
        try:
            return not hmac.compare_digest(self._store.load(slot).key, secret)
        except SlotEmpty:
            return True
        except StoreError:
            return False


def _serial_of(store: KeyStore) -> str:
    """A card has one serial, whichever slots it uses."""
    for slot in store.slots():
        try:
            return serial.check(store.load(slot).serial)
        except (StoreError, SerialError):
            continue  # a slot that cannot be opened names no serial
    return serial.random()
