"""What a row of the log and a seal are, as bytes; pure.

The MAC of row n covers the MAC of row n-1 and everything in row n; a seal covers the MAC of the
row it stands at and the seal before it. Both are keyed, with separate labels.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

FIRST = bytes(32)
"""What stands before the first row and before the first seal."""

_ROW = b"challng audit row 1\0"
_SEAL = b"challng audit seal 1\0"


Detail = Mapping[str, str | int | bool | None]


def canonical(detail: Detail) -> str:
    """Return the one spelling of a row's detail."""
    return json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


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
    content = json.dumps(
        [seq, at.isoformat(), event, actor, subject, detail], separators=(",", ":")
    )
    return hmac.digest(key, _ROW + before + content.encode("ascii"), hashlib.sha256)


def seal_mac(key: bytes, before: bytes, seq: int, at: datetime, row: bytes) -> bytes:
    """Return the MAC of a seal at row `seq`, whose MAC is `row`."""
    content = f"{seq} {at.isoformat()}".encode("ascii")
    return hmac.digest(key, _SEAL + before + row + content, hashlib.sha256)
