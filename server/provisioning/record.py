"""A card record as a provisioning client sends it, and what this verifier asks of one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from protocol import card_suite, serial
from protocol.errors import ProtocolError, SerialError
from protocol.pskc import CardRecord

from ..accounts import names
from ..errors import PinRefused, RecordRefused
from ..factors import pins


@dataclass(frozen=True)
class Enrolment:
    """A card record, and whose card it is; secrets never show in a repr.

    Either `user` and `pin` are given, or `order`: then both are the order's.
    """

    record: CardRecord = field(repr=False)
    user: str = ""
    pin: str = field(default="", repr=False)
    order: int | None = None


def read_serial(text: str) -> str:
    """Return a serial given in an address; raises RecordRefused."""
    try:
        return serial.check(text)
    except SerialError:
        raise RecordRefused(
            "The serial in the address is not a card's: CH and 8 digits, the last a check digit. "
            "Correct it."
        ) from None


def read(
    *,
    card: str,
    key_id: str,
    suite: str,
    key: str,
    counter: int,
    issuer: str,
    challenge_length: int,
    user: str | None,
    pin: str | None,
    order: int | None = None,
) -> Enrolment:
    """Check a record's parts against each other; raises RecordRefused, with no secret in it."""
    try:
        parsed = card_suite.check(suite)
    except ProtocolError as error:
        raise RecordRefused(f"The card cannot be used here: {error}.") from None
    if challenge_length != parsed.question_length:
        raise RecordRefused(
            f"The suite's challenge has {parsed.question_length} digits, and the record says "
            "another number: make the record anew."
        )
    try:
        secret = base64.b64decode(key.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise RecordRefused("The key is not in base64 (RFC 4648): correct it.") from None
    wanted = hashlib.new(parsed.hash).digest_size
    if len(secret) != wanted:
        raise RecordRefused(
            f"The key of a card with this suite has {wanted} bytes: make the record anew."
        )
    record = CardRecord(card, suite, secret, counter, issuer, key_id, challenge_length)
    if order is not None:
        if user is not None or pin is not None:
            raise RecordRefused("An order has its own user and PIN: leave both out.")
        return Enrolment(record, order=order)
    if user is None or pin is None:
        raise RecordRefused("Say whose card it is: give user and pin, or order.")
    try:
        pins.check(pin)
    except PinRefused as error:
        raise RecordRefused(str(error)) from None
    owner = names.spelled(user)
    if owner is None:
        raise RecordRefused("The user name has characters that no user's has: correct it.")
    return Enrolment(record, owner, pin)
