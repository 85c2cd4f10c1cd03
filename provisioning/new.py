"""A new key for a card: into its store, and out as a card record."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from device.errors import SlotTaken, StoreError
from device.keystore import CardKey, KeyStore
from protocol import card_suite, pskc, serial
from protocol.errors import SerialError
from provisioning import keyfile

KEY_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}
"""A key is as long as the output of its HMAC's hash (RFC 4226 R6, RFC 6287 section 5.1)."""


@dataclass(frozen=True)
class Order:
    """What is wanted: which slot, for whom, under which suite.

    `serial` None takes the serial that the card has in another slot, or draws a new one.
    """

    slot: str
    issuer: str
    suite: str
    serial: str | None = None
    replace: bool = False


def provision(store: KeyStore, out: Path, passphrase: str, order: Order) -> pskc.CardRecord:
    """Make a key, write its record to `out`, then put it into the store; return the record.

    The record is written first: a crash in between leaves a record of a key that no card has,
    and never a card whose key nobody knows. When the store refuses, the record is removed again.
    Raises OcraError, SerialError, ProvisioningError or the store's own errors.
    """
    suite = card_suite.check(order.suite)
    card = _serial_of(store) if order.serial is None else serial.check(order.serial)
    if order.slot in store.slots() and not order.replace:
        raise SlotTaken(
            f"slot {order.slot} holds a key already: choose another with --slot, or give "
            "--replace, after which the old key and its record are worth nothing"
        )
    record = pskc.CardRecord(
        serial=card,
        suite=order.suite,
        key=secrets.token_bytes(KEY_BYTES[suite.hash]),
        counter=0,
        issuer=order.issuer,
        key_id=f"{card}-{order.slot}-{secrets.token_hex(4)}",
        challenge_length=suite.question_length,
    )
    key = CardKey(record.serial, record.suite, record.key, record.counter, record.issuer)
    keyfile.write_new(out, pskc.write([record], passphrase))
    try:
        store.add(order.slot, key, replace=order.replace)
    except StoreError:
        out.unlink()
        raise
    return record


def _serial_of(store: KeyStore) -> str:
    """A card has one serial, whichever slots it uses."""
    for slot in store.slots():
        try:
            return serial.check(store.load(slot).serial)
        except (StoreError, SerialError):
            continue  # a slot that cannot be opened names no serial
    return serial.random()
