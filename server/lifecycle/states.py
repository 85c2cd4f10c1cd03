"""Where a device stands in its life; every statement that asks for a state asks here.

A new state belongs into this enum, and into `KEPT` and `ANSWERS` where it should be.
"""

from __future__ import annotations

from enum import StrEnum


class DeviceState(StrEnum):
    """The value stands in the database and in answers."""

    PENDING = "pending"
    """Its record is here, and nobody has confirmed yet that the device holds the key."""
    ACTIVE = "active"
    REVOKED = "revoked"
    """Its secrets are destroyed; the row stays for what refers to it."""


ANSWERS = DeviceState.ACTIVE
"""The one state in which a device is offered at a login and can answer."""

KEPT_SQL = f"state != '{DeviceState.REVOKED.value}'"
"""The devices among which a serial, and an owner's name for a device, is unique."""
