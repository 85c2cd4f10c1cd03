"""The life of an order for a card: its states, and each allowed move."""

from __future__ import annotations

from enum import StrEnum

from .machine import Machine


class OrderState(StrEnum):
    """Where an order for a card stands."""

    DRAFT = "draft"
    """The pages of the request are being filled in."""
    WAITING = "waiting"
    """Submitted: waits to be provisioned."""
    TAKEN = "taken"
    """Somebody is putting a key onto its card."""
    PROVISIONED = "provisioned"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class OrderMove(StrEnum):
    """What can happen to an order."""

    SUBMITTED = "submitted"
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    PROVISIONED = "provisioned"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


_O, _OM = OrderState, OrderMove
ORDER = Machine(
    "order",
    _O.DRAFT,
    {
        (_O.DRAFT, _OM.SUBMITTED): _O.WAITING,
        (_O.DRAFT, _OM.CANCELLED): _O.CANCELLED,
        (_O.WAITING, _OM.TAKEN): _O.TAKEN,
        (_O.WAITING, _OM.CANCELLED): _O.CANCELLED,
        (_O.TAKEN, _OM.GIVEN_BACK): _O.WAITING,
        (_O.TAKEN, _OM.PROVISIONED): _O.PROVISIONED,
        (_O.TAKEN, _OM.CANCELLED): _O.CANCELLED,
        (_O.PROVISIONED, _OM.SHIPPED): _O.SHIPPED,
        (_O.PROVISIONED, _OM.CANCELLED): _O.CANCELLED,
    },
)


OPEN_ORDERS = (_O.DRAFT, _O.WAITING, _O.TAKEN, _O.PROVISIONED)
OPEN_ORDER_SQL = f"state IN ({', '.join(repr(state.value) for state in OPEN_ORDERS)})"
"""The orders of which a user has one at most."""
