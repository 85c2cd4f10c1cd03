"""OCRA, the OATH Challenge-Response Algorithm (RFC 6287), complete.

`response` computes what a card shows; a verifier computes the same and compares in constant time.
Three points that the RFC leaves open, and what is done here:

- Numeric questions (QN) are turned into hexadecimal and padded on the *right*, as the reference
  code does, so leading zeros vanish and 1 and 16 give the same input. Verifiers here draw their
  challenges from 100000-999999, where no two numbers collide.
- Session data shorter than its length is padded on the *left* with zero bytes, as in the
  reference code (the text of the RFC gives no padding).
- Zero digits (`HOTP-H-0`) means "no truncation, the full HMAC value" (section 5.2); it is
  returned as lower-case hexadecimal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass, field
from functools import lru_cache

from .errors import OcraError

__all__ = ["DEFAULT_SUITE", "OcraError", "Suite", "parse", "response"]

DEFAULT_SUITE = "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256"
"""The suite of a new card: a counter, a six-digit challenge, and the PIN; eight digits."""

QUESTION_BYTES = 128
_MAX_64 = 2**64 - 1
_MAX_QUESTION_DIGITS = 309  # 2**1024 has 309 decimal digits
_TOO_LONG = "the question is longer than 128 bytes"
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}
_CONSTRUCTORS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
_WORD = struct.Struct(">I")
_UNIT_SECONDS = {"S": 1, "M": 60, "H": 3600}
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]+")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class Suite:
    """A parsed OCRASuite (RFC 6287 section 6).

    `hash` and `pin_hash` are hashlib names; `question_length` is the length the suite announces
    (characters for A, digits for N, nibbles for H); `session_length` is in bytes.
    """

    text: str
    hash: str
    digits: int
    counter: bool
    question_format: str
    question_length: int
    pin_hash: str | None
    session_length: int | None
    timestep_seconds: int | None
    _prefix: bytes = field(repr=False, compare=False)
    _form: str = field(repr=False, compare=False)


@lru_cache(maxsize=256)
def parse(suite: str) -> Suite:
    """Read an OCRASuite such as `OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256`; suites are case-sensitive.

    Raises OcraError with a sentence naming the part that is wrong. Results are cached.
    """
    parts = suite.split(":")
    if len(parts) != 3:
        raise OcraError(f"a suite has three parts joined by ':', this one has {len(parts)}")
    algorithm, function, inputs = parts
    if algorithm != "OCRA-1":
        raise OcraError("a suite begins with 'OCRA-1:'")
    hash_name, digits = _parse_function(function)
    rest = inputs.split("-")
    counter = rest[0] == "C"
    if counter:
        del rest[0]
    if not rest or not rest[0].startswith("Q"):
        raise OcraError("the data input must be [C-]Qxxx, then P, S, T in this order: no Q found")
    question_format, question_length = _parse_question(rest.pop(0))
    pin_hash = _parse_pin(rest.pop(0)) if rest and rest[0].startswith("P") else None
    session_length = _parse_session(rest.pop(0)) if rest and rest[0].startswith("S") else None
    timestep = _parse_timestep(rest.pop(0)) if rest and rest[0].startswith("T") else None
    if rest:
        raise OcraError(
            "the data input must be [C-]Qxxx, then P, S, T in this order, each once: "
            f"element {_shown(rest[0])} is not in its place"
        )
    return Suite(
        text=suite,
        hash=hash_name,
        digits=digits,
        counter=counter,
        question_format=question_format,
        question_length=question_length,
        pin_hash=pin_hash,
        session_length=session_length,
        timestep_seconds=timestep,
        _prefix=suite.encode("ascii") + b"\0",
        _form=f"%0{digits}d",
    )


def response(
    suite: str,
    key: bytes,
    *,
    question: str,
    counter: int | None = None,
    pin: str | None = None,
    session: str | bytes | None = None,
    timestamp: int | None = None,
) -> str:
    """Compute the response to `question` under `key` (RFC 6287 section 5).

    `counter` and `timestamp` are 0..2**64-1, the latter in T-steps; `pin` is the PIN itself, not
    its hash; `session` is at most the suite's length in bytes (text as UTF-8). A question may be
    shorter or longer than the suite announces, up to 128 bytes. Just the inputs that the suite
    names must be given. Returns the digits with leading zeros, or hexadecimal for zero digits.
    Raises OcraError; its message never holds an input.
    """
    if type(suite) is not str:
        raise OcraError("the suite must be a string")
    parsed = parse(suite)
    if type(key) is not bytes or not key:
        raise OcraError("the key must be bytes, at least one")
    if type(question) is not str or not question:
        raise OcraError("the question must be a string with at least one character")
    message = parsed._prefix
    if parsed.counter:
        message += _eight_bytes("counter", counter)
    elif counter is not None:
        raise OcraError("a counter was given, but the suite has no C")
    message += _question_bytes(parsed.question_format, question)
    if parsed.pin_hash is not None:
        message += _CONSTRUCTORS[parsed.pin_hash](_pin_bytes(pin)).digest()
    elif pin is not None:
        raise OcraError("a PIN was given, but the suite has no P")
    if parsed.session_length is not None:
        message += _session_bytes(parsed.session_length, session)
    elif session is not None:
        raise OcraError("session data was given, but the suite has no S")
    if parsed.timestep_seconds is not None:
        message += _eight_bytes("timestamp", timestamp)
    elif timestamp is not None:
        raise OcraError("a timestamp was given, but the suite has no T")

    mac = hmac.digest(key, message, parsed.hash)
    if not parsed.digits:
        return mac.hex()
    offset = mac[-1] & 0x0F  # dynamic truncation, RFC 4226 section 5.3
    number: int = _WORD.unpack_from(mac, offset)[0] & 0x7FFFFFFF
    return (parsed._form % number)[-parsed.digits :]


# --- the suite's elements


def _parse_function(text: str) -> tuple[str, int]:
    parts = text.split("-")
    if len(parts) != 3 or parts[0] != "HOTP":
        raise OcraError("the second part of a suite must look like HOTP-SHA256-8")
    if parts[1] not in _HASHES:
        raise OcraError(f"the hash must be SHA1, SHA256 or SHA512, not {_shown(parts[1])}")
    if parts[2] not in {"0", "4", "5", "6", "7", "8", "9", "10"}:
        raise OcraError(f"the number of digits must be 0 or 4 to 10, not {_shown(parts[2])}")
    return _HASHES[parts[1]], int(parts[2])


def _parse_question(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"Q([ANH])([0-9]{2})", text)
    if not match or not 4 <= int(match[2]) <= 64:
        raise OcraError(f"a question must be QA, QN or QH with 04 to 64, not {_shown(text)}")
    return match[1], int(match[2])


def _parse_pin(text: str) -> str:
    if text[1:] not in _HASHES:
        raise OcraError(f"a PIN must be PSHA1, PSHA256 or PSHA512, not {_shown(text)}")
    return _HASHES[text[1:]]


def _parse_session(text: str) -> int:
    match = re.fullmatch(r"S([0-9]{3})", text)
    if not match or not 1 <= int(match[1]) <= 512:
        raise OcraError(f"session data must be S001 to S512, not {_shown(text)}")
    return int(match[1])


def _parse_timestep(text: str) -> int:
    match = re.fullmatch(r"T(0|[1-9][0-9]?)([SMH])", text)
    if match:
        amount, unit = int(match[1]), match[2]
        if (amount <= 48) if unit == "H" else (1 <= amount <= 59):
            return amount * _UNIT_SECONDS[unit]
    raise OcraError(f"a time-step must be T1S-T59S, T1M-T59M or T0H-T48H, not {_shown(text)}")


def _shown(text: str) -> str:
    """Quote a suite's element in a message: a suite is no secret, but it may be long or odd."""
    return ascii(text if len(text) <= 16 else text[:16] + "...")


# --- the inputs, as bytes (RFC 6287 section 5.1)


def _eight_bytes(name: str, value: int | None) -> bytes:
    if type(value) is int and 0 <= value <= _MAX_64:
        return value.to_bytes(8, "big")
    if value is None:
        raise OcraError(f"the suite asks for a {name}, and none was given")
    if type(value) is not int:
        raise OcraError(f"the {name} must be a whole number")
    raise OcraError(f"the {name} must be 0 to 2**64 - 1")


@lru_cache(maxsize=1024)  # a verifier asks the same question for every counter of its window
def _question_bytes(question_format: str, question: str) -> bytes:
    if question_format == "N":
        if not (question.isascii() and question.isdigit()):
            raise OcraError("a numeric question has the digits 0 to 9 alone")
        if len(question) > _MAX_QUESTION_DIGITS:
            raise OcraError(_TOO_LONG)
        nibbles = "%x" % int(question)  # noqa: UP031 - a third quicker than an f-string
    elif question_format == "H":
        if not _HEXADECIMAL.fullmatch(question):
            raise OcraError("a hexadecimal question has the digits 0 to 9 and A to F alone")
        nibbles = question
    else:
        if not _ALPHANUMERIC.fullmatch(question):
            raise OcraError("an alphanumeric question has the letters A to Z and digits alone")
        nibbles = question.encode("ascii").hex()
    if len(nibbles) > 2 * QUESTION_BYTES:
        raise OcraError(_TOO_LONG)
    if len(nibbles) & 1:
        nibbles += "0"
    return bytes.fromhex(nibbles).ljust(QUESTION_BYTES, b"\0")


def _pin_bytes(pin: str | None) -> bytes:
    if type(pin) is str and pin:
        try:
            return pin.encode()
        except UnicodeEncodeError:
            raise OcraError("the PIN holds a character that UTF-8 cannot write") from None
    if pin is None:
        raise OcraError("the suite asks for a PIN, and none was given")
    raise OcraError("the PIN must be a string with at least one character")


def _session_bytes(length: int, session: str | bytes | None) -> bytes:
    if session is None:
        raise OcraError("the suite asks for session data, and none was given")
    if isinstance(session, str):
        try:
            session = session.encode("utf-8")
        except UnicodeEncodeError:
            raise OcraError("session data holds a character that UTF-8 cannot write") from None
    elif not isinstance(session, bytes):
        raise OcraError("session data must be a string or bytes")
    if len(session) > length:
        raise OcraError(f"session data is {len(session)} bytes, the suite allows {length}")
    return session.rjust(length, b"\0")
