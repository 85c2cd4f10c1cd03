"""Notifications to a phone: where its app wants them, and one for each login it is asked about."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, select, update

from ..clock import Clock, written
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import devices, mobile_keys, users
from ..db.transaction import after_commit
from ..errors import NotTaken
from ..factors.mobile_key_factor import place
from ..login.ledger import LoginRow
from ..notify.reach import Reach
from ..notify.webpush import Subscription, may_be_reached
from ..settings import Settings
from ..words import N_
from .signed import from_b64url

_NOT_THERE = N_("Notifications cannot be sent to this address: it is none of the known services.")
_NOT_KEYS = N_("These are not the keys of a browser's push subscription.")
_AUTH_BYTES = 16


class Notifications:
    """Keeps where notifications go, and sends them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        keyring: Keyring,
        reach: Reach,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keyring = keyring
        self._reach = reach

    def subscribe(self, device_id: int, subscription: Subscription) -> None:
        """Send to this address from now on; raises NotTaken. A key that has ended keeps none."""
        if not may_be_reached(subscription.endpoint, self._settings.push_hosts):
            raise NotTaken(_NOT_THERE, field="endpoint")
        if not _are_keys(subscription):
            raise NotTaken(_NOT_KEYS, field="keys")
        sealed = self._keyring.seal(subscription.written(), place("push_sealed", device_id))
        self._store(device_id, sealed)

    def unsubscribe(self, device_id: int) -> None:
        """Send nothing any more."""
        self._store(device_id, None)

    def asked(self, connection: Connection, login: LoginRow) -> None:
        """Tell a phone, once `connection` has committed, that it is asked about a login."""
        row = connection.execute(
            select(mobile_keys.c.push_sealed, devices.c.serial, users.c.name.label("user"))
            .join(devices, devices.c.id == mobile_keys.c.device_id)
            .join(users, users.c.id == devices.c.owner_id)
            .where(mobile_keys.c.device_id == login.device_id)
        ).one()
        sealed = row.push_sealed
        if sealed is None:
            return
        device_id = login.device_id
        subscription = Subscription.read(
            self._keyring.open(sealed, place("push_sealed", device_id))
        )
        payload = {
            "kind": "login",
            "serial": row.serial,
            "user": row.user,
            "from": login.from_address or "",
            "at": written(login.begun_at),
        }
        seconds = self._left(login.expires_at)

        def gone() -> None:
            self._forget(device_id, sealed)

        def send() -> None:
            self._reach.push(subscription, payload, seconds, gone)

        after_commit(connection, send)

    def _left(self, until: datetime) -> int:
        return max(0, int((until - self._clock.now()).total_seconds()))

    def _store(self, device_id: int, sealed: bytes | None) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(mobile_keys)
                .where(mobile_keys.c.device_id == device_id, mobile_keys.c.key_sealed.is_not(None))
                .values(push_sealed=sealed)
            )

    def _forget(self, device_id: int, sealed: bytes) -> None:
        """Forget an address that is dead; another one that came meanwhile stays."""
        with self._database.writing() as connection:
            connection.execute(
                update(mobile_keys)
                .where(mobile_keys.c.device_id == device_id, mobile_keys.c.push_sealed == sealed)
                .values(push_sealed=None)
            )


def _are_keys(subscription: Subscription) -> bool:
    try:
        point = from_b64url(subscription.p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return len(point) == 65 and len(from_b64url(subscription.auth)) == _AUTH_BYTES
    except ValueError:
        return False
