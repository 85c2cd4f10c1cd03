"""What is wanted on one card.

Where orders come from is not their concern: a command line, a list of names, or a verifier.
"""

from __future__ import annotations

from dataclasses import dataclass

KEY_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}
"""A key is as long as the output of its HMAC's hash (RFC 4226 R6, RFC 6287 section 5.1)."""


@dataclass(frozen=True)
class Order:
    """Which slot, for whom, under which suite.

    `serial` None takes the serial that the card has in another slot, or draws a new one.
    """

    slot: str
    issuer: str
    suite: str
    serial: str | None = None
    replace: bool = False
