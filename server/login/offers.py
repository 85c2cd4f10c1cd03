"""What a login offers: a prompt of the device in use, and the devices to choose among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from ..db.tables import devices
from ..factors.interface import Factor, Prompt
from ..factors.kinds import DeviceKind
from ..lifecycle.states import ANSWERS

_OWNED = (
    select(devices)
    .where(devices.c.owner_id == bindparam("owner"), devices.c.state == ANSWERS.value)
    .order_by(devices.c.id)
)

Factors = Mapping[DeviceKind, Factor[Any]]
"""The kinds of second factor that this verifier knows."""


@dataclass(frozen=True)
class Choice:
    """A device that a login can be answered with; `id` is its owner's name for it."""

    id: str
    kind: DeviceKind
    device_id: int
    serial: str
    locked: bool


@dataclass(frozen=True)
class Offered:
    """A login that waits for its answer."""

    login_id: str
    user: str
    factor: Choice
    prompt: Prompt
    factors: tuple[Choice, ...]
    expires_at: datetime


def choices(connection: Connection, user_id: int) -> tuple[Choice, ...]:
    """Return a user's active devices: usable ones first, then the one used last."""
    rows = connection.execute(_OWNED, {"owner": user_id}).all()
    ordered = sorted(
        rows,
        key=lambda row: (row.locked_at is not None, -(row.used_at or row.added_at).timestamp()),
    )
    return tuple(
        Choice(row.label, DeviceKind(row.kind), row.id, row.serial, row.locked_at is not None)
        for row in ordered
    )
