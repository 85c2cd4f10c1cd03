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
    NoUsableDevice,
)
from ..factors.interface import Prompt
from ..settings import Settings
from ..words import N_
from .judge import Judge
from .ledger import Claim, Held, Ledger, LoginRow, LoginState
from .offers import Choice, Factors, Offered, ask, choices
from .sessions import Opened, Session, Sessions
from .standing import standing

_LOGIN_BYTES = 16
_LOGIN_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_UNKNOWN = N_("There is no such login. Start again with your user name and password.")
_DECIDED = N_(
    "This login was answered already, or failed too often. "
    "Start again with your user name and password."
)
_NO_SUCH_FACTOR = N_("You have no device of this name: choose one of your own.")
_NO_DEVICE = N_(
    "None of your devices can be used now: they were lost, ended or set aside. "
    "Call the support desk."
)
_EXPIRED = N_("The challenge has expired. Start again with your user name and password.")


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
        judge: Judge,
        ledger: Ledger,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._factors = factors
        self._sessions = sessions
        self._judge = judge
        self._ledger = ledger

    # --- after the password

    def begin(
        self, connection: Connection, user_id: int, user: str, browser: bytes | None
    ) -> Offered | Opened | NoUsableDevice:
        """Open a login for the user's first device, or a session where he needs none.

        A refusal is returned, not raised: what was written about it is to be committed.
        """
        now = self._clock.now()
        facts = standing(connection, user_id, now)
        offered = () if facts.needs_no_device else choices(connection, user_id, now)
        if not offered:
            if not facts.needs_no_device and facts.had_device:
                self._audit.write(connection, now, Event.LOGIN_WITHOUT_DEVICE, f"user:{user}", user)
                return NoUsableDevice(_NO_DEVICE)
            opened = self._sessions.open(connection, now, user_id, user)
            self._audit.write(
                connection, now, Event.SESSION_OPENED, f"user:{user}", user, access=opened.access
            )
            return opened
        asked = self._first_asked(connection, offered)
        if isinstance(asked, NoUsableDevice):
            return asked
        first, prompt = asked
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
            offered = choices(connection, row.user_id, now)
            self._refuse_what_is_over(row, now)
        chosen = next((each for each in offered if each.device_id == row.device_id), None)
        if chosen is None:
            raise LoginDecided(_DECIDED)
        return Offered(row.id, row.user, chosen, row.prompt, offered, row.expires_at)

    def choose(self, login_id: str, factor_id: str, browser: bytes | None = None) -> Offered:
        """Go on with another of the user's devices; the same one again changes nothing."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = self._row(connection, login_id, browser)
            self._refuse_what_is_over(row, now)
            offered = choices(connection, row.user_id, now)
            chosen = next((each for each in offered if each.id == factor_id), None)
            if chosen is None:
                raise NoSuchFactor(_NO_SUCH_FACTOR)
            prompt = row.prompt
            if chosen.device_id != row.device_id:
                prompt = self._switch(connection, row, chosen)
        return Offered(row.id, row.user, chosen, prompt, offered, row.expires_at)

    def _switch(self, connection: Connection, row: LoginRow, chosen: Choice) -> Prompt:
        now = self._clock.now()
        prompt = self._asked(connection, chosen)
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
        judged = self._judge.judge(connection, claim, text, now)
        return judged.wrong or self._accept(connection, claim, judged.held)

    def _accept(self, connection: Connection, claim: Claim, held: Held) -> Opened:
        now = self._clock.now()
        # The sharing of the device may have been cancelled since it was asked, on another worker.
        if held.id not in {each.device_id for each in choices(connection, claim.user_id, now)}:
            raise LoginDecided(_DECIDED)
        if not self._ledger.decide(connection, claim.login_id, LoginState.ACCEPTED, now):
            raise LoginDecided(_DECIDED)
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

    # --- log-out

    def log_out(self, token: str) -> None:
        """End a session; one that has ended already is no error."""
        now = self._clock.now()
        with self._database.writing() as connection:
            user = self._sessions.end(connection, token)
            if user is not None:
                self._audit.write(connection, now, Event.SESSION_ENDED, f"user:{user}", user)

    def log_out_everywhere(self, session: Session) -> None:
        """End every session of a session's user."""
        with self._database.writing() as connection:
            ended = self._sessions.end_all(connection, session.user_id)
            self._audit.write(
                connection,
                self._clock.now(),
                Event.SESSION_ENDED,
                f"user:{session.user}",
                session.user,
                sessions=ended,
            )

    # --- within

    def _first_asked(
        self, connection: Connection, offered: tuple[Choice, ...]
    ) -> tuple[Choice, Prompt] | NoUsableDevice:
        """Ask the first device that can be asked: a code card may be used up."""
        refused = NoUsableDevice(_NO_DEVICE)
        for each in offered:
            try:
                return each, self._asked(connection, each)
            except NoUsableDevice as refusal:
                refused = refusal
        return refused

    def _asked(self, connection: Connection, chosen: Choice) -> Prompt:
        return ask(connection, self._factors[chosen.kind], chosen.device_id)

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
