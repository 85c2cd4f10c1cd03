"""Where a login was begun, as whoever approves it on a phone is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Whence:
    """An address, and a browser with its system (`web.agent`)."""

    address: str | None = None
    agent: str | None = None


NOWHERE = Whence()
"""What is known of a proof within a session."""
