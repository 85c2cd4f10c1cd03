"""The steps of a login, each one transaction: password, choice of device, answer, log-out."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sqlalchemy import Connection

from .. import metrics
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import (
    AnswerMalformed,
    AnswerWrong,
    DeviceLocked,
    LoginDecided,
    LoginExpired,
    NoSuchFactor,
    NoSuchLogin,
)
from ..factors.interface import Prompt
from ..factors.kinds import DeviceKind
from ..settings import Settings
from .ledger import Claim, Held, Ledger, LoginRow, LoginState
from .offers import Choice, Factors, Offered, choices
from .sessions import Opened, Sessions

_LOGIN_BYTES = 16
_LOGIN_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_LOCKED = (
    "This device is locked after too many wrong answers. Only the support desk can unlock it: "
    "call the desk."
)
_UNKNOWN = "There is no such login. Start again with your user name and password."
_DECIDED = (
    "This login was answered already, or failed too often. "
    "Start again with your user name and password."
)
_EXPIRED = "The challenge has expired. Start again with your user name and password."


class Logins:
    """Logins from the moment the password was right."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        factors: Factors,
        sessions: Sessions,
        ledger: Ledger | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._factors = factors
        self._sessions = sessions
        self._ledger = ledger or Ledger()

    # --- after the password

    def begin(
        self, connection: Connection, user_id: int, user: str, browser: bytes | None
    ) -> Offered | Opened:
        """Open a login for the user's first device, or a session where there is no device."""
        now = self._clock.now()
        offered = choices(connection, user_id)
        if not offered:
            opened = self._sessions.open(connection, now, user_id, user, DeviceKind.NONE)
            self._audit.write(
                connection, now, Event.SESSION_OPENED, f"user:{user}", user, access=opened.access
            )
            return opened
        first = offered[0]
        factor = self._factors[first.kind]
        prompt = factor.offer(factor.load(connection, first.device_id))
        login_id = secrets.token_urlsafe(_LOGIN_BYTES)
        expires_at = now + self._settings.challenge_lifetime
        self._ledger.open(
            connection, login_id, user_id, first.device_id, prompt, now, expires_at, browser
        )
        self._audit.write(
            connection, now, Event.LOGIN_BEGUN, f"user:{user}", user, device=first.serial
        )
        return Offered(login_id, user, first, prompt, offered, expires_at)

    # --- showing it, choosing another device

    def show(self, login_id: str, browser: bytes | None = None) -> Offered:
        """Return a login that can still be answered; raises what its answer would meet.

        With `browser`, a login of another browser is unknown.
        """
        now = self._clock.now()
        with self._database.reading() as connection:
            row = self._row(connection, login_id, browser)
            offered = choices(connection, row.user_id)
            self._refuse_what_is_over(row, now)
        chosen = next((each for each in offered if each.device_id == row.device_id), None)
        if chosen is None:  # revoked at the same moment
            raise LoginDecided(_DECIDED)
        return Offered(row.id, row.user, chosen, row.prompt, offered, row.expires_at)

    def choose(self, login_id: str, factor_id: str, browser: bytes | None = None) -> Offered:
        """Go on with another of the user's devices; the same one again changes nothing."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = self._row(connection, login_id, browser)
            self._refuse_what_is_over(row, now)
            offered = choices(connection, row.user_id)
            chosen = next((each for each in offered if each.id == factor_id), None)
            if chosen is None:
                raise NoSuchFactor("You have no device of this name: choose one of your own.")
            prompt = row.prompt
            if chosen.device_id != row.device_id:
                prompt = self._switch(connection, row, chosen)
        return Offered(row.id, row.user, chosen, prompt, offered, row.expires_at)

    def _switch(self, connection: Connection, row: LoginRow, chosen: Choice) -> Prompt:
        now = self._clock.now()
        factor = self._factors[chosen.kind]
        prompt = factor.offer(factor.load(connection, chosen.device_id))
        if not self._ledger.choose(connection, row.id, now, chosen.device_id, prompt):
            raise LoginDecided(_DECIDED)
        self._audit.write(
            connection,
            now,
            Event.LOGIN_FACTOR_CHOSEN,
            f"user:{row.user}",
            row.user,
            device=chosen.serial,
        )
        return prompt

    # --- the answer

    def answer(self, login_id: str, text: str, browser: bytes | None = None) -> Opened:
        """Decide an answer; returns the session, or raises the refusal.

        Refusals come in this order: unknown, decided, expired, locked, malformed, wrong. Only a
        wrong answer changes anything.
        """
        try:
            with self._database.writing() as connection:
                outcome = self._decide(connection, login_id, text, browser)
        except (LoginDecided, LoginExpired, DeviceLocked, AnswerMalformed, NoSuchLogin) as refusal:
            metrics.LOGINS.labels(metrics.VERDICTS[type(refusal)]).inc()
            raise
        if isinstance(outcome, AnswerWrong):  # raised only here: what it changed is committed
            metrics.LOGINS.labels("wrong").inc()
            raise outcome
        metrics.LOGINS.labels("accepted").inc()
        return outcome

    def _decide(
        self, connection: Connection, login_id: str, text: str, browser: bytes | None
    ) -> Opened | AnswerWrong:
        now = self._clock.now()
        if browser is not None:
            self._row(connection, login_id, browser)
        allowed = self._settings.answers_per_challenge
        claim = _LOGIN_ID.fullmatch(login_id) and self._ledger.claim(
            connection, login_id, now, allowed
        )
        if not claim:
            self._refuse_what_is_over(self._row(connection, login_id, None), now)
            raise LoginDecided(_DECIDED)
        while True:
            held = self._ledger.hold(connection, claim.device_id, now)
            if held is None:
                raise DeviceLocked(_LOCKED)
            factor = self._factors[held.kind]
            state = factor.load(connection, held.id)
            answer = factor.read(state, text)
            verdict = factor.check(state, claim.prompt, answer, login_id)
            if verdict.state == state or factor.move(connection, held.id, state, verdict.state):
                break  # else somebody else moved the device: judge by what stands now
        if verdict.right:
            return self._accept(connection, claim, held)
        return self._count_wrong(connection, claim, held)

    def _accept(self, connection: Connection, claim: Claim, held: Held) -> Opened:
        now = self._clock.now()
        if not self._ledger.decide(connection, claim.login_id, LoginState.ACCEPTED, now):
            raise LoginDecided(_DECIDED)
        self._ledger.forget_wrong(connection, held)
        opened = self._sessions.open(
            connection, now, claim.user_id, claim.user, held.kind, held.id, claim.login_id
        )
        self._audit.write(
            connection,
            now,
            Event.LOGIN_ACCEPTED,
            f"user:{claim.user}",
            claim.user,
            device=held.serial,
            access=opened.access,
        )
        return opened

    def _count_wrong(self, connection: Connection, claim: Claim, held: Held) -> AnswerWrong:
        now = self._clock.now()
        left = self._settings.answers_per_challenge - claim.attempts
        locked = self._ledger.count_wrong(
            connection, held.id, now, self._settings.wrong_answers_lock
        )
        if not left:
            self._ledger.decide(connection, claim.login_id, LoginState.CLOSED, now)
        actor = f"user:{claim.user}"
        self._audit.write(
            connection,
            now,
            Event.LOGIN_WRONG,
            actor,
            claim.user,
            device=held.serial,
            attempt=claim.attempts,
        )
        if locked:
            metrics.LOCKS.inc()
            self._audit.write(connection, now, Event.DEVICE_LOCKED, actor, held.serial)
        return AnswerWrong(left)

    # --- log-out

    def log_out(self, token: str) -> None:
        """End a session; one that has ended already is no error."""
        now = self._clock.now()
        with self._database.writing() as connection:
            user = self._sessions.end(connection, token)
            if user is not None:
                self._audit.write(connection, now, Event.SESSION_ENDED, f"user:{user}", user)

    # --- within

    def _row(self, connection: Connection, login_id: str, browser: bytes | None) -> LoginRow:
        row = self._ledger.find(connection, login_id) if _LOGIN_ID.fullmatch(login_id) else None
        if row is None or (browser is not None and row.browser != browser):
            raise NoSuchLogin(_UNKNOWN)
        return row

    def _refuse_what_is_over(self, row: LoginRow, now: datetime) -> None:
        if row.state is not LoginState.OPEN:
            raise LoginDecided(_DECIDED)
        if row.expires_at <= now:
            raise LoginExpired(_EXPIRED)
