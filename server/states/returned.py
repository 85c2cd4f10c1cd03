"""The life of a card that goes back: its states, and each allowed move."""

from __future__ import annotations

from enum import StrEnum

from .machine import Machine


class ReturnState(StrEnum):
    """Where a card that goes back stands."""

    ANNOUNCED = "announced"
    """The form was printed; the card is with its owner, or in the post."""
    RECEIVED = "received"
    CANCELLED = "cancelled"


class ReturnMove(StrEnum):
    """What can happen to a return."""

    RECEIVED = "received"
    CANCELLED = "cancelled"


_R, _RM = ReturnState, ReturnMove
RETURN = Machine(
    "return",
    _R.ANNOUNCED,
    {
        (_R.ANNOUNCED, _RM.RECEIVED): _R.RECEIVED,
        (_R.ANNOUNCED, _RM.CANCELLED): _R.CANCELLED,
    },
)

ANNOUNCED_SQL = f"state = '{ReturnState.ANNOUNCED.value}'"
"""The returns of which a device has one at most."""
