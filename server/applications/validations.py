"""Logins at an application: begun by a password or by the application, decided as all logins are.

They open no session here. What comes out is whether the application may let the user in; it is said
once, to whoever sent the answer, and written down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from .. import metrics
from ..accounts import names
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import (
    AnswerWrong,
    CredentialRefused,
    DeviceLocked,
    LoginDecided,
    LoginError,
    LoginExpired,
    NoSuchLogin,
    NotAllowed,
    NotAnswered,
    NoUsableDevice,
    PasswordRefused,
)
from ..factors.kinds import DeviceKind
from ..login import phone_rows
from ..login.access import RIGHTS, Right
from ..login.judge import LOCKED, Judge
from ..login.ledger import Held, Ledger, LoginRow, LoginState, Purpose
from ..login.offers import Offered
from ..login.password import PasswordStep
from ..login.service import EXPIRED, UNKNOWN, Logins, find_login, refuse_what_is_over
from ..login.sessions import Sessions
from ..login.standing import Proven, standing
from ..login.whence import Whence
from ..settings import Settings
from ..threads import aside
from . import open_rows
from .applications import DOOR, TOKENS, Application, May

_ONE_STEP = re.compile(r"(.+?)([0-9]{8}|[0-9]{4} [0-9]{4})", re.S)
"""A password with the response of a card or a phone behind it."""
_NO_DEVICE = "This user has no device that can be asked now."
_NO_ACCESS = "What this user has proved does not open applications."
_NOT_YET = "The phone has not answered yet."
_OVER = "This login was answered already, or failed too often. Begin again."
_NO_RIGHT = "This application may not begin logins without a password."


@dataclass(frozen=True)
class Caller:
    """Who asks: an application, where it has said so; from where; and its own name for itself."""

    application: Application | None
    address: str
    agent: str | None = None

    @property
    def application_id(self) -> int | None:
        """The application's row."""
        return None if self.application is None else self.application.id


@dataclass(frozen=True)
class Accepted:
    """The application may let this user in; `serial` proved him, or the password alone."""

    user: str
    kind: DeviceKind
    serial: str | None


Outcome = Offered | Accepted
_Told = Outcome | LoginError | NotAllowed
"""A refusal is told, not raised, where what was written about it is to be committed."""


class Validations:
    """Begins the logins of applications, and decides them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        passwords: PasswordStep,
        logins: Logins,
        sessions: Sessions,
        judge: Judge,
        ledger: Ledger,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._passwords = passwords
        self._logins = logins
        self._sessions = sessions
        self._judge = judge
        self._ledger = ledger

    # --- a password, or a password and a response in one

    async def password(
        self, user: str | None, serial: str | None, given: str, by: Caller
    ) -> Outcome:
        """Check a password, and ask the user's device; or the device of `serial`, and its owner.

        What ends with a response is taken apart first: the response counts where the device was
        asked before. Raises LoginError or NotAllowed.
        """
        name = user or ""
        if not name and serial:
            name = await aside.run(self._owner, serial)
        parts = _ONE_STEP.fullmatch(given)
        if parts is not None:
            password, response = parts.groups()

            def both(connection: Connection, found: Proven) -> _Told:
                now = self._clock.now()
                row = open_rows.newest(connection, found.id, by.application_id, serial, now)
                if row is None:
                    return self._ask(connection, found.id, found.name, serial, by)
                return self._decide(connection, row, response)

            try:
                return _said(await self._passwords.check(name, password, by.address, both))
            except PasswordRefused:
                pass  # a password may end with digits too

        def alone(connection: Connection, found: Proven) -> _Told:
            return self._ask(connection, found.id, found.name, serial, by)

        return _said(await self._passwords.check(name, given, by.address, alone))

    def _owner(self, serial: str) -> str:
        with self._database.reading() as connection:
            return open_rows.owner(connection, serial) or ""  # nobody has this name

    # --- asking a device

    def trigger(self, user: str | None, serial: str | None, by: Caller) -> Offered:
        """Ask a user's device, or that of `serial`, without a password.

        The application has checked him itself; it needs the right to say so. Raises NotAllowed,
        CredentialRefused, or NoUsableDevice, for unknown users too.
        """
        application = by.application
        if application is None or May.VALIDATE not in application.may:
            raise NotAllowed(_NO_RIGHT)
        with self._database.writing() as connection:
            if not TOKENS.hold(connection, application):
                raise CredentialRefused(DOOR.refused)
            name = user or (open_rows.owner(connection, serial) if serial else None)
            known = open_rows.user(connection, names.spelled(name or ""))
            told: _Told = NoUsableDevice(_NO_DEVICE)
            if known is not None:
                told = self._ask(connection, *known, serial, by, application)
        outcome = _said(told)
        if not isinstance(outcome, Offered):
            raise NoUsableDevice(_NO_DEVICE)
        return outcome

    def _ask(
        self,
        connection: Connection,
        user_id: int,
        user: str,
        serial: str | None,
        by: Caller,
        trusted: Application | None = None,
    ) -> _Told:
        """Ask a device; `trusted`: the application that vouches for the user."""
        now = self._clock.now()
        facts = standing(connection, user_id, now)
        if facts.needs_no_device:
            if trusted is not None:
                return NoUsableDevice(_NO_DEVICE)
            return self._let_in(connection, user_id, user, None, now)
        actor = None if trusted is None else trusted.actor
        found = tuple(
            each
            for each in self._logins.usable(connection, user_id, now)
            if serial is None or each.serial == serial
        )
        offered = tuple(each for each in found if not each.locked)
        if offered:
            return self._logins.ask_first(
                connection,
                user_id,
                user,
                offered,
                whence=Whence(by.address, by.application.name if by.application else by.agent),
                purpose=Purpose.VALIDATE,
                application_id=by.application_id,
                actor=actor,
            )
        if found:
            return DeviceLocked(LOCKED)
        self._audit.write(
            connection, now, Event.LOGIN_WITHOUT_DEVICE, actor or f"user:{user}", user
        )
        return NoUsableDevice(_NO_DEVICE)

    # --- the answer

    def answer(
        self, login_id: str, text: str, user: str | None, serial: str | None, by: Caller
    ) -> Accepted:
        """Decide an answer to a login of this user, or of this device.

        Refusals come in the order of a login's: unknown, decided, expired, locked, malformed,
        wrong. Raises LoginError or NotAllowed; only a wrong answer changes anything.
        """
        try:
            with self._database.writing() as connection:
                row = self._row(connection, login_id, user, serial, by)
                told = self._decide(connection, row, text)
        except LoginError as refusal:
            metrics.login(metrics.VERDICTS.get(type(refusal), "refused")).inc()
            raise
        return _accepted(told)

    def finish(self, login_id: str, user: str | None, serial: str | None, by: Caller) -> Accepted:
        """Take what was approved on the phone; raises as `answer` does, and NotAnswered."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = self._row(connection, login_id, user, serial, by)
            since = now - self._settings.challenge_lifetime
            if not phone_rows.finish(connection, row.id, now, since):
                refuse_what_is_over(row, now)
                if row.state is LoginState.APPROVED:
                    raise LoginExpired(EXPIRED)
                raise NotAnswered(_NOT_YET)
            held = self._ledger.hold(connection, row.device_id, now)
            if held is None:
                raise DeviceLocked(LOCKED)
            told = self._let_in(connection, row.user_id, row.user, held, now)
        return _accepted(told)

    def state(self, login_id: str) -> LoginState | None:
        """Return where a login stands; None where it is over by time, or there is none."""
        with self._database.reading() as connection:
            try:
                row = find_login(connection, self._ledger, login_id, Purpose.VALIDATE)
            except NoSuchLogin:
                return None
        over = row.state is LoginState.OPEN and row.expires_at <= self._clock.now()
        return None if over else row.state

    def _row(
        self,
        connection: Connection,
        login_id: str,
        user: str | None,
        serial: str | None,
        by: Caller,
    ) -> LoginRow:
        row = find_login(connection, self._ledger, login_id, Purpose.VALIDATE)
        strange = (
            (user and names.spelled(user) != row.user)
            or (serial and open_rows.serial(connection, row.device_id) != serial)
            or by.application_id not in {None, row.application_id}
        )
        if strange:
            raise NoSuchLogin(UNKNOWN)
        return row

    def _decide(self, connection: Connection, row: LoginRow, text: str) -> _Told:
        now = self._clock.now()
        allowed = self._settings.answers_per_challenge
        claim = self._ledger.claim(connection, row.id, now, allowed, Purpose.VALIDATE)
        if claim is None:
            refuse_what_is_over(row, now)
            raise LoginDecided(_OVER)
        judged = self._judge.judge(connection, claim, text, now)
        if judged.wrong is not None:
            return judged.wrong
        if not self._ledger.decide(connection, row.id, LoginState.ACCEPTED, now):
            raise LoginDecided(_OVER)
        return self._let_in(connection, row.user_id, row.user, judged.held, now)

    def _let_in(
        self, connection: Connection, user_id: int, user: str, held: Held | None, now: datetime
    ) -> Accepted | NotAllowed:
        """Say whether what was proved opens applications; `held`: the device that proved it."""
        kind = DeviceKind.NONE if held is None else held.kind
        device_id = None if held is None else held.id
        access = self._sessions.access(connection, now, user_id, kind, device_id)
        # The sharing of the device may have been cancelled since it was asked.
        still = held is None or held.id in {
            each.device_id for each in self._logins.usable(connection, user_id, now)
        }
        lets_in = still and Right.APPLICATIONS in RIGHTS[access]
        self._audit.write(
            connection,
            now,
            Event.LOGIN_ACCEPTED if lets_in else Event.NOT_ALLOWED,
            f"user:{user}",
            user,
            device=None if held is None else held.serial,
            access=access,
            what=Right.APPLICATIONS.value,
        )
        if not lets_in:
            return NotAllowed(_NO_ACCESS)
        return Accepted(user, kind, None if held is None else held.serial)


def _said(told: _Told) -> Outcome:
    """Raise what was told as a refusal, now that it is committed."""
    return told if isinstance(told, Offered) else _accepted(told)


def _accepted(told: _Told) -> Accepted:
    if isinstance(told, Accepted):
        metrics.login("accepted").inc()
        return told
    metrics.login("wrong" if isinstance(told, AnswerWrong) else "refused").inc()
    assert isinstance(told, Exception)  # noqa: S101 - an answer offers nothing
    raise told
