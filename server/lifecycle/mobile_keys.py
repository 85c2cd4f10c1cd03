"""The end of a mobile key: by its user in the portal or in the app, or by the desk.

Its secrets are destroyed, its sessions and notifications end. A phone that is only lost for now is
suspended instead, as every device is.
"""

from __future__ import annotations

from sqlalchemy import Connection, update

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..db.tables import devices as rows
from ..errors import DeviceLocked, IllegalMove
from ..factors.kinds import DeviceKind
from ..login.access import RIGHTS, Right
from ..login.judge import LOCKED
from ..login.sessions import Session
from ..notify import outbox
from ..notify.outbox import Notice
from ..states.device import DEVICE, DeviceMove
from ..words import N_
from . import devices, revocation
from .devices import Device

_NOT_ONE = N_("Only a mobile key is deactivated in this way.")
_NOT_NOW = N_("This mobile key has ended already: nothing was changed.")
_REASON = "deactivated"


class MobileKeys:
    """Ends mobile keys."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def show(self, session: Session, device_id: str | int) -> Device:
        """Return a mobile key of the session's user that can be deactivated."""
        with self._database.reading() as connection:
            return self._own(connection, session, device_id)

    def deactivate(self, session: Session, device_id: str | int) -> Device:
        """End a mobile key of the session's user; raises NotThere, IllegalMove, DeviceLocked."""
        with self._database.writing() as connection:
            device = self._own(connection, session, device_id)
            self.end(connection, device, session.user)
        return device

    def deactivate_itself(self, device_id: int, user: str) -> Device:
        """End the mobile key that asks for it itself; raises IllegalMove, DeviceLocked."""
        with self._database.writing() as connection:
            device = devices.get(connection, device_id, self._clock.now())
            _must_not_be_locked(device)
            self.end(connection, device, user, why="deactivated in the app")
        return device

    def end_at_the_desk(
        self, connection: Connection, device: Device, actor: str, why: str, check: int
    ) -> None:
        """End a mobile key for its user; a lock ends with it, so that he can register another."""
        self.end(connection, device, actor, why, check=check)
        connection.execute(update(rows).where(rows.c.id == device.id).values(locked_at=None))

    def end(
        self,
        connection: Connection,
        device: Device,
        actor: str,
        why: str = _REASON,
        **detail: str | int,
    ) -> None:
        """End a mobile key, tell its owner, and write down who did it and why."""
        if device.kind is not DeviceKind.MOBILE_KEY:
            raise IllegalMove(_NOT_ONE)
        now = self._clock.now()
        if not revocation.end(connection, device.id, now, _REASON):
            raise IllegalMove(_NOT_NOW)
        outbox.put(
            connection,
            device.owner_id,
            Notice.MOBILE_KEY_DEACTIVATED,
            f"device:{device.id}",
            now,
            serial=device.serial,
        )
        self._audit.write(
            connection,
            now,
            Event.DEVICE_ENDED,
            f"user:{actor}",
            device.owner,
            device=device.serial,
            reason=why,
            **detail,
        )

    def _own(self, connection: Connection, session: Session, device_id: str | int) -> Device:
        now = self._clock.now()
        device = devices.get_own(connection, session.user_id, device_id, now)
        if device.kind is not DeviceKind.MOBILE_KEY:
            raise IllegalMove(_NOT_ONE)
        if Right.DEVICES not in RIGHTS[session.access] or not DEVICE.allows(
            device.state, DeviceMove.REVOKED
        ):
            raise IllegalMove(_NOT_NOW)
        _must_not_be_locked(device)
        return device


def _must_not_be_locked(device: Device) -> None:
    """Raise DeviceLocked: who ends a locked key could register another, with ten more tries."""
    if device.locked:
        raise DeviceLocked(LOCKED)
