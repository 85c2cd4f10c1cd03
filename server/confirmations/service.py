"""Asking for a confirmation, showing it, and deciding it: each one transaction."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ..accounts import names
from ..accounts.users import hold
from ..applications import open_rows
from ..applications.applications import DOOR, TOKENS, Application
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import (
    AnswerWrong,
    CredentialRefused,
    DeviceLocked,
    IllegalMove,
    LoginDecided,
    LoginExpired,
    NoConfirmingDevice,
    NoSuchFactor,
    NotThere,
    Refusal,
)
from ..login.judge import LOCKED, Judge
from ..login.ledger import Ledger, LoginState, Purpose
from ..login.offers import Choice
from ..login.standing import standing
from ..settings import Settings
from ..words import N_
from . import rows
from .action import Action, Bound, b64url
from .binding import Binding
from .receipts import Receipts
from .rows import Kept, State

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_UNKNOWN = N_("There is no such action to confirm.")
_DECIDED = N_("This action was decided already, or answered wrongly too often.")
_EXPIRED = N_("The time to confirm this action is over.")
_CHANGED = N_(
    "What stands here is not the action that was asked about. It cannot be confirmed: tell the "
    "support desk."
)
_NO_DEVICE = N_("There is no such user, or none of his devices can confirm an action.")
_TOO_MANY = N_("Too many actions of this user wait for him already. Ask again when they are over.")
_NO_SUCH_FACTOR = N_("You have no device of this name: choose one of your own.")


@dataclass(frozen=True)
class Whose:
    """Who speaks of a confirmation: its user, or the application that asked for it."""

    actor: str
    user_id: int | None = None
    application_id: int | None = None


@dataclass(frozen=True)
class Shown:
    """A confirmation with its action; `devices`: those that can confirm it, where it is open."""

    kept: Kept
    action: Action
    devices: tuple[Choice, ...] = ()


class Confirmations:
    """Confirmations, and the receipts that come of them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        binding: Binding,
        judge: Judge,
        ledger: Ledger,
        receipts: Receipts,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._binding = binding
        self._judge = judge
        self._ledger = ledger
        self.receipts = receipts

    @property
    def verifier(self) -> str:
        """What this verifier is called in digests and receipts."""
        return self._binding.verifier

    # --- asking

    def ask(self, by: Application, user: str, action: Action) -> Shown:
        """Ask a user's device to confirm an action.

        Raises CredentialRefused, NoConfirmingDevice (also for nobody), DeviceLocked, IllegalMove.
        """
        with self._database.writing() as connection:
            if not TOKENS.hold(connection, by):
                raise CredentialRefused(DOOR.refused)
            told = self._ask(connection, by, user, action)
            if isinstance(told, Refusal):
                name = names.spelled(user)
                self._write(
                    connection, Event.CONFIRMATION_REFUSED, by.actor, name, why=type(told).__name__
                )
        if isinstance(told, Refusal):  # raised only here: that it was asked is committed
            raise told
        return told

    def _ask(
        self, connection: Connection, by: Application, user: str, action: Action
    ) -> Shown | Refusal:
        now = self._clock.now()
        known = open_rows.user(connection, names.spelled(user))
        if known is None or standing(connection, known[0], now).closed:
            return NoConfirmingDevice(_NO_DEVICE)
        user_id, name = known
        hold(connection, user_id)  # of two that ask at once the second counts the first
        if rows.count(connection, user_id, now) >= self._settings.confirmations_waiting:
            return IllegalMove(_TOO_MANY)
        able = self._binding.able(connection, user_id, now)
        if not able:
            return NoConfirmingDevice(_NO_DEVICE)
        first = able[0]
        if first.locked:
            return DeviceLocked(LOCKED)
        confirmation_id, nonce = secrets.token_urlsafe(16), secrets.token_bytes(16)
        expires_at = now + timedelta(seconds=self._settings.confirmation_seconds)
        bound = Bound(self.verifier, by.name, name, action, nonce, expires_at)
        self._ledger.open(
            connection,
            confirmation_id,
            user_id,
            first.device_id,
            self._binding.prompt(connection, bound.digest, first),
            now,
            expires_at,
            purpose=Purpose.CONFIRM,
            application_id=by.id,
        )
        rows.add(
            connection,
            id=confirmation_id,
            application_id=by.id,
            user_id=user_id,
            action_sealed=self._binding.seal(confirmation_id, action),
            nonce=nonce,
            digest=bound.digest,
        )
        self._write(
            connection,
            Event.CONFIRMATION_ASKED,
            by.actor,
            name,
            device=first.serial,
            digest=bound.digest.hex(),
        )
        kept = rows.find(connection, confirmation_id, now)
        assert kept is not None  # noqa: S101 - it was added just now
        return Shown(kept, action, able)

    # --- showing

    def show(self, whose: Whose, confirmation_id: str) -> Shown:
        """Return a confirmation as it stands; raises NotThere, and IllegalMove where the action is
        not the one that was asked about.
        """
        now = self._clock.now()
        with self._database.reading() as connection:
            kept = self._find(connection, whose, confirmation_id)
            able = (
                self._binding.able(connection, kept.user_id, now)
                if kept.state is State.OPEN
                else ()
            )
        action = self._binding.action(kept)
        if action is None:
            raise IllegalMove(_CHANGED)
        return Shown(kept, action, able)

    def waiting(self, user_id: int) -> list[Kept]:
        """Return what waits for a user."""
        with self._database.reading() as connection:
            return rows.waiting(connection, user_id, self._clock.now())

    def choose(self, whose: Whose, confirmation_id: str, factor_id: str) -> None:
        """Ask another of the user's devices; the same one again changes nothing."""
        now = self._clock.now()
        with self._database.writing() as connection:
            kept = self._find(connection, whose, confirmation_id)
            _refuse_what_is_over(kept)
            able = self._binding.able(connection, kept.user_id, now)
            chosen = next((each for each in able if each.id == factor_id), None)
            if chosen is None:
                raise NoSuchFactor(_NO_SUCH_FACTOR)
            if chosen.device_id == kept.device_id:
                return
            prompt = self._binding.prompt(connection, kept.digest, chosen)
            if not self._ledger.choose(connection, kept.id, now, chosen.device_id, prompt):
                raise LoginDecided(_DECIDED)
            self._write(
                connection, Event.LOGIN_FACTOR_CHOSEN, whose.actor, kept.user, device=chosen.serial
            )

    # --- deciding

    def answer(self, whose: Whose, confirmation_id: str, text: str) -> Kept:
        """Decide an answer; where it is right, sign the receipt in the same transaction.

        Refusals come in the order of a login's: unknown, decided, expired, changed, locked,
        malformed, wrong. Only a wrong answer, and a changed action, change anything.
        """
        with self._database.writing() as connection:
            told = self._decide(connection, whose, confirmation_id, text)
        if isinstance(told, Refusal):  # raised only here: what it changed is committed
            raise told
        return told

    def _decide(
        self, connection: Connection, whose: Whose, confirmation_id: str, text: str
    ) -> Kept | AnswerWrong | IllegalMove:
        now = self._clock.now()
        kept = self._find(connection, whose, confirmation_id)
        claim = self._ledger.claim(
            connection, kept.id, now, self._settings.answers_per_challenge, Purpose.CONFIRM
        )
        if claim is None:
            _refuse_what_is_over(kept)
            raise LoginDecided(_DECIDED)
        asked = {each.device_id: each for each in self._binding.able(connection, kept.user_id, now)}
        device = asked.get(claim.device_id)
        if device is None:
            raise LoginDecided(_DECIDED)
        expected = self._binding.prompt(connection, kept.digest, device)
        if self._binding.action(kept) is None or claim.prompt != expected:
            self._ledger.decide(connection, kept.id, LoginState.CLOSED, now)
            self._write(
                connection, Event.CONFIRMATION_REFUSED, whose.actor, kept.user, why="changed"
            )
            return IllegalMove(_CHANGED)
        judged = self._judge.judge(connection, claim, text, now, wrong=Event.CONFIRMATION_WRONG)
        if judged.wrong is not None:
            return judged.wrong
        if not self._ledger.decide(connection, kept.id, LoginState.ACCEPTED, now):
            raise LoginDecided(_DECIDED)
        rows.keep_receipt(connection, kept.id, self._receipt(kept, device, now))
        self._write(
            connection,
            Event.CONFIRMATION_GIVEN,
            f"user:{kept.user}",
            kept.user,
            application=kept.application,
            device=device.serial,
            digest=kept.digest.hex(),
        )
        return self._find(connection, whose, confirmation_id)

    def deny(self, whose: Whose, confirmation_id: str) -> None:
        """End it without an answer: its user did not want this."""
        now = self._clock.now()
        with self._database.writing() as connection:
            kept = self._find(connection, whose, confirmation_id)
            _refuse_what_is_over(kept)
            if not self._ledger.decide(connection, kept.id, LoginState.DENIED, now):
                raise LoginDecided(_DECIDED)
            self._write(
                connection,
                Event.CONFIRMATION_DENIED,
                whose.actor,
                kept.user,
                application=kept.application,
                digest=kept.digest.hex(),
            )

    # --- within

    def _find(self, connection: Connection, whose: Whose, confirmation_id: str) -> Kept:
        found = None
        if _ID.fullmatch(confirmation_id):
            found = rows.find(connection, confirmation_id, self._clock.now())
        if found is None or (
            whose.user_id != found.user_id and whose.application_id != found.application_id
        ):
            raise NotThere(_UNKNOWN)
        return found

    def _receipt(self, kept: Kept, device: Choice, now: datetime) -> str:
        return self.receipts.sign(
            {
                "iss": self.verifier,
                "aud": kept.application,
                "sub": kept.user,
                "jti": kept.id,
                "iat": int(now.timestamp()),
                "action_sha256": b64url(kept.digest),
                "device_kind": device.kind.value,
                "device": device.serial,
            }
        )

    def _write(
        self,
        connection: Connection,
        event: Event,
        actor: str,
        user: str | None,
        **detail: str,
    ) -> None:
        self._audit.write(connection, self._clock.now(), event, actor, user, **detail)


def _refuse_what_is_over(kept: Kept) -> None:
    if kept.state is State.EXPIRED:
        raise LoginExpired(_EXPIRED)
    if kept.state is not State.OPEN:
        raise LoginDecided(_DECIDED)
