"""A card that never arrived, reported by whom it was sent to.

For sessions that a device has opened (`Right.LOST_CARDS`): to whom the password alone is known,
reporting the card that is in the post, and having another one sent, must not be open.
"""

from __future__ import annotations

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import IllegalMove
from ..login.sessions import Session
from ..states.device import DeviceState
from ..words import N_
from . import devices, suspension
from .devices import Device

_ARRIVED = N_(
    "Only a card that was sent and not activated yet is reported here. For any other call the "
    "support desk: it checks who you are and gives you a temporary code."
)


class LostInPost:
    """Suspends a card on its way, for its owner."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def look(self, session: Session, device_id: str | int) -> Device:
        """Return the card that can be reported; raises NotThere, IllegalMove."""
        with self._database.reading() as connection:
            device = devices.get_own(connection, session.user_id, device_id, self._clock.now())
        _must_be_on_its_way(device)
        return device

    def report(self, session: Session, device_id: str | int) -> Device:
        """Suspend it; raises NotThere, IllegalMove."""
        with self._database.writing() as connection:
            now = self._clock.now()
            device = devices.get_own(connection, session.user_id, device_id, now)
            _must_be_on_its_way(device)
            suspension.suspend(connection, device, now)
            actor = f"user:{session.user}"
            self._audit.write(
                connection, now, Event.DEVICE_SUSPENDED, actor, device.serial, in_the_post=True
            )
            return devices.get(connection, device.id, now)


def _must_be_on_its_way(device: Device) -> None:
    if device.state is not DeviceState.INACTIVE or device.shipped_at is None:
        raise IllegalMove(_ARRIVED)
