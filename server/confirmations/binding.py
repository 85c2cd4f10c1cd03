"""What ties an action to its row and to a device: the seal, the digest, and the challenge."""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy import Connection

from protocol import ocra

from ..crypto.keyring import Keyring
from ..errors import SealBroken
from ..factors.kinds import DeviceKind
from ..login.offers import Choice, Factors, choices
from ..settings import Settings
from .action import LEAST_DIGITS, Action, Bound, challenge
from .rows import Kept

KINDS = frozenset({DeviceKind.CARD, DeviceKind.MOBILE_KEY})
"""The devices whose answers are made of a challenge: no other answer belongs to one action."""
_NOWHERE = "urn:challng:verifier"


class Binding:
    """Makes digests and challenges, and tells whether they are still an action's own."""

    def __init__(self, settings: Settings, keyring: Keyring, factors: Factors) -> None:
        self._keyring = keyring
        self._factors = factors
        self.verifier = settings.public_url or _NOWHERE
        """What this verifier is called in digests and receipts."""

    def seal(self, confirmation_id: str, action: Action) -> bytes:
        """Return an action as it is kept."""
        return self._keyring.seal(action.written(), _place(confirmation_id))

    def action(self, kept: Kept) -> Action | None:
        """Return the action, None where it is not the one that the digest was made of."""
        try:
            opened = self._keyring.open(kept.action_sealed, _place(kept.id))
        except SealBroken:
            return None
        action = Action.read(opened)
        bound = Bound(
            self.verifier, kept.application, kept.user, action, kept.nonce, kept.expires_at
        )
        return action if hmac.compare_digest(bound.digest, kept.digest) else None

    def able(self, connection: Connection, user_id: int, now: datetime) -> tuple[Choice, ...]:
        """Return the devices that can confirm: the longest challenge first, for it holds most of
        the digest; locked ones last.
        """
        found = [
            (self._digits(connection, each), each)
            for each in choices(connection, user_id, now)
            if each.kind in KINDS and each.kind in self._factors
        ]
        able = [pair for pair in found if pair[0] >= LEAST_DIGITS]
        able.sort(key=lambda pair: (pair[1].locked, -pair[0]))
        return tuple(each for _, each in able)

    def prompt(self, connection: Connection, digest: bytes, device: Choice) -> dict[str, object]:
        """Return how a device is asked about an action."""
        return {"challenge": challenge(digest, self._digits(connection, device))}

    def _digits(self, connection: Connection, device: Choice) -> int:
        state = self._factors[device.kind].load(connection, device.device_id)
        return ocra.parse(state.suite).question_length


def _place(confirmation_id: str) -> str:
    return f"confirmations.action_sealed:{confirmation_id}"
