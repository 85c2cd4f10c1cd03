"""Taking a device away: its secrets destroyed, its logins closed, its sessions ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, delete, select, true, update

from ..audit.events import Event
from ..audit.log import AuditLog
from ..db.tables import (
    cards,
    code_cards,
    devices,
    logins,
    mobile_keys,
    orders,
    sessions,
    shares,
    temporary_codes,
    users,
)
from ..errors import NoSuchCard
from ..login.ledger import UNFINISHED, LoginState
from ..notify import outbox
from ..states.device import DEVICE, DeviceMove, DeviceState
from ..states.share import ShareState
from . import devices as life

_REVOCABLE = [
    state.value
    for state in DEVICE.sources(DeviceMove.REVOKED)
    if state is not DeviceState.PENDING  # that is abandoned, as if it had never been
]


@dataclass(frozen=True)
class Kept:
    """A card that is pending or active."""

    device_id: int
    state: DeviceState
    key_id: str | None
    provisioner_id: int | None


def find(connection: Connection, serial: str) -> Kept | None:
    """Return the card that has this serial now, or None."""
    row = connection.execute(
        select(devices.c.id, devices.c.state, devices.c.provisioner_id, cards.c.key_id)
        .join(cards, cards.c.device_id == devices.c.id)
        .where(devices.c.serial == serial, devices.c.state != DeviceState.REVOKED.value)
    ).one_or_none()
    if row is None:
        return None
    return Kept(row.id, DeviceState(row.state), row.key_id, row.provisioner_id)


def get(connection: Connection, serial: str) -> Kept:
    """Return the card that has this serial now, or raise NoSuchCard."""
    kept = find(connection, serial)
    if kept is None:
        raise NoSuchCard(
            f"There is no card {serial}: `challng-server card list` shows which there are."
        )
    return kept


def revoke(
    connection: Connection,
    audit: AuditLog,
    device_id: int,
    now: datetime,
    actor: str,
    reason: str = "revoked",
    decided_by: life.Device | None = None,
) -> bool:
    """Take a device away for good, and end its shares; False where it is pending, or was taken away
    before. `actor`: who does it, for the log. `decided_by`: the device as it was when this was
    decided; False also where it is not in that state any more.
    """
    if not end(connection, device_id, now, reason, decided_by):
        return False
    _end_shares(connection, audit, device_id, now, actor, reason)
    return True


def end(
    connection: Connection,
    device_id: int,
    now: datetime,
    reason: str,
    decided_by: life.Device | None = None,
) -> bool:
    """Take a device away that is never shared, a temporary one or a phone; else as `revoke`.

    Rows are held in the order of a login (login, device, card). An answer that comes in between
    holds the device first and counts, or finds it revoked.
    """
    connection.execute(
        update(logins)
        .where(logins.c.device_id == device_id, UNFINISHED)
        .values(state=LoginState.CLOSED.value, decided_at=now)
    )
    taken = connection.execute(
        update(devices)
        .where(
            devices.c.id == device_id,
            devices.c.state.in_(_REVOCABLE),
            true() if decided_by is None else life.is_still(decided_by),
        )
        .values(
            state=DeviceState.REVOKED.value,
            ended_at=now,
            end_reason=reason,
            # Whether it ever was active is still to be told when it is over.
            activated_at=case(
                (devices.c.activated_at.is_not(None), devices.c.activated_at),
                (devices.c.auto_activates_at <= now, devices.c.auto_activates_at),
            ),
            auto_activates_at=None,
        )
    )
    if taken.rowcount != 1:
        return False
    connection.execute(
        update(cards).where(cards.c.device_id == device_id).values(key_sealed=None, pin_sealed=None)
    )
    connection.execute(
        update(code_cards).where(code_cards.c.device_id == device_id).values(values_sealed=None)
    )
    connection.execute(
        update(temporary_codes)
        .where(temporary_codes.c.device_id == device_id)
        .values(code_hash=None)
    )
    connection.execute(
        update(mobile_keys)  # what it signed with stays, to be told that it has ended
        .where(mobile_keys.c.device_id == device_id)
        .values(
            key_sealed=None,
            pin_sealed=None,
            push_sealed=None,
            credential_id=None,
            credential_key=None,
        )
    )
    connection.execute(delete(sessions).where(sessions.c.device_id == device_id))
    outbox.take_back(connection, f"device:{device_id}", *outbox.BEFORE_ACTIVATION)
    return True


def _end_shares(
    connection: Connection,
    audit: AuditLog,
    device_id: int,
    now: datetime,
    actor: str,
    reason: str,
) -> None:
    """End what shares a device that is over; what it set aside is back in use."""
    open_ = [ShareState.PROVED.value, ShareState.PENDING.value, ShareState.ACTIVE.value]
    ended = connection.execute(
        select(shares.c.id, shares.c.user_id, shares.c.state, users.c.name, devices.c.serial)
        .join(devices, devices.c.id == shares.c.device_id)
        .join(users, users.c.id == shares.c.user_id)
        .where(shares.c.device_id == device_id, shares.c.state.in_(open_))
    ).all()
    for row in ended:
        connection.execute(
            update(shares)
            .where(shares.c.id == row.id, shares.c.state == row.state)
            .values(state=ShareState.CANCELLED.value, ended_at=now)
        )
        if row.state == ShareState.ACTIVE.value:
            for device in life.own(connection, row.user_id, now):
                if device.state is DeviceState.SET_ASIDE:
                    life.move(connection, device.id, DeviceMove.REACTIVATED, now)
        if row.state != ShareState.PROVED.value:
            once = f"share:{row.id}:{row.user_id}"
            outbox.put(
                connection,
                row.user_id,
                outbox.Notice.SHARE_CANCELLED,
                once,
                now,
                serial=row.serial,
            )
    for row in ended:  # the log comes last, when nothing else is waited for
        audit.write(
            connection,
            now,
            Event.SHARE_CANCELLED,
            actor,
            row.name,
            device=row.serial,
            reason=reason,
        )


def abandon(connection: Connection, device_id: int) -> bool:
    """Remove a pending device as if it had never been; False where it is not pending any more."""
    pending = select(devices.c.id).where(
        devices.c.id == device_id, devices.c.state == DeviceState.PENDING.value
    )
    if connection.execute(pending.with_for_update()).first() is None:
        return False
    connection.execute(update(orders).where(orders.c.device_id == device_id).values(device_id=None))
    connection.execute(delete(cards).where(cards.c.device_id == device_id))
    connection.execute(delete(devices).where(devices.c.id == device_id))
    return True
