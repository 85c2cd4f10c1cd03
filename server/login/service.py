"""The steps of a login, each one transaction: password, choice of device, answer, log-out."""

from __future__ import annotations

from collections.abc import Callable
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
    LoginDenied,
    LoginExpired,
    NoSuchFactor,
    NoSuchLogin,
    NoUsableDevice,
)
from ..factors.interface import APPROVAL, Prompt
from ..factors.kinds import DeviceKind
from ..settings import Settings
from ..words import N_
from . import ids
from .judge import Judge
from .ledger import Held, Ledger, LoginRow, LoginState, Purpose
from .offers import Choice, Factors, Offered, ask, choices
from .sessions import Opened, Session, Sessions
from .standing import Proven
from .whence import NOWHERE, Whence

UNKNOWN = N_("There is no such login. Start again with your user name and password.")
_DECIDED = N_(
    "This login was answered already, or failed too often. "
    "Start again with your user name and password."
)
_NO_SUCH_FACTOR = N_("You have no device of this name: choose one of your own.")
_NO_DEVICE = N_(
    "None of your devices can be used now: they were lost, ended or set aside. "
    "Call the support desk."
)
EXPIRED = N_("The challenge has expired. Start again with your user name and password.")
_DENIED = N_(
    "The login was denied on the phone. If you began it yourself, start again. If somebody else "
    "did, he knows your password: call the support desk."
)

Asked = Callable[[Connection, LoginRow], None]
"""Tells a phone that it is asked about a login, once the connection has committed."""


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
        asking: Factors,
        asked: Asked,
    ) -> None:
        """`asking` is `factors` as a login asks them: a phone may be asked to approve."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._factors = factors
        self._sessions = sessions
        self._judge = judge
        self._ledger = ledger
        self._asking = asking
        self._tell = asked

    # --- after the password

    def begin(
        self,
        connection: Connection,
        proven: Proven,
        browser: bytes | None,
        whence: Whence = NOWHERE,
    ) -> Offered | Opened | NoUsableDevice:
        """Open a login for the user's first device, or a session where he needs none.

        A refusal is returned, not raised: what was written about it is to be committed.
        """
        now = self._clock.now()
        user_id, user, facts = proven.id, proven.name, proven.standing
        offered = () if facts.needs_no_device else self.usable(connection, user_id, now)
        if not offered:
            if not facts.needs_no_device and facts.had_device:
                self._audit.write(connection, now, Event.LOGIN_WITHOUT_DEVICE, f"user:{user}", user)
                return NoUsableDevice(_NO_DEVICE)
            opened = self._sessions.open(connection, now, user_id, user)
            self._audit.write(
                connection, now, Event.SESSION_OPENED, f"user:{user}", user, access=opened.access
            )
            return opened
        return self.ask_first(connection, user_id, user, offered, browser, whence)

    def ask_first(
        self,
        connection: Connection,
        user_id: int,
        user: str,
        offered: tuple[Choice, ...],
        browser: bytes | None = None,
        whence: Whence = NOWHERE,
        *,
        purpose: Purpose = Purpose.LOGIN,
        application_id: int | None = None,
        actor: str | None = None,
    ) -> Offered | NoUsableDevice:
        """Open a login for the first of these devices that can be asked.

        `actor`: who began it in the user's place, without his password.
        """
        now = self._clock.now()
        asked = self._first_asked(connection, offered)
        if isinstance(asked, NoUsableDevice):
            return asked
        first, prompt = asked
        login_id = ids.make(now)
        expires_at = now + self._settings.challenge_lifetime
        self._ledger.open(
            connection,
            login_id,
            user_id,
            first.device_id,
            prompt,
            now,
            expires_at,
            browser,
            purpose=purpose,
            whence=whence,
            application_id=application_id,
        )
        self._tell_phone(connection, login_id, prompt, purpose)
        self._factors[first.kind].asked(connection, first.device_id, login_id, prompt)
        event = Event.LOGIN_TRIGGERED if actor else Event.LOGIN_BEGUN
        self._audit.write(
            connection, now, event, actor or f"user:{user}", user, device=first.serial
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
            offered = self.usable(connection, row.user_id, now)
            refuse_what_is_over(row, now)
        chosen = next((each for each in offered if each.device_id == row.device_id), None)
        if chosen is None:
            raise LoginDecided(_DECIDED)
        return Offered(row.id, row.user, chosen, row.prompt, offered, row.expires_at)

    def choose(self, login_id: str, factor_id: str, browser: bytes | None = None) -> Offered:
        """Go on with another of the user's devices; the same one again changes nothing."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = self._row(connection, login_id, browser)
            refuse_what_is_over(row, now)
            offered = self.usable(connection, row.user_id, now)
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
        self._tell_phone(connection, row.id, prompt, Purpose.LOGIN)
        self._factors[chosen.kind].asked(connection, chosen.device_id, row.id, prompt)
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
            metrics.login(metrics.VERDICTS[type(refusal)]).inc()
            raise
        if isinstance(outcome, AnswerWrong):  # raised only here: what it changed is committed
            metrics.login("wrong").inc()
            raise outcome
        metrics.login("accepted").inc()
        return outcome

    def _decide(
        self, connection: Connection, login_id: str, text: str, browser: bytes | None
    ) -> Opened | AnswerWrong:
        now = self._clock.now()
        if browser is not None:
            self._row(connection, login_id, browser)
        allowed = self._settings.answers_per_challenge
        claim = ids.PATTERN.fullmatch(login_id) and self._ledger.claim(
            connection, login_id, now, allowed
        )
        if not claim:
            refuse_what_is_over(self._row(connection, login_id, None), now)
            raise LoginDecided(_DECIDED)
        judged = self._judge.judge(connection, claim, text, now)
        if judged.wrong:
            return judged.wrong
        if not self._ledger.decide(connection, claim.login_id, LoginState.ACCEPTED, now):
            raise LoginDecided(_DECIDED)
        return self.open_session(connection, claim.login_id, claim.user_id, claim.user, judged.held)

    def open_session(
        self, connection: Connection, login_id: str, user_id: int, user: str, held: Held
    ) -> Opened:
        """Open the session of a login that was accepted just now."""
        now = self._clock.now()
        # The sharing of the device may have been cancelled since it was asked, on another worker;
        # and codes by SMS may have been overtaken. His own device is held, and active.
        if (held.owner_id != user_id or held.kind is DeviceKind.SMS_CODE) and held.id not in {
            each.device_id for each in choices(connection, user_id, now)
        }:
            raise LoginDecided(_DECIDED)
        opened = self._sessions.open(connection, now, user_id, user, held.kind, held.id, login_id)
        self._audit.write(
            connection,
            now,
            Event.LOGIN_ACCEPTED,
            f"user:{user}",
            user,
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

    def usable(self, connection: Connection, user_id: int, now: datetime) -> tuple[Choice, ...]:
        """Return the user's devices, of the kinds that this verifier knows now."""
        found = choices(connection, user_id, now)
        return tuple(each for each in found if each.kind in self._factors)

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
        # A phone that is locked is not asked anything.
        factors = self._factors if chosen.locked else self._asking
        return ask(connection, factors[chosen.kind], chosen.device_id)

    def _tell_phone(
        self, connection: Connection, login_id: str, prompt: Prompt, purpose: Purpose
    ) -> None:
        if APPROVAL in prompt:
            self._tell(connection, find_login(connection, self._ledger, login_id, purpose))

    def _row(self, connection: Connection, login_id: str, browser: bytes | None) -> LoginRow:
        row = find_login(connection, self._ledger, login_id)
        if browser is not None and row.browser != browser:
            raise NoSuchLogin(UNKNOWN)
        return row


def find_login(
    connection: Connection, ledger: Ledger, login_id: str, purpose: Purpose = Purpose.LOGIN
) -> LoginRow:
    """Return a login of this purpose, or raise NoSuchLogin."""
    row = ledger.find(connection, login_id, purpose) if ids.PATTERN.fullmatch(login_id) else None
    if row is None:
        raise NoSuchLogin(UNKNOWN)
    return row


def refuse_what_is_over(row: LoginRow, now: datetime) -> None:
    """Raise what a login is refused with that is denied, decided or expired."""
    if row.state is LoginState.DENIED:
        raise LoginDenied(_DENIED)
    if row.state not in {LoginState.OPEN, LoginState.APPROVED}:
        raise LoginDecided(_DECIDED)
    if row.expires_at <= now:
        raise LoginExpired(EXPIRED)
