"""Store and algorithm joined: what a slot offers, and a response whose counter is safe first."""

import logging

from device.errors import CounterNotWritten, DeviceError
from device.faults import Fault
from device.keystore import KeyStore
from device.state import Offer
from device.suites import form_of
from protocol.ocra import response

_log = logging.getLogger("challng.card")


def offers(store: KeyStore) -> tuple[Offer, ...]:
    """What each loaded slot asks for, or why it cannot be used; DeviceError for the whole store."""
    return tuple(_offer(store, slot) for slot in store.slots())


def _offer(store: KeyStore, slot: str) -> Offer:
    try:
        form = form_of(store.load(slot).suite)
    except DeviceError as error:
        fault = Fault.of(error)
        _log.error("%s: %s", fault.code, error)
        return Offer(slot, fault=fault)
    return Offer(slot, challenge_length=form.challenge_length)


def respond(store: KeyStore, slot: str, pin: str, challenge: str) -> str:
    """The response to `challenge`, computed only once the next counter is on the disk.

    Raises DeviceError, and then nothing was computed. The key is read last and not kept.
    """
    counter = store.advance(slot)
    record = store.load(slot)
    if record.counter <= counter:
        # A disk that loses what it acknowledged, or a key changed under our hands.
        raise CounterNotWritten(
            f"slot {slot} was written with another counter than it reads back: "
            "no response is given; look at the disk's health, then try again"
        )
    form_of(record.suite)
    return response(record.suite, record.key, question=challenge, counter=counter, pin=pin)
