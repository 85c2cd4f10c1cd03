"""An action, everything it is bound to, and the challenge that is made of that.

The digest is SHA-256 over one spelling of: the verifier, the application, the user, the action, a
nonce that the verifier draws once the action is fixed, and when it ends. Nobody can look for a
second action with the same challenge before the nonce is there, and it comes with the challenge.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..clock import written

KIND = "challng confirmation 1"
LEAST_DIGITS = 6
"""The shortest challenge that has room for an action's digest."""


@dataclass(frozen=True)
class Line:
    """One fact of an action, as a person reads it: "To", "DE89 3704 0044 0532 0130 00"."""

    label: str
    value: str


@dataclass(frozen=True)
class Action:
    """What is to be done, in the application's words."""

    title: str
    lines: tuple[Line, ...]

    def told(self) -> dict[str, Any]:
        """Return it as the API has it."""
        return {
            "title": self.title,
            "lines": [{"label": each.label, "value": each.value} for each in self.lines],
        }

    def written(self) -> bytes:
        """Return it as it is kept."""
        return _spelled(self.told())

    @classmethod
    def read(cls, text: bytes) -> Action:
        """Return what was kept."""
        content = json.loads(text)
        lines = tuple(Line(each["label"], each["value"]) for each in content["lines"])
        return cls(content["title"], lines)


@dataclass(frozen=True)
class Bound:
    """An action with everything that it is bound to."""

    verifier: str
    application: str
    user: str
    action: Action
    nonce: bytes
    expires_at: datetime

    def canonical(self) -> bytes:
        """Return the one spelling: JSON in UTF-8, keys sorted, no space (as RFC 8785 has it)."""
        return _spelled(
            {
                "action": self.action.told(),
                "application": self.application,
                "expires": written(self.expires_at),
                "kind": KIND,
                "nonce": b64url(self.nonce),
                "user": self.user,
                "verifier": self.verifier,
            }
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of the canonical spelling."""
        return hashlib.sha256(self.canonical()).digest()


def challenge(digest: bytes, digits: int) -> str:
    """Return the challenge of an action, for a suite with QN`digits`: it begins with a zero.

    No login's challenge does (`factors.card.offer`), so an answer to the one is never an answer to
    the other. Under RFC 6287's padding (decimal to hexadecimal, zeros to the right) some numbers
    have the same input; none of those below does, among themselves or with a login's: they are the
    ones whose sixteenfold has more than `digits` digits.
    """
    lowest, end = -(-(10**digits) // 16), 10 ** (digits - 1)
    return f"{lowest + int.from_bytes(digest, 'big') % (end - lowest):0{digits}}"


def is_readable(text: str) -> bool:
    """Tell whether a text shows as what it is: no control or format characters (those that turn
    the direction of writing among them), no line breaks, nothing unassigned.
    """
    return not any(
        unicodedata.category(each).startswith("C") or unicodedata.category(each) in {"Zl", "Zp"}
        for each in text
    )


def b64url(raw: bytes) -> str:
    """Return base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _spelled(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
