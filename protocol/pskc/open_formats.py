"""CSV files and `otpauth` addresses: known, so that they are refused with the reason."""

from __future__ import annotations

from ..errors import PskcError

CSV = (
    "a CSV file shows its keys to everyone who sees it, and nothing in it tells a changed key: "
    "refused, use PSKC (RFC 6030) under a passphrase or a pre-shared key"
)
OTPAUTH = (
    "an otpauth address, or the picture of one, shows its key to everyone who sees it, and knows "
    "no OCRA: refused, use PSKC (RFC 6030) under a passphrase or a pre-shared key"
)
_REASONS = {"csv": CSV, "tsv": CSV, "otpauth": OTPAUTH}


def refuse_name(name: str) -> None:
    """Raise PskcError for a format's name, or a file's ending, that stands for open keys."""
    name = name.lower().lstrip(".")
    if name in _REASONS:
        raise PskcError(_REASONS[name])


def need_pskc(name: str) -> None:
    """Raise PskcError for a format's name that is not PSKC's."""
    refuse_name(name)
    if name.lower() != "pskc":
        raise PskcError("card records are written as pskc (RFC 6030) and as nothing else")


def refuse_content(data: bytes) -> None:
    """Raise PskcError for content that is `otpauth` addresses or lines of separated values."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"otpauth://", b"otpauth-migration://")):
        raise PskcError(OTPAUTH)
    first = start.partition(b"\n")[0]
    if first.isascii() and not first.startswith((b"<", b"\0")):
        if b"otpauth://" in first:
            raise PskcError(OTPAUTH)
        if any(mark in first for mark in (b",", b";", b"\t")):
            raise PskcError(CSV)
