"""The life of a shared device: its states, and each allowed move."""

from __future__ import annotations

from enum import StrEnum

from .machine import Machine


class ShareState(StrEnum):
    """Where the sharing of a device stands."""

    PROVED = "proved"
    """The owner's device has answered; the user who asked looks it over and submits it."""
    PENDING = "pending"
    """Compliance looks at it."""
    ACTIVE = "active"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ShareMove(StrEnum):
    """What can happen to a share."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_S, _SM = ShareState, ShareMove
SHARE = Machine(
    "share",
    _S.PROVED,
    {
        (_S.PROVED, _SM.SUBMITTED): _S.PENDING,
        (_S.PROVED, _SM.CANCELLED): _S.CANCELLED,
        (_S.PENDING, _SM.APPROVED): _S.ACTIVE,
        (_S.PENDING, _SM.REJECTED): _S.REJECTED,
        (_S.PENDING, _SM.CANCELLED): _S.CANCELLED,
        (_S.ACTIVE, _SM.CANCELLED): _S.CANCELLED,
    },
)
