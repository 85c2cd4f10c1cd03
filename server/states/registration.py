"""The life of the registration of a phone: its states, and each allowed move."""

from __future__ import annotations

from enum import StrEnum

from .machine import Machine


class RegistrationState(StrEnum):
    """Where the registration of a phone as a mobile key stands; expiry is read off the clock."""

    BEGUN = "begun"
    """The password was right."""
    SENT = "sent"
    """A token is on its way to the user's phone."""
    PROVED = "proved"
    """The token, or the card in its place, was right."""
    DONE = "done"
    ENDED = "ended"
    """Tried too often, or overtaken by another."""


class RegistrationMove(StrEnum):
    """What can happen to a registration."""

    SENT = "sent"
    PROVED = "proved"
    DONE = "done"
    ENDED = "ended"


_P, _PM = RegistrationState, RegistrationMove
REGISTRATION = Machine(
    "registration",
    _P.BEGUN,
    {
        (_P.BEGUN, _PM.SENT): _P.SENT,
        (_P.BEGUN, _PM.PROVED): _P.PROVED,
        (_P.BEGUN, _PM.ENDED): _P.ENDED,
        (_P.SENT, _PM.SENT): _P.SENT,
        (_P.SENT, _PM.PROVED): _P.PROVED,
        (_P.SENT, _PM.ENDED): _P.ENDED,
        (_P.PROVED, _PM.DONE): _P.DONE,
        (_P.PROVED, _PM.ENDED): _P.ENDED,
    },
)
