"""The id of a login: the second it begins in, then 128 random bits.

Ids grow with time, so that new ones stand side by side in every index, and the old ones can be cut
off in one piece. The tilde sorts after everything that an id began with before there was a time
in it; such an id stays good.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from functools import lru_cache

_BYTES = 16
_DIGITS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""The 64 characters of a URL in the order of their codes."""
_LENGTH = 6  # 64^6 seconds: until the year 4147

WITH_TIME = "~"
PATTERN = re.compile(r"(?:~[A-Za-z0-9_-]{6})?[A-Za-z0-9_-]{22}")
"""What an id looks like."""


def make(now: datetime) -> str:
    """Return the id of a login that begins now; nobody can guess it."""
    return start_of(now) + secrets.token_urlsafe(_BYTES)


def start_of(moment: datetime) -> str:
    """Return what every id made at a moment or later sorts after, and none made before."""
    return _written(max(0, int(moment.timestamp())))


@lru_cache(maxsize=4)
def _written(seconds: int) -> str:
    digits = [_DIGITS[(seconds >> 6 * place) & 63] for place in reversed(range(_LENGTH))]
    return WITH_TIME + "".join(digits)
