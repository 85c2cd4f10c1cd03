"""Approving a login on the phone: what is signed, and when its user may be asked. No I/O.

What the phone signs names one login, and whoever began it sees the number that has to be chosen
on the phone: so a signature fits no other login, and a user who is asked about somebody else's
has to guess the number.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ..clock import written
from ..factors.interface import APPROVAL, Prompt
from ..login.ledger import LoginRow

PROOF_SUITE = "OCRA-1:HOTP-SHA256-8:QH64-PSHA256"
"""What proves the PIN, over the hash of what is signed."""

NUMBERS = "_numbers"
_VERSION = 1
_HEAD = f"challng approval {_VERSION}"
_REMEMBERED = 3


class Verdict(StrEnum):
    """What the phone's user says to a login."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True)
class PromptRules:
    """How often a user may be asked: once within `pause`, three times within `window`."""

    pause: timedelta
    window: timedelta

    def allow(self, prompted: tuple[datetime, ...], now: datetime) -> bool:
        """Tell whether he may be asked, who was asked at `prompted` (the latest last)."""
        last = prompted[-_REMEMBERED:]
        if last and now - last[-1] < self.pause:
            return False
        return len(last) < _REMEMBERED or now - last[0] >= self.window


def remember(prompted: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """Return the last moments at which a user was asked, `now` being one."""
    return (*prompted, now)[-_REMEMBERED:]


def ask_on_phone(challenge: Prompt) -> Prompt:
    """Return the prompt of a login that the phone is asked about, beside its challenge.

    The number is shown where the login was begun; the phone shows it among two others.
    """
    three = [str(each) for each in secrets.SystemRandom().sample(range(10, 100), 3)]
    return {
        **challenge,
        "number": three[0],
        "push": True,
        APPROVAL: secrets.token_urlsafe(16),
        NUMBERS: sorted(three),
    }


def do_not_ask(challenge: Prompt) -> Prompt:
    """Return the prompt of a login for which the passcode alone is open."""
    return {**challenge, "number": None, "push": False}


def details(row: LoginRow, serial: str) -> str:
    """Return what is told of a login on the phone, as the JSON text that is signed."""
    told = {
        "v": _VERSION,
        "login": row.approval_id,
        "user": row.user,
        "serial": serial,
        "from": row.from_address or "",
        "agent": row.from_agent or "",
        "at": written(row.begun_at),
    }
    return json.dumps(told, separators=(",", ":"))


def message(verdict: Verdict, number: str | None, told: str) -> bytes:
    """Return what the phone signs."""
    return "\n".join((_HEAD, verdict.value, number or "-", told)).encode()


@dataclass(frozen=True)
class Approval:
    """An approval as it came: `told` is the login's own `details`."""

    told: str
    number: str
    signature: bytes
    pin_proof: str | None = None
    assertion: Mapping[str, Any] | None = None

    @property
    def signed(self) -> bytes:
        """What was signed."""
        return message(Verdict.APPROVE, self.number, self.told)

    @property
    def challenge(self) -> bytes:
        """What the security element answers for: the hash of what was signed."""
        return hashlib.sha256(self.signed).digest()

    def written(self) -> str:
        """Return it in one line, as the factor reads it."""
        parts = (self.told, self.number, self.signature.hex(), self.pin_proof, self.assertion)
        return json.dumps(parts)

    @classmethod
    def read(cls, text: str) -> Approval:
        """Return what `written` has made."""
        told, number, signature, pin_proof, assertion = json.loads(text)
        return cls(told, number, bytes.fromhex(signature), pin_proof, assertion)
