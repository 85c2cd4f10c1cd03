"""`card import|list|unlock|revoke`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from protocol import pskc, serial
from protocol.errors import ProtocolError

from ..accounts import names, users
from ..audit.events import Event
from ..clock import written
from ..errors import CardRefused
from ..factors import cards, pins
from ..lifecycle import revocation, temporary
from ..states.device import DeviceState
from ..verifier import Verifier
from .context import operator, read_secret, say


def import_(verifier: Verifier, given: Namespace) -> int:
    """Add the card of a PSKC file to a user; its temporary devices are over."""
    name = names.check(given.user)
    wanted = None if given.serial is None else _serial(given.serial)
    with verifier.database.reading() as connection:
        users.get(connection, name)
    pin = pins.check(read_secret(given.pin_file, "PIN"))
    record = cards.choose(_records(given), wanted)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        cards.import_card(connection, verifier.keyring, record, user, pin, now)
        temporary.end_all(connection, user.id, now)
        verifier.audit.write(
            connection, now, Event.CARD_IMPORTED, operator(), record.serial, user=name
        )
    say(f"The card {record.serial} is active for {name}.")
    return 0


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the cards: serial, user, state, counter, last used."""
    with verifier.database.reading() as connection:
        for card in cards.all_of_them(connection):
            active = card.state is DeviceState.ACTIVE
            state = "locked" if active and card.locked else card.state.value
            used = written(card.used_at) if card.used_at else "never"
            say(f"{card.serial}\t{card.user}\t{state}\t{card.counter}\t{used}")
    return 0


def unlock(verifier: Verifier, given: Namespace) -> int:
    """Unlock a card that wrong answers have locked."""
    wanted = _serial(given.serial)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        was_locked = cards.unlock(connection, wanted)
        if was_locked:
            verifier.audit.write(connection, now, Event.DEVICE_UNLOCKED, operator(), wanted)
    say(f"The card {wanted} is unlocked." if was_locked else f"The card {wanted} was not locked.")
    return 0


def revoke(verifier: Verifier, given: Namespace) -> int:
    """Take a card away for good: key and PIN destroyed, sessions ended, open logins closed."""
    wanted = _serial(given.serial)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        card = revocation.get(connection, wanted)
        if revocation.revoke(connection, verifier.audit, card.device_id, now, operator()):
            event = Event.CARD_REVOKED
        elif revocation.abandon(connection, card.device_id):
            event = Event.CARD_ABANDONED
        else:
            revocation.get(connection, wanted)
            raise CardRefused(f"The card {wanted} changed at this moment: try again.")
        verifier.audit.write(connection, now, event, operator(), wanted, key_id=card.key_id)
    say(f"The card {wanted} is revoked; its serial is free for a new key.")
    return 0


def _serial(text: str) -> str:
    try:
        return serial.check(text)
    except ProtocolError as error:
        raise CardRefused(f"{_sentence(error)} Check the serial and type it again.") from None


def _records(given: Namespace) -> list[pskc.CardRecord]:
    try:
        secret = _secret(given)
        data = Path(given.file).read_bytes()
        return pskc.read(data, secret)
    except OSError as error:
        raise CardRefused(
            f"The card file {given.file} cannot be read ({error.strerror}): check its name."
        ) from None
    except ProtocolError as error:
        raise CardRefused(
            f"The card file {given.file} is refused. {_sentence(error)} "
            "Check the file and its passphrase or key."
        ) from None


def _secret(given: Namespace) -> pskc.Secret:
    if given.key_file is None:
        return pskc.Passphrase(read_secret(given.passphrase_file, "passphrase"))
    text = read_secret(given.key_file, "key")
    return pskc.PreSharedKey.parse(text, *([given.key_name] if given.key_name else []))


def _sentence(error: ProtocolError) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
