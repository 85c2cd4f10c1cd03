"""Temporary codes: issued by the desk to a caller whose identity it has checked.

Two days for everything, ten more for the way to the online code card. Issuing one suspends no
other device. There is one at most, and never two in a row: after one, the next is issued only
once a permanent device has worked again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import NoResultFound

from ..accounts.roles import DUTIES, Duty
from ..accounts.users import holding
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock, written
from ..crypto.secrets_table import Secrets
from ..db.engine import Database
from ..db.tables import devices, logins, sessions, shares, temporary_codes, users
from ..errors import IllegalMove, NotAllowed, NotThere
from ..factors import temporary_code
from ..factors.kinds import TEMPORARY, DeviceKind
from ..factors.names import free_label, free_serial
from ..factors.temporary_code_factor import hashed
from ..login.access import Access
from ..login.ledger import LoginState
from ..login.offers import choices
from ..login.sessions import Session
from ..login.standing import standing
from ..notify import outbox
from ..notify.outbox import Notice
from ..settings import Settings
from ..states.device import DeviceState
from ..states.share import ShareState
from ..support import checks
from ..words import N_
from . import revocation

_NOT_YOURS = N_("Temporary codes are issued by the support desk, and never to oneself.")
_NO_USER = N_("There is no such user.")
_NEEDS_NONE = N_("This user logs in without a device: a temporary code would open nothing.")
_TWICE = N_(
    "The last temporary code was not followed by a permanent device. Bring one back first: "
    "reactivate the old one or have a new one activated."
)
_EXPIRED, _REPLACED = "expired", "replaced"


class TemporaryCodes:
    """Issues temporary codes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        secrets: Secrets,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._secrets = secrets

    def issue(
        self, session: Session, user_id: int, check_id: int, reason: str | None = None
    ) -> str:
        """Issue a code to a user, using up a passed identity check; returns it as it is spoken.

        It is told this once and never stored. Raises NotAllowed, NotThere, IllegalMove.
        """
        if (
            session.access is not Access.FULL
            or Duty.ISSUE_TEMPORARY_CODES not in DUTIES[session.role]
            or session.user_id == user_id
        ):
            raise NotAllowed(_NOT_YOURS)
        code = temporary_code.draw()
        with self._database.writing() as connection:
            now = self._clock.now()
            name = _hold(connection, user_id)
            facts = standing(connection, user_id, now)
            usable = [each for each in choices(connection, user_id, now) if not each.kind.temporary]
            if facts.closed or (facts.opted_out and usable):
                raise IllegalMove(_NEEDS_NONE)
            checks.spend(connection, check_id, session.user_id, user_id, now)
            if facts.opted_out:  # nothing of his could answer for opting in
                connection.execute(
                    update(users).where(users.c.id == user_id).values(opted_out_at=None)
                )
                connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
                actor = f"user:{session.user}"
                self._audit.write(connection, now, Event.OPTED_IN, actor, name, reason=reason)
            self._clear_the_last(connection, user_id, now)
            serial = self._add(connection, user_id, code, now)
            until = now + self._full + self._limited
            outbox.put(
                connection,
                user_id,
                Notice.TEMPORARY_CODE_ISSUED,
                serial,
                now,
                until=written(until),
            )
            self._audit.write(
                connection,
                now,
                Event.TEMPORARY_CODE_ISSUED,
                f"user:{session.user}",
                name,
                device=serial,
                check=check_id,
                reason=reason,
            )
        return temporary_code.spoken(code)

    @property
    def _full(self) -> timedelta:
        return timedelta(days=self._settings.temporary_code_full_days)

    @property
    def _limited(self) -> timedelta:
        return timedelta(days=self._settings.temporary_code_limited_days)

    def _clear_the_last(self, connection: Connection, user_id: int, now: datetime) -> None:
        last = connection.execute(
            select(devices)
            .where(
                devices.c.owner_id == user_id,
                devices.c.kind == DeviceKind.TEMPORARY_CODE.value,
            )
            .order_by(devices.c.id.desc())
            .limit(1)
        ).one_or_none()
        if last is None:
            return
        if not _worked_since(connection, user_id, last.added_at, now):
            raise IllegalMove(_TWICE)
        revocation.end(connection, last.id, now, _why_it_ends(last, now))

    def _add(self, connection: Connection, user_id: int, code: str, now: datetime) -> str:
        serial = free_serial(connection, "TC")
        device_id: int = connection.execute(
            insert(devices)
            .values(
                kind=DeviceKind.TEMPORARY_CODE.value,
                state=DeviceState.ACTIVE.value,
                serial=serial,
                owner_id=user_id,
                label=free_label(connection, user_id, "temporary-code"),
                wrong_run=0,
                added_at=now,
                activated_at=now,
                limited_from=now + self._full,
                valid_until=now + self._full + self._limited,
            )
            .returning(devices.c.id)
        ).scalar_one()
        connection.execute(
            insert(temporary_codes).values(
                device_id=device_id, code_hash=hashed(self._secrets, device_id, code)
            )
        )
        return serial


def _hold(connection: Connection, user_id: int) -> str:
    """Hold the user's row, so that two codes are not issued at once; returns his name."""
    try:
        name: str = connection.execute(
            holding(select(users.c.name).where(users.c.id == user_id))
        ).scalar_one()
    except NoResultFound:
        raise NotThere(_NO_USER) from None
    return name


def _worked_since(connection: Connection, user_id: int, since: datetime, now: datetime) -> bool:
    """Tell whether a permanent device was active again for a user: it answered right for a login,
    an activation or a reactivation; it activated by itself; or one was shared with him.
    """
    temporary = [kind.value for kind in TEMPORARY]
    answered = (
        select(logins.c.id)
        .join(devices, devices.c.id == logins.c.device_id)
        .where(
            logins.c.user_id == user_id,
            logins.c.state == LoginState.ACCEPTED.value,
            logins.c.decided_at > since,
            devices.c.kind.not_in(temporary),
        )
    )
    by_itself = select(devices.c.id).where(
        devices.c.owner_id == user_id,
        devices.c.kind.not_in(temporary),
        devices.c.auto_activates_at > since,
        devices.c.auto_activates_at <= now,
    )
    activated = select(devices.c.id).where(
        devices.c.owner_id == user_id,
        devices.c.kind.not_in(temporary),
        devices.c.activated_at > since,
    )
    shared = select(shares.c.id).where(
        shares.c.user_id == user_id,
        shares.c.state == ShareState.ACTIVE.value,
        shares.c.decided_at > since,
    )
    found = (answered, by_itself, activated, shared)
    return any(connection.execute(each.limit(1)).first() is not None for each in found)


def _why_it_ends(last: Row[tuple[object, ...]], now: datetime) -> str:
    return _EXPIRED if last.valid_until is not None and last.valid_until <= now else _REPLACED
