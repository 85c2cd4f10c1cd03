"""The life of a device: its states, each allowed move, and what time alone does to it.

Every statement that asks for a device's state asks here. What time does to a device is decided when
it is read (`state_at`).
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
    """Reported lost, stolen or broken, maybe in the post already. It may turn up again, but not
    a phone that may have been copied (`end_reason`).
    """
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
