"""What a login offers: a prompt of the device in use, and the devices to choose among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, null, select, text, union_all

from ..db.prepared import Prepared
from ..db.tables import devices, shares
from ..factors.interface import Factor, Prompt
from ..factors.kinds import DeviceKind
from ..states.device import KEPT_SQL, DeviceState, state_at
from .overtaken import overtaken

_OF_DEVICE = (
    devices.c.id,
    devices.c.kind,
    devices.c.serial,
    devices.c.label,
    devices.c.state,
    devices.c.locked_at,
    devices.c.added_at,
    devices.c.used_at,
    devices.c.auto_activates_at,
    devices.c.valid_until,
)
_USABLE = Prepared(
    union_all(
        select(*_OF_DEVICE, null().label("share_id")).where(
            devices.c.owner_id == bindparam("user"), text(KEPT_SQL)
        ),
        select(*_OF_DEVICE, shares.c.id)
        .join(shares, shares.c.device_id == devices.c.id)
        .where(shares.c.user_id == bindparam("user"), shares.c.state == "active"),
    )
)

Factors = Mapping[DeviceKind, Factor[Any]]
"""The kinds of second factor that this verifier knows."""


@dataclass(frozen=True)
class Choice:
    """A device that a login can be answered with; `id` is its user's name for it."""

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


def choices(connection: Connection, user_id: int, now: datetime) -> tuple[Choice, ...]:
    """Return the devices a user can log in with: unlocked ones first, then the one used last.

    His own, and those shared with him, that are active at `now`; no
    codes by SMS any more once a permanent device has taken their place.
    """
    rows = _USABLE.all(connection, user=user_id)
    usable = [row for row in rows if state_at(row, now) is DeviceState.ACTIVE]
    if any(row.kind == DeviceKind.SMS_CODE.value for row in usable):
        over = overtaken(connection, now, user_id)
        usable = [row for row in usable if row.id not in over]
    usable.sort(
        key=lambda row: (
            row.locked_at is not None,
            -(row.used_at or row.added_at).timestamp(),
            row.share_id is not None,
            row.id,
        )
    )
    return tuple(
        Choice(
            row.label if row.share_id is None else f"shared-{row.share_id}",
            DeviceKind(row.kind),
            row.id,
            row.serial,
            row.locked_at is not None,
        )
        for row in usable
    )


def ask(connection: Connection, factor: Factor[Any], device_id: int) -> Prompt:
    """Have a device's factor make a prompt, and store what that changes."""
    while True:
        state = factor.load(connection, device_id)
        question = factor.offer(state)
        if question.state == state or factor.move(connection, device_id, state, question.state):
            return question.prompt
