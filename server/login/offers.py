"""What a login offers: a prompt of the device in use, and the devices to choose among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from ..db.tables import devices, shares
from ..factors.interface import Factor, Prompt
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState, state_at
from .overtaken import overtaken

_OWNED = select(devices).where(devices.c.owner_id == bindparam("user")).order_by(devices.c.id)
_SHARED = (
    select(devices, shares.c.id.label("share_id"))
    .join(shares, shares.c.device_id == devices.c.id)
    .where(shares.c.user_id == bindparam("user"), shares.c.state == "active")
    .order_by(devices.c.id)
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
    rows = [
        *((row, row.label) for row in connection.execute(_OWNED, {"user": user_id})),
        *(
            (row, f"shared-{row.share_id}")
            for row in connection.execute(_SHARED, {"user": user_id})
        ),
    ]
    usable = [each for each in rows if state_at(each[0], now) is DeviceState.ACTIVE]
    if any(each[0].kind == DeviceKind.SMS_CODE.value for each in usable):
        over = overtaken(connection, now, user_id)
        usable = [each for each in usable if each[0].id not in over]
    usable.sort(
        key=lambda each: (
            each[0].locked_at is not None,
            -(each[0].used_at or each[0].added_at).timestamp(),
        )
    )
    return tuple(
        Choice(label, DeviceKind(row.kind), row.id, row.serial, row.locked_at is not None)
        for row, label in usable
    )


def ask(connection: Connection, factor: Factor[Any], device_id: int) -> Prompt:
    """Have a device's factor make a prompt, and store what that changes."""
    while True:
        state = factor.load(connection, device_id)
        question = factor.offer(state)
        if question.state == state or factor.move(connection, device_id, state, question.state):
            return question.prompt
