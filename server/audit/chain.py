"""What a row of the log and a seal are, as bytes; pure.

The MAC of row n covers the MAC of row n-1 and everything in row n; a seal covers the MAC of the
row it stands at and the seal before it. A log that was cut goes on from the last row that is gone,
whose MAC the cut keeps. All are keyed, with separate labels.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

FIRST = bytes(32)
"""What stands before the first row and before the first seal."""

_plain = json.JSONEncoder(separators=(",", ":")).encode
_sorted = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode

_ROW = b"challng audit row 1\0"
_SEAL = b"challng audit seal 1\0"
_CUT = b"challng audit cut 1\0"


Detail = Mapping[str, str | int | bool | None]


def canonical(detail: Detail) -> str:
    """Return the one spelling of a row's detail."""
    return _sorted(detail)


def row_mac(
    key: bytes,
    before: bytes,
    seq: int,
    at: datetime,
    event: str,
    actor: str,
    subject: str | None,
    detail: str,
) -> bytes:
    """Return the MAC of one row; `detail` is its canonical text."""
    content = _plain([seq, at.isoformat(), event, actor, subject, detail])
    return hmac.digest(key, _ROW + before + content.encode("ascii"), hashlib.sha256)


def seal_mac(key: bytes, before: bytes, seq: int, at: datetime, row: bytes) -> bytes:
    """Return the MAC of a seal at row `seq`, whose MAC is `row`."""
    content = f"{seq} {at.isoformat()}".encode("ascii")
    return hmac.digest(key, _SEAL + before + row + content, hashlib.sha256)


def cut_mac(key: bytes, seq: int, row: bytes, sealed_seq: int, seal: bytes, at: datetime) -> bytes:
    """Return the MAC of a cut after row `seq`, the last seal before which is at `sealed_seq`."""
    content = f"{seq} {sealed_seq} {at.isoformat()}".encode("ascii")
    return hmac.digest(key, _CUT + row + seal + content, hashlib.sha256)
