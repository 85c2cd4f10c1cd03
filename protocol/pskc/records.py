"""What a key file says of one card."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CardRecord:
    """One card's key and what belongs to it.

    `counter` is the next one that the card will use; `challenge_length` and `pin_length` are in
    digits; `key_id` names the key at its issuer; `key` never shows in a repr.
    """

    serial: str
    suite: str
    key: bytes = field(repr=False)
    counter: int
    issuer: str
    key_id: str
    challenge_length: int = 6
    pin_length: int = 4
