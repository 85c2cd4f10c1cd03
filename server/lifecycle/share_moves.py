"""What the moves of a share bring about: devices rest or return, sessions end, people are told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from ..audit.events import Event
from ..audit.log import AuditLog
from ..db.tables import sessions, users
from ..login.overtaken import overtaken
from ..notify.outbox import Notice, put
from ..states.device import DeviceMove, DeviceState
from ..states.share import ShareMove, ShareState
from . import devices, revocation, shares, suspension, temporary
from .shares import Share


class ShareMoves:
    """Approves and cancels shares within the transaction of whoever decided it."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def approve(
        self,
        connection: Connection,
        share: Share,
        now: datetime,
        actor: str,
        decided_by: int | None,
        reason: str | None,
    ) -> None:
        """Make a pending share active; the requester's own devices rest from here on."""
        values = {"decided_at": now, "decided_by_id": decided_by, "reason": reason}
        shares.move(connection, share, ShareMove.APPROVED, values)
        for each in devices.own(connection, share.user_id, now):
            if each.state is DeviceState.ACTIVE:
                suspension.close_logins(connection, each.id, now)
                devices.move(connection, each.id, DeviceMove.SET_ASIDE, now)
        self.write(connection, now, actor, Event.SHARE_APPROVED, share.user, share.serial, reason)
        self.tell(connection, now, share.user_id, Notice.SHARE_DECIDED, share, decision="approved")

    def end_own(self, connection: Connection, share: Share, now: datetime) -> None:
        """End the requester's sessions that his resting devices opened; codes by SMS do not rest,
        they are over.
        """
        for each in devices.own(connection, share.user_id, now):
            if each.state is DeviceState.SET_ASIDE:
                connection.execute(delete(sessions).where(sessions.c.device_id == each.id))
        for device_id in overtaken(connection, now, share.user_id):
            revocation.end(connection, device_id, now, temporary.RESTORED)

    def cancel(self, connection: Connection, share: Share, now: datetime, actor: str) -> None:
        """End a share; where it was active, the devices that it set aside are back in use."""
        shares.move(connection, share, ShareMove.CANCELLED, {"ended_at": now})
        if share.state is ShareState.ACTIVE:
            suspension.close_logins(connection, share.device_id, now, share.user_id)
            connection.execute(
                delete(sessions).where(
                    sessions.c.device_id == share.device_id, sessions.c.user_id == share.user_id
                )
            )
            for each in devices.own(connection, share.user_id, now):
                if each.state is DeviceState.SET_ASIDE:
                    devices.move(connection, each.id, DeviceMove.REACTIVATED, now)
        self.write(connection, now, actor, Event.SHARE_CANCELLED, share.user, share.serial)
        if share.state is not ShareState.PROVED:
            for user_id in (share.user_id, share.owner_id):
                self.tell(connection, now, user_id, Notice.SHARE_CANCELLED, share)

    def write(
        self,
        connection: Connection,
        now: datetime,
        actor: str,
        event: Event,
        subject: str,
        serial: str,
        reason: str | None = None,
    ) -> None:
        """Write an event of a share down."""
        self._audit.write(
            connection, now, event, f"user:{actor}", subject, device=serial, reason=reason
        )

    def tell(
        self,
        connection: Connection,
        now: datetime,
        user_id: int,
        notice: Notice,
        share: Share,
        **values: str,
    ) -> None:
        """Put a notice of a share into the outbox."""
        once = f"share:{share.id}:{user_id}"
        put(connection, user_id, notice, once, now, due_at=None, serial=share.serial, **values)


def entity_of(connection: Connection, user_id: int) -> int | None:
    """Return the entity that a user stands for."""
    found: int | None = connection.execute(
        select(users.c.entity_id).where(users.c.id == user_id)
    ).scalar_one()
    return found
