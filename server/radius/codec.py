"""Bytes into requests, and replies into bytes: pyrad signs, and the checks are stricter here.

A request is taken only where every length in it is right, where its Message-Authenticator fits (or
is allowed to be missing), and where its password comes out as text. Everything else raises a
PacketDropped, whose text holds nothing of the packet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from pathlib import Path

from pyrad.dictionary import Dictionary
from pyrad.packet import AuthPacket, PacketError

from ..errors import PacketForged, PacketMalformed, PacketUnreadable, PacketUnsigned, ReplyTooLong

LONGEST = 4_096
"""The longest packet, in octets (RFC 2865 section 3)."""
LONGEST_TEXT = 253
_HEADER = 20
_BLOCK = 16
_PROXY_STATE = 33
_LONGEST_PASSWORD = 128
_DICTIONARY = Path(__file__).with_name("dictionary")


class Code(IntEnum):
    """The kinds of packet that are taken or sent."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCESS_CHALLENGE = 11
    STATUS_SERVER = 12


class Attribute(IntEnum):
    """The attributes that are read from requests (RFC 2865 section 5, RFC 3579 section 3)."""

    USER_NAME = 1
    USER_PASSWORD = 2
    STATE = 24
    CALLING_STATION_ID = 31
    MESSAGE_AUTHENTICATOR = 80


_ONCE = frozenset(Attribute)
Values = dict[str, list[str | int | bytes]]
"""Attributes of a reply by their names in the dictionary."""


@dataclass(frozen=True)
class Request:
    """What a packet asks; `password` is None where it has none that can be read, such as CHAP."""

    code: Code
    user: str = ""
    password: str | None = field(default=None, repr=False)
    state: bytes | None = field(default=None, repr=False)
    caller: str | None = None
    packet: AuthPacket | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Reply:
    """What is answered: a code and its attributes."""

    code: Code
    values: Values = field(default_factory=dict, repr=False)


@cache
def dictionary() -> Dictionary:
    """Return the attributes by name."""
    return Dictionary(str(_DICTIONARY))


def key(data: bytes) -> tuple[int, bytes] | None:
    """Return identifier and authenticator, by which a request is known; None where there are none.

    Nothing of the packet has been checked then.
    """
    return (data[1], data[4:_HEADER]) if len(data) >= _HEADER else None


def read(data: bytes, secret: bytes, *, signed: bool) -> Request:
    """Return what a packet of a client with this secret asks.

    `signed`: its Message-Authenticator may not be missing; a wrong one never fits. Without it there
    may be no Proxy-State, which is what CVE-2024-3596 needs. Raises PacketMalformed,
    PacketUnsigned, PacketForged, or PacketUnreadable.
    """
    code, present = _framed(data)
    try:
        # Without a dictionary every attribute stays as it came, whatever is in it.
        packet = AuthPacket(secret=secret, packet=data, dict=None)
    except PacketError:
        raise PacketMalformed("The packet cannot be decoded.") from None
    if Attribute.MESSAGE_AUTHENTICATOR in present:
        if not packet.verify_message_authenticator():
            raise PacketForged("The Message-Authenticator does not fit: check the secret.")
    elif signed or code is Code.STATUS_SERVER:  # RFC 5997 section 3
        raise PacketUnsigned("There is no Message-Authenticator.")
    elif _PROXY_STATE in present:  # where a collision is put that the reply has to repeat
        raise PacketUnsigned("There is no Message-Authenticator, and a Proxy-State.")
    packet.dict = dictionary()
    return Request(
        code,
        user=_text(present.get(Attribute.USER_NAME), "user name"),
        password=_password(present.get(Attribute.USER_PASSWORD), secret, packet.authenticator),
        state=present.get(Attribute.STATE),
        caller=_caller(present.get(Attribute.CALLING_STATION_ID)),
        packet=packet,
    )


def write(reply: Reply, request: Request) -> bytes:
    """Return the bytes of a reply, signed: the Message-Authenticator first, Proxy-State as it came.

    First, so that no collision can be prepared before it (CVE-2024-3596). Raises ReplyTooLong.
    """
    assert request.packet is not None  # noqa: S101 - every request that was read has it
    packet = request.packet.CreateReply()
    packet.code = reply.code.value
    for name, values in reply.values.items():
        packet.AddAttribute(name, values)
    data: bytes = packet.ReplyPacket()
    if len(data) > LONGEST:
        raise ReplyTooLong(
            f"The reply has {len(data)} octets and may have {LONGEST}: have the client's "
            "attributes tell less."
        )
    return data


# --- how it came


def _framed(data: bytes) -> tuple[Code, dict[int, bytes]]:
    """Check every length; return the code, and the attributes that may stand once in a request."""
    if not _HEADER <= len(data) <= LONGEST:
        raise PacketMalformed("The packet is too short or too long.")
    length = int.from_bytes(data[2:4])
    if not _HEADER <= length <= len(data):
        raise PacketMalformed("The packet's length is not that of the packet.")
    if data[0] not in (Code.ACCESS_REQUEST, Code.STATUS_SERVER):
        raise PacketMalformed("Packets of this kind are not taken.")
    present: dict[int, bytes] = {}
    at = _HEADER
    while at < length:
        size = data[at + 1] if at + 1 < length else 0
        if size < 2 or at + size > length:
            raise PacketMalformed("An attribute's length is wrong.")
        kind = data[at]
        if kind in present and kind in _ONCE:
            raise PacketMalformed("An attribute stands twice that may stand once.")
        present[kind] = data[at + 2 : at + size]
        at += size
    signature = present.get(Attribute.MESSAGE_AUTHENTICATOR)
    if signature is not None and len(signature) != _BLOCK:
        raise PacketMalformed("The Message-Authenticator has not 16 octets.")
    return Code(data[0]), present


def _text(value: bytes | None, what: str) -> str:
    try:
        return (value or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise PacketUnreadable(f"The {what} is not text.") from None


def _caller(value: bytes | None) -> str | None:
    """Return who called the client; what is no text is nothing that could be compared."""
    try:
        return value.decode("ascii") if value else None
    except UnicodeDecodeError:
        return None


def _password(hidden: bytes | None, secret: bytes, authenticator: bytes) -> str | None:
    """Return a User-Password (RFC 2865 section 5.2).

    pyrad leaves out what is not text; another secret is to be noticed instead, where no
    Message-Authenticator tells of it.
    """
    if hidden is None:
        return None
    if not hidden or len(hidden) % _BLOCK or len(hidden) > _LONGEST_PASSWORD:
        raise PacketMalformed("The password has no length that it can have.")
    plain, last = b"", authenticator
    for at in range(0, len(hidden), _BLOCK):
        block = hidden[at : at + _BLOCK]
        mask = hashlib.md5(secret + last, usedforsecurity=False).digest()
        plain += bytes(each ^ other for each, other in zip(block, mask, strict=True))
        last = block
    return _text(plain.rstrip(b"\0"), "password")
