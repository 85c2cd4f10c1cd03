"""The nine messages, each with one exact encoding; whatever is not exact is refused.

Hello and abort stay as they are in every later version, so that two versions can tell each other
that they do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from protocol import serial as serials
from protocol.errors import SerialError

from . import frames
from .errors import AbortReason, PairingError
from .wire import Reader, text8

SLOTS = ("A", "B", "C", "D")
FINGERPRINT_BYTES = 8
UNREADABLE = bytes(FINGERPRINT_BYTES)
"""The fingerprint of a key that the card cannot open: the slot is taken all the same."""
SHARE_BYTES = 32
_MOST_ISSUER, _MOST_SUITE = 200, 100
_ASCII = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class HostHello:
    """The versions of pairing that the host speaks."""

    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class CardHello:
    """The version that the card chose; its serial (empty on a blank card), its loaded slots."""

    version: int
    serial: str
    slots: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is wanted on the card, and the commitment to the host's share."""

    slot: str
    serial: str
    issuer: str
    suite: str
    replace: bool
    commitment: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardShare:
    """The card's X25519 public key and nonce."""

    public: bytes = field(repr=False)
    nonce: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reveal:
    """The host's X25519 public key and nonce, which the commitment was made of."""

    public: bytes = field(repr=False)
    nonce: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardConfirm:
    """The card has the key, and OK was held."""

    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HostConfirm:
    """The host has the key, a person said yes, and the record is kept."""

    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The key is in the card's store."""

    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Abort:
    """This end has given up."""

    reason: AbortReason


Message = (
    HostHello | CardHello | Offer | CardShare | Reveal | CardConfirm | HostConfirm | Done | Abort
)

KINDS: Mapping[int, type[Message]] = {
    1: HostHello,
    2: CardHello,
    3: Offer,
    4: CardShare,
    5: Reveal,
    6: CardConfirm,
    7: HostConfirm,
    8: Done,
    15: Abort,
}
"""The kind byte of each message, in the order in which they are sent."""


def encode(message: Message) -> bytes:
    """The whole frame of a message."""
    kind = next(kind for kind, shape in KINDS.items() if type(message) is shape)
    return frames.encode(kind, _body(message))


def decode(frame: frames.Frame) -> Message:
    """The message in a frame; raises PairingError for anything that `encode` would not write."""
    read = _READERS.get(frame.kind)
    if read is None:
        raise PairingError(AbortReason.GARBAGE)
    reader = Reader(frame.body)
    message = read(reader)
    reader.end()
    return message


def _body(message: Message) -> bytes:
    match message:
        case HostHello(lowest, highest):
            return bytes([lowest, highest])
        case CardHello(version, serial, slots):
            loaded = b"".join(slot.encode() + slots[slot] for slot in sorted(slots))
            return bytes([version]) + text8(serial) + bytes([len(slots)]) + loaded
        case Offer():
            return (
                message.slot.encode()
                + bytes([message.replace])
                + text8(message.serial)
                + text8(message.issuer)
                + text8(message.suite)
                + message.commitment
            )
        case CardShare(public, nonce) | Reveal(public, nonce):
            return public + nonce
        case CardConfirm(mac) | HostConfirm(mac) | Done(mac):
            return mac
        case Abort(reason):
            return bytes([reason])


def _host_hello(reader: Reader) -> HostHello:
    lowest, highest = reader.byte(), reader.byte()
    reader.expect(lowest <= highest)
    return HostHello(lowest, highest)


def _card_hello(reader: Reader) -> CardHello:
    version = reader.byte()
    serial = _serial(reader, blank=True)
    slots: dict[str, bytes] = {}
    for _ in range(reader.byte()):
        slot = _slot(reader)
        reader.expect(not slots or slot > max(slots))
        slots[slot] = reader.take(FINGERPRINT_BYTES)
    return CardHello(version, serial, slots)


def _offer(reader: Reader) -> Offer:
    slot, replace = _slot(reader), reader.byte()
    reader.expect(replace in (0, 1))
    serial = _serial(reader, blank=False)
    issuer = reader.text8(_MOST_ISSUER)
    reader.expect(issuer.isprintable())
    suite = reader.text8(_MOST_SUITE)
    reader.expect(_ASCII.fullmatch(suite) is not None)
    return Offer(slot, serial, issuer, suite, bool(replace), reader.take(SHARE_BYTES))


def _abort(reader: Reader) -> Abort:
    number = reader.byte()
    reader.expect(number in set(AbortReason))
    return Abort(AbortReason(number))


def _slot(reader: Reader) -> str:
    slot = reader.take(1).decode("latin-1")
    reader.expect(slot in SLOTS)
    return slot


def _serial(reader: Reader, *, blank: bool) -> str:
    serial = reader.text8(10)
    if not serial:
        reader.expect(blank)
        return serial
    try:
        exact = serials.check(serial)
    except SerialError:
        exact = ""
    reader.expect(serial == exact)
    return serial


_READERS: Mapping[int, Callable[[Reader], Message]] = {
    1: _host_hello,
    2: _card_hello,
    3: _offer,
    4: lambda reader: CardShare(reader.take(SHARE_BYTES), reader.take(SHARE_BYTES)),
    5: lambda reader: Reveal(reader.take(SHARE_BYTES), reader.take(SHARE_BYTES)),
    6: lambda reader: CardConfirm(reader.take(SHARE_BYTES)),
    7: lambda reader: HostConfirm(reader.take(SHARE_BYTES)),
    8: lambda reader: Done(reader.take(SHARE_BYTES)),
    15: _abort,
}
