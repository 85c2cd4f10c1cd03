"""User names: lower case, 1 to 64 of a-z, 0-9, dot, underscore, at, hyphen."""

from __future__ import annotations

import re

from ..errors import UserRefused

_NAME = re.compile(r"[a-z0-9._@-]{1,64}")
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's categories Cc and Cs."""


def spelled(text: str) -> str | None:
    """Return the one spelling of a name, or None where it cannot be one."""
    name = text.lower()
    return name if _NAME.fullmatch(name) else None


def check(text: str) -> str:
    """Return the one spelling of a new name, or raise UserRefused."""
    name = spelled(text)
    if name is None:
        raise UserRefused(
            "A user name has 1 to 64 of the letters a to z, digits, and . _ @ - : choose another."
        )
    return name


def is_plain(text: str) -> bool:
    """Tell whether a text has no control characters and no half of a surrogate pair."""
    return not _ODD.search(text)
