"""The lives of a device, an order, a share, a return and the registration of a phone: their states,
and each allowed move.

Every statement that asks for a device's state asks here. What time alone does to a device is
decided when it is read (`state_at`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from .machine import Machine


class DeviceState(StrEnum):
    """Where a device stands in its life; a lock by wrong answers is beside that."""

    PENDING = "pending"
    """Its record is here; that the card holds the key was not confirmed yet."""
    INACTIVE = "inactive"
    """On its way, or in its owner's hands: waits to be activated."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Reported lost, stolen or broken, maybe in the post already. It may turn up again."""
    SET_ASIDE = "set_aside"
    """Rests while its owner uses a shared device."""
    REVOKED = "revoked"
    """Over for good, its secrets destroyed: revoked, returned, replaced or expired (`end_reason`).
    The row stays for what refers to it.
    """


class DeviceMove(StrEnum):
    """What can happen to a device."""

    CONFIRMED = "confirmed"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    SET_ASIDE = "set_aside"
    REVOKED = "revoked"


_D, _DM = DeviceState, DeviceMove
DEVICE = Machine(
    "device",
    _D.PENDING,
    {
        (_D.PENDING, _DM.CONFIRMED): _D.INACTIVE,
        (_D.PENDING, _DM.ACTIVATED): _D.ACTIVE,
        (_D.PENDING, _DM.REVOKED): _D.REVOKED,
        (_D.INACTIVE, _DM.ACTIVATED): _D.ACTIVE,
        (_D.INACTIVE, _DM.SUSPENDED): _D.SUSPENDED,
        (_D.INACTIVE, _DM.REVOKED): _D.REVOKED,
        (_D.ACTIVE, _DM.SUSPENDED): _D.SUSPENDED,
        (_D.ACTIVE, _DM.SET_ASIDE): _D.SET_ASIDE,
        (_D.ACTIVE, _DM.REVOKED): _D.REVOKED,
        (_D.SUSPENDED, _DM.REACTIVATED): _D.ACTIVE,
        (_D.SUSPENDED, _DM.REVOKED): _D.REVOKED,
        (_D.SET_ASIDE, _DM.REACTIVATED): _D.ACTIVE,
        (_D.SET_ASIDE, _DM.SUSPENDED): _D.SUSPENDED,
        (_D.SET_ASIDE, _DM.REVOKED): _D.REVOKED,
    },
)

KEPT_SQL = f"state != '{DeviceState.REVOKED.value}'"
"""The devices among which a serial, and an owner's name for a device, is unique."""

ACTIVE_PHONE_SQL = f"kind = 'mobile_key' AND state = '{DeviceState.ACTIVE.value}'"
"""The devices of which a user has one at most: the phone in use."""


class Timed(Protocol):
    """A device's row, as far as its state goes."""

    @property
    def state(self) -> str:
        """The state that was stored last."""

    @property
    def auto_activates_at(self) -> datetime | None:
        """When an inactive device becomes active by itself."""

    @property
    def valid_until(self) -> datetime | None:
        """When a temporary device is over."""


def state_at(device: Timed, now: datetime) -> DeviceState:
    """Return where a device stands at `now`: activated by itself, or over, as time goes by."""
    state = DeviceState(device.state)
    if device.valid_until is not None and now >= device.valid_until:
        return DeviceState.REVOKED
    if (
        state is DeviceState.INACTIVE
        and device.auto_activates_at is not None
        and now >= device.auto_activates_at
    ):
        return DeviceState.ACTIVE
    return state


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

MACHINES = (DEVICE, ORDER, SHARE, RETURN, REGISTRATION)
