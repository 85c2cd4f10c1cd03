"""Opting out of the device at login, and back in: each proved by the device itself.

Who has opted out logs in with the password alone, and his account carries restrictions. Opting
back in ends every other session of his, for they were opened by a password alone; the one that
the device has just answered in goes on with everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from ..accounts.roles import Role
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..db.tables import accounts, sessions, users
from ..errors import DeviceLocked, IllegalMove, NotAllowed
from ..login.judge import LOCKED
from ..login.ledger import Purpose
from ..login.offers import Choice, choices
from ..login.proofs import Asked, Proofs
from ..login.sessions import Session, Sessions
from ..notify.outbox import Notice, put
from ..words import N_
from . import rights

_STAFF = N_("The support desk opens to a login with a device alone: staff do not opt out.")
_CLOSED = N_("The account is closed: there is nothing to change.")
_OUT_ALREADY = N_("Secure Login is not required for you already: nothing was changed.")
_IN_ALREADY = N_("You use your Secure Login device at each login already: nothing was changed.")
_NO_DEVICE = N_(
    "You have no permanent device in use that could answer for this. Set one up first, or call the "
    "support desk."
)


@dataclass(frozen=True)
class Opted:
    """How a user stands: whether he opted out, who may change it if not he, and with what."""

    out: bool
    notice: rights.Notice | None
    device: Choice | None


class Opting:
    """Asks the device, and puts the choice into force when it answers right."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        proofs: Proofs,
        sessions_: Sessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._proofs = proofs
        self._sessions = sessions_

    def standing(self, session: Session) -> Opted:
        """Return how a session's user stands."""
        with self._database.reading() as connection:
            return Opted(
                _is_out(connection, session.user_id),
                rights.notice(connection, session),
                self._device(connection, session),
            )

    def begin(self, session: Session, purpose: Purpose) -> Asked:
        """Ask the user's device for OPT_OUT or OPT_IN.

        Raises NotAllowed, IllegalMove, DeviceLocked.
        """
        with self._database.writing() as connection:
            self._check(connection, session, purpose)
            device = self._device(connection, session)
            if device is None:
                raise IllegalMove(_NO_DEVICE)
            if device.locked:
                raise DeviceLocked(LOCKED)
            return self._proofs.ask(connection, session, device.device_id, purpose)

    def show(self, session: Session, proof_id: str, purpose: Purpose) -> Asked:
        """Return a question that can still be answered."""
        return self._proofs.show(session, proof_id, purpose)

    def answer(self, session: Session, proof_id: str, text: str, purpose: Purpose) -> None:
        """Decide the device's answer; raises what `Proofs.answer` does."""

        def then(connection: Connection, asked: Asked) -> None:
            self._check(connection, session, purpose)
            out = purpose is Purpose.OPT_OUT
            now = self._clock.now()
            unset = users.c.opted_out_at.is_(None)
            moved = connection.execute(
                update(users)
                .where(users.c.id == session.user_id, unset if out else ~unset)
                .values(opted_out_at=now if out else None)
            )
            if moved.rowcount != 1:
                raise IllegalMove(_OUT_ALREADY if out else _IN_ALREADY)
            if not out:
                connection.execute(
                    delete(sessions).where(
                        sessions.c.user_id == session.user_id,
                        sessions.c.token_hash != session.token_hash,
                    )
                )
                self._sessions.prove(connection, session.token_hash, asked.device_id)
            put(
                connection,
                session.user_id,
                Notice.OPTED_OUT if out else Notice.OPTED_IN,
                f"proof:{asked.id}",
                now,
            )
            event = Event.OPTED_OUT if out else Event.OPTED_IN
            actor = f"user:{session.user}"
            self._audit.write(connection, now, event, actor, session.user, device=asked.serial)

        self._proofs.answer(session, proof_id, purpose, text, then)

    def _check(self, connection: Connection, session: Session, purpose: Purpose) -> None:
        rights.must_change_security(connection, session)
        if session.role is not Role.CUSTOMER:
            raise NotAllowed(_STAFF)
        closed = (
            select(accounts.c.id)
            .join(users, users.c.account_id == accounts.c.id)
            .where(users.c.id == session.user_id, accounts.c.closed_at.is_not(None))
        )
        if connection.execute(closed).first():
            raise IllegalMove(_CLOSED)
        out = _is_out(connection, session.user_id)
        if out is (purpose is Purpose.OPT_OUT):
            raise IllegalMove(_OUT_ALREADY if out else _IN_ALREADY)

    def _device(self, connection: Connection, session: Session) -> Choice | None:
        """Return the permanent device that answers: the session's own, or the one used last."""
        usable = [
            each
            for each in choices(connection, session.user_id, self._clock.now())
            if not each.kind.temporary
        ]
        usable.sort(key=lambda each: each.serial != session.device_serial)
        return usable[0] if usable else None


def _is_out(connection: Connection, user_id: int) -> bool:
    found = select(users.c.id).where(users.c.id == user_id, users.c.opted_out_at.is_not(None))
    return connection.execute(found).first() is not None
