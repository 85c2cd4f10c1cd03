"""Approving on the phone, behind the factor interface: the same device, asked in another way.

The phone's signature says which login and which number; the security element says who: the PIN, by
a proof that is worth nothing for another login, or the platform's authenticator.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocol import ocra

from ..clock import Clock
from ..crypto.keyring import Keyring
from ..errors import AnswerMalformed, ApprovalRefused, KeyCopied
from ..factors import mobile_key
from ..factors.card import CardRules
from ..factors.interface import Prompt, Question, Verdict
from ..factors.mobile_key import Element, MobileKeyState
from ..factors.mobile_key_factor import MobileKeyFactor
from ..settings import Settings
from ..words import N_
from .approval import PROOF_SUITE, Approval, PromptRules, ask_on_phone, do_not_ask, remember
from .origin import origin, rp_id
from .signed import is_signed_by

REFUSED = N_("What the phone has signed does not fit this login: nothing was done.")
_COPIED = N_(
    "This mobile key was used in a way that shows that there may be a copy of it. It is suspended: "
    "call the support desk."
)
_NO_PIN = N_("The PIN is missing: type it on the phone.")
_NO_ELEMENT = N_("The fingerprint, face or screen lock is missing: use it on the phone.")


class ApprovalFactor(MobileKeyFactor):
    """Mobile keys as they approve a login; an answer is an `Approval` in one line."""

    def __init__(
        self, keyring: Keyring, rules: CardRules, settings: Settings, clock: Clock
    ) -> None:
        super().__init__(keyring, rules)
        self._clock = clock
        self._rp_id = rp_id(settings)
        self._origin = origin(settings)
        self._prompts = PromptRules(settings.prompt_pause, settings.prompt_window)

    def offer(self, state: MobileKeyState) -> Question[MobileKeyState]:
        """Ask on the phone, unless its user was asked too often; a passcode can always be given."""
        now = self._clock.now()
        challenge = mobile_key.offer(state)
        if not self._prompts.allow(state.prompted, now):
            return Question(do_not_ask(challenge), state)
        asked = replace(state, prompted=remember(state.prompted, now))
        return Question(ask_on_phone(challenge), asked)

    def read(self, state: MobileKeyState, text: str) -> str:
        """Return the approval as it came; raises AnswerMalformed where the element is missing."""
        approval = Approval.read(text)
        if state.element is Element.PIN and approval.pin_proof is None:
            raise AnswerMalformed(_NO_PIN)
        if state.element is Element.WEBAUTHN and approval.assertion is None:
            raise AnswerMalformed(_NO_ELEMENT)
        return text

    def check(
        self, state: MobileKeyState, prompt: Prompt, answer: str, login_id: str
    ) -> Verdict[MobileKeyState]:
        """Judge an approval: a wrong number and a wrong PIN are wrong answers.

        Raises ApprovalRefused for what the phone itself cannot have sent, and KeyCopied.
        """
        approval = Approval.read(answer)
        if not is_signed_by(state.sign_key, approval.signature, approval.signed):
            raise ApprovalRefused(REFUSED)
        if approval.number != prompt.get("number"):
            return Verdict(False, state)
        if state.element is Element.PIN:
            return Verdict(_proves_the_pin(state, approval), state)
        count = self._asserted(state, approval)
        if max(count, state.sign_count) > 0 and count <= state.sign_count:
            raise KeyCopied(_COPIED)
        return Verdict(True, replace(state, sign_count=count))

    def _asserted(self, state: MobileKeyState, approval: Approval) -> int:
        """Return the authenticator's count, once its signature is found right."""
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException

        assertion: Mapping[str, Any] = approval.assertion or {}
        try:
            verified = verify_authentication_response(
                credential=dict(assertion),
                expected_challenge=approval.challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=state.credential_key or b"",
                credential_current_sign_count=0,  # looked at when the signature is right
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError):
            raise ApprovalRefused(REFUSED) from None
        if verified.credential_id != state.credential_id:
            raise ApprovalRefused(REFUSED)
        return verified.new_sign_count


def _proves_the_pin(state: MobileKeyState, approval: Approval) -> bool:
    expected = ocra.response(
        PROOF_SUITE, state.key, question=approval.challenge.hex(), pin=state.pin
    )
    return hmac.compare_digest(expected, approval.pin_proof or "")
