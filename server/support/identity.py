"""Identity checks: a caller is asked a few of the recorded facts, drawn by chance.

Who asks reads the questions out and types what he hears; he is told whether all of it was right,
never which part was not. What was drawn stays asked until it is answered, whoever asks, so nobody
draws again until he knows enough. Failed checks in a row lock further ones for this user.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from ..accounts import people
from ..accounts.names import is_plain
from ..accounts.roles import Duty
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import identity_checks, users
from ..errors import IllegalMove, NotTaken, NotThere
from ..login.sessions import Session
from ..settings import Settings
from ..words import N_
from . import facts
from .facts import Fact
from .staff import Person, check_reason, must, other

_NO_CHECK = N_("There is no such identity check.")
_ANSWERED = N_("This identity check was answered already. Begin another.")
_LOCKED = N_(
    "Too many identity checks of this user failed: no more are made. An administrator of the desk "
    "can allow them again."
)
_NOT_LOCKED = N_("The identity checks of this user are not locked.")
_NOTHING_KNOWN = N_("Nothing is recorded of this user that could be asked.")
_NO_ANSWER = N_("This cannot be an answer. Type what the caller said.")
_LONGEST = 256


@dataclass(frozen=True)
class Check:
    """A check that waits for its answers."""

    id: int
    user: str
    asked: tuple[Fact, ...]


class IdentityChecks:
    """Makes checks and decides them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._keyring = keyring
        self._chance = secrets.SystemRandom()

    def begin(self, session: Session, name: str) -> Check:
        """Draw the questions for a caller who says that he is `name`."""
        must(session, Duty.CHECK_IDENTITY)
        with self._database.writing() as connection:
            now = self._clock.now()
            user = self._open(connection, session, name)
            open_ = connection.execute(
                select(identity_checks)
                .where(identity_checks.c.user_id == user.id, identity_checks.c.passed.is_(None))
                .order_by(identity_checks.c.id)
            ).all()
            mine = next((row for row in open_ if row.staff_id == session.user_id), None)
            if mine is not None:
                return Check(mine.id, user.name, _read(mine.asked))
            asked = (
                _read(open_[0].asked)
                if open_
                else facts.choose(
                    self._facts(connection, user), self._settings.identity_questions, self._chance
                )
            )
            check_id: int = connection.execute(
                insert(identity_checks)
                .values(
                    user_id=user.id,
                    staff_id=session.user_id,
                    asked=json.dumps([fact.value for fact in asked]),
                    at=now,
                )
                .returning(identity_checks.c.id)
            ).scalar_one()
            self._write(connection, session, Event.IDENTITY_ASKED, user.name, check_id)
        return Check(check_id, user.name, asked)

    def show(self, session: Session, name: str, check_id: str | int) -> Check:
        """Return a check of the session's own that waits; raises NotThere, IllegalMove."""
        must(session, Duty.CHECK_IDENTITY)
        with self._database.reading() as connection:
            user = other(connection, session, name)
            return self._find(connection, session, user, check_id)

    def answer(
        self, session: Session, name: str, check_id: str | int, answers: Mapping[str, str]
    ) -> bool:
        """Decide a check; True where the caller knew everything. A failed one is counted."""
        must(session, Duty.CHECK_IDENTITY)
        with self._database.writing() as connection:
            now = self._clock.now()
            user = self._open(connection, session, name)
            check = self._find(connection, session, user, check_id)
            for fact in check.asked:
                text = answers.get(fact.value, "")
                if len(text) > _LONGEST or not is_plain(text):
                    raise NotTaken(_NO_ANSWER, field=fact.value)
            passed = facts.all_right(self._facts(connection, user), check.asked, answers)
            decided = connection.execute(
                update(identity_checks)
                .where(identity_checks.c.id == check.id, identity_checks.c.passed.is_(None))
                .values(passed=passed, at=now)
            )
            if decided.rowcount != 1:
                raise IllegalMove(_ANSWERED)
            event = Event.IDENTITY_PASSED if passed else Event.IDENTITY_FAILED
            self._write(connection, session, event, user.name, check.id)
            self._count(connection, session, user, passed)
        return passed

    def unlock(self, session: Session, name: str, reason: str) -> None:
        """Allow checks of a user again, and forget the failed ones; an administrator's."""
        must(session, Duty.CHANGE_ACCOUNTS)
        why = check_reason(reason)
        with self._database.writing() as connection:
            user = other(connection, session, name)
            unlocked = connection.execute(
                update(users)
                .where(users.c.id == user.id, users.c.identity_locked_at.is_not(None))
                .values(identity_locked_at=None, identity_failures=0)
            )
            if unlocked.rowcount != 1:
                raise IllegalMove(_NOT_LOCKED)
            self._audit.write(
                connection,
                self._clock.now(),
                Event.IDENTITY_UNLOCKED,
                f"user:{session.user}",
                user.name,
                reason=why,
            )

    def _open(self, connection: Connection, session: Session, name: str) -> Person:
        """Hold the row of a user who may be checked."""
        user = other(connection, session, name)
        held = connection.execute(
            update(users)
            .where(users.c.id == user.id, users.c.identity_locked_at.is_(None))
            .values(identity_failures=users.c.identity_failures)
        )
        if held.rowcount != 1:
            raise IllegalMove(_LOCKED)
        if user.entity_id is None:
            raise IllegalMove(_NOTHING_KNOWN)
        return user

    def _find(
        self, connection: Connection, session: Session, user: Person, check_id: str | int
    ) -> Check:
        text = str(check_id)
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
        row = connection.execute(
            select(identity_checks).where(
                identity_checks.c.id == number,
                identity_checks.c.staff_id == session.user_id,
                identity_checks.c.user_id == user.id,
            )
        ).one_or_none()
        if row is None:
            raise NotThere(_NO_CHECK)
        if row.passed is not None:
            raise IllegalMove(_ANSWERED)
        return Check(row.id, user.name, _read(row.asked))

    def _facts(self, connection: Connection, user: Person) -> dict[Fact, str]:
        assert user.entity_id is not None  # noqa: S101 - `_open` has looked
        return facts.recorded(
            people.identification(connection, self._keyring, user.entity_id),
            people.contact(connection, self._keyring, user.id),
            user.account,
        )

    def _count(self, connection: Connection, session: Session, user: Person, passed: bool) -> None:
        if passed:
            connection.execute(
                update(users).where(users.c.id == user.id).values(identity_failures=0)
            )
            return
        failures: int = connection.execute(
            update(users)
            .where(users.c.id == user.id)
            .values(identity_failures=users.c.identity_failures + 1)
            .returning(users.c.identity_failures)
        ).scalar_one()
        if failures >= self._settings.identity_checks_lock:
            connection.execute(
                update(users)
                .where(users.c.id == user.id)
                .values(identity_locked_at=self._clock.now())
            )
            self._write(connection, session, Event.IDENTITY_LOCKED, user.name, None)

    def _write(
        self,
        connection: Connection,
        session: Session,
        event: Event,
        name: str,
        check_id: int | None,
    ) -> None:
        actor = f"user:{session.user}"
        self._audit.write(connection, self._clock.now(), event, actor, name, check=check_id)


def _read(asked: str) -> tuple[Fact, ...]:
    return tuple(Fact(each) for each in json.loads(asked))
