"""The logins that wait for a phone, and what its user says to them.

A login is decided here by the same compare-and-set on its row as by a typed answer: of whatever
comes at once, approvals, denials and answers, one alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from .. import metrics
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock, written
from ..db.engine import Database
from ..errors import (
    AnswerMalformed,
    AnswerWrong,
    ApprovalRefused,
    DeviceLocked,
    IllegalMove,
    KeyCopied,
    LoginDecided,
    LoginExpired,
    NoSuchLogin,
    NotAllowed,
)
from ..factors.interface import APPROVAL
from ..lifecycle import devices
from ..lifecycle.suspension import suspend
from ..login import phone_rows
from ..login.judge import Judge
from ..login.ledger import Claim, Ledger, LoginRow, LoginState
from ..notify.outbox import Notice, put
from ..settings import Settings
from ..states.device import DeviceState
from ..words import N_
from .approval import NUMBERS, Approval, Verdict, details, message
from .approval_factor import REFUSED, ApprovalFactor
from .signed import NOT_ACTIVE, Phone, is_signed_by

_UNKNOWN = N_("This phone is not asked about such a login.")
_DECIDED = N_("This login was answered already, or failed too often.")
_EXPIRED = N_("This login has expired.")
_NO_NUMBER = N_("Choose the number that is shown where the login was begun.")


@dataclass(frozen=True)
class Said:
    """What came from the phone about one login."""

    verdict: Verdict
    number: str | None
    signature: bytes
    pin_proof: str | None = None
    assertion: Mapping[str, Any] | None = None


class Approvals:
    """Shows a phone its logins, and decides them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        factor: ApprovalFactor,
        ledger: Ledger,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._factor = factor
        self._ledger = ledger
        self._judge = Judge(settings, audit, {factor.kind: factor}, ledger)

    # --- what waits

    def pending(self, phone: Phone) -> dict[str, object]:
        """Return what a phone shows: its key, and the logins it is asked about."""
        now = self._clock.now()
        with self._database.reading() as connection:
            device = devices.get(connection, phone.device_id, now)
            if device.state is not DeviceState.ACTIVE:
                raise NotAllowed(NOT_ACTIVE)
            waiting = (
                []
                if device.locked
                else phone_rows.waiting(connection, phone.user_id, phone.device_id, now)
            )
        return {
            "key": {"serial": phone.serial, "user": phone.user, "locked": device.locked},
            "logins": [
                {
                    "login": row.approval_id,
                    "details": details(row, phone.serial),
                    "numbers": row.prompt[NUMBERS],
                    "expires": written(row.expires_at),
                }
                for row in waiting
            ],
        }

    # --- what its user says

    def decide(self, phone: Phone, approval_id: str, said: Said) -> LoginState:
        """Approve or deny a login; returns its state.

        Refusals come in this order: another phone's, not signed for it, decided, expired, locked,
        malformed, wrong. A wrong answer is counted; a copied key is suspended; no other refusal
        changes anything.
        """
        try:
            with self._database.writing() as connection:
                outcome = self._decide(connection, phone, approval_id, said)
            if isinstance(outcome, KeyCopied):
                self._suspend(phone)
        except (ApprovalRefused, _Strange) as refusal:
            self._write_down(phone, refusal)
            metrics.login("refused").inc()
            if isinstance(refusal, _Strange):
                raise NoSuchLogin(_UNKNOWN) from None
            raise
        except (LoginDecided, LoginExpired, DeviceLocked, AnswerMalformed, NoSuchLogin) as refusal:
            metrics.login(metrics.VERDICTS[type(refusal)]).inc()
            raise
        if isinstance(outcome, AnswerWrong | KeyCopied):  # raised only here: it is committed
            metrics.login("wrong").inc()
            raise outcome
        metrics.login(outcome.value).inc()
        return outcome

    def _decide(
        self, connection: Connection, phone: Phone, approval_id: str, said: Said
    ) -> LoginState | AnswerWrong | KeyCopied:
        now = self._clock.now()
        row = phone_rows.find(connection, approval_id)
        if row is None:
            raise NoSuchLogin(_UNKNOWN)
        if row.device_id != phone.device_id or row.user_id != phone.user_id:
            raise _Strange
        told = details(row, phone.serial)
        if said.verdict is Verdict.DENY:
            self._deny(connection, phone, row, said, told, now)
            return LoginState.DENIED
        if said.number is None:
            raise AnswerMalformed(_NO_NUMBER)
        approval = Approval(told, said.number, said.signature, said.pin_proof, said.assertion)
        if not is_signed_by(phone.sign_key, said.signature, approval.signed):
            raise ApprovalRefused(REFUSED)
        allowed = self._settings.answers_per_challenge
        claim = self._ledger.claim(connection, row.id, now, allowed, row.purpose)
        if claim is None:
            _refuse_what_is_over(row, now)
            raise LoginDecided(_DECIDED)
        if claim.prompt.get(APPROVAL) != approval_id:  # another device was chosen just now
            raise NoSuchLogin(_UNKNOWN)
        return self._approve(connection, phone, claim, approval, now)

    def _approve(
        self, connection: Connection, phone: Phone, claim: Claim, approval: Approval, now: datetime
    ) -> LoginState | AnswerWrong | KeyCopied:
        try:
            judged = self._judge.judge(connection, claim, approval.written(), now)
        except KeyCopied as copied:
            return copied
        if judged.wrong is not None:
            if approval.number != claim.prompt["number"]:  # no second guess among three
                self._ledger.decide(connection, claim.login_id, LoginState.CLOSED, now)
                return AnswerWrong(0)
            return judged.wrong
        if not self._ledger.decide(connection, claim.login_id, LoginState.APPROVED, now):
            raise LoginDecided(_DECIDED)
        self._write(connection, Event.LOGIN_APPROVED, phone, now)
        return LoginState.APPROVED

    def _deny(
        self,
        connection: Connection,
        phone: Phone,
        row: LoginRow,
        said: Said,
        told: str,
        now: datetime,
    ) -> None:
        if not is_signed_by(
            phone.sign_key, said.signature, message(Verdict.DENY, said.number, told)
        ):
            raise ApprovalRefused(REFUSED)
        _refuse_what_is_over(row, now)
        if not self._ledger.decide(connection, row.id, LoginState.DENIED, now):
            raise LoginDecided(_DECIDED)
        self._write(connection, Event.LOGIN_DENIED, phone, now, address=row.from_address)
        put(
            connection,
            phone.user_id,
            Notice.LOGIN_DENIED,
            f"login:{row.id}",
            now,
            address=row.from_address or "?",
        )

    def _suspend(self, phone: Phone) -> None:
        """Suspend a copied key, in a transaction of its own: it closes other logins, and those
        are held before the device.
        """
        with suppress(IllegalMove), self._database.writing() as connection:
            now = self._clock.now()
            device = devices.get(connection, phone.device_id, now)
            suspend(connection, device, now, Notice.MOBILE_KEY_COPIED)
            self._write(connection, Event.MOBILE_KEY_COPIED, phone, now)

    def _write_down(self, phone: Phone, refusal: Exception) -> None:
        what = "another's login" if isinstance(refusal, _Strange) else "signature"
        with self._database.writing() as connection:
            self._write(connection, Event.APPROVAL_REFUSED, phone, self._clock.now(), what=what)

    def _write(
        self,
        connection: Connection,
        event: Event,
        phone: Phone,
        now: datetime,
        **more: str | None,
    ) -> None:
        self._audit.write(
            connection, now, event, f"user:{phone.user}", phone.user, device=phone.serial, **more
        )


class _Strange(Exception):
    """A phone speaks of a login that another one is asked about."""


def _refuse_what_is_over(row: LoginRow, now: datetime) -> None:
    if row.state is not LoginState.OPEN:
        raise LoginDecided(_DECIDED)
    if row.expires_at <= now:
        raise LoginExpired(_EXPIRED)
