"""The mobile key as a second factor: what the verifier knows of one, and its passcode path.

The passcode is OCRA with a counter and a numeric challenge, as the card's, with the same
look-ahead. With the element `pin` the PIN is one of the inputs, as it is for a card; with
`webauthn` the phone asks its user by its own lock before it computes, and the PIN is only for
taking the key back after a reinstall.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ..errors import AnswerMalformed
from ..words import N_
from . import card
from .card import CardRules, CardState
from .interface import Prompt, Verdict


class Element(StrEnum):
    """The security element: how a phone makes sure of its user."""

    WEBAUTHN = "webauthn"
    PIN = "pin"

    @property
    def suite(self) -> str:
        """The OCRA suite of its passcodes."""
        return _SUITES[self]


_SUITES = {
    Element.WEBAUTHN: "OCRA-1:HOTP-SHA256-8:C-QN06",
    Element.PIN: "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256",
}


@dataclass(frozen=True)
class MobileKeyState:
    """What the verifier knows of a mobile key.

    `passcode` is what a card would have: suite, counter, key, and the PIN where the suite has one.
    `pin` is the PIN, or the recovery PIN. `sign_key` is an uncompressed P-256 point. `prompted`:
    when the user was asked by a notification the last three times, the latest last.
    """

    element: Element
    passcode: CardState
    pin: str = field(repr=False)
    sign_key: bytes = field(repr=False)
    credential_id: bytes | None = field(default=None, repr=False)
    credential_key: bytes | None = field(default=None, repr=False)
    sign_count: int = 0
    prompted: tuple[datetime, ...] = ()

    @property
    def suite(self) -> str:
        """The suite of its passcodes."""
        return self.passcode.suite

    @property
    def key(self) -> bytes:
        """The OCRA key."""
        return self.passcode.key


def offer(state: MobileKeyState) -> Prompt:
    """Draw a challenge, as for a card."""
    return card.offer(state.passcode)


def read(state: MobileKeyState, text: str) -> str:
    """Return the digits of a passcode typed with or without the space in its middle."""
    try:
        return card.read(state.passcode, text)
    except AnswerMalformed as refusal:
        raise AnswerMalformed(
            N_("The response has %(digits)s digits, as the phone shows them: type them all."),
            **refusal.values,
        ) from None


def check(
    rules: CardRules, state: MobileKeyState, prompt: Prompt, answer: str, login_id: str
) -> Verdict[MobileKeyState]:
    """Judge a passcode by the card's rules."""
    verdict = card.check(rules, state.passcode, prompt, answer, login_id)
    return Verdict(verdict.right, replace(state, passcode=verdict.state))
