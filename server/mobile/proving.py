"""A user proves himself to register a phone: by the token of the SMS, or by a card in its place."""

from __future__ import annotations

import secrets as chance
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, select, update

from ..audit.events import Event
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import Secrets
from ..db.engine import Database
from ..db.tables import logins
from ..errors import IllegalMove, NoSuchLogin, TokenExpired, TokenWrong
from ..login.ledger import LoginState, Purpose
from ..login.proofs import Asked, Proofs
from ..settings import Settings
from ..states.registration import REGISTRATION, RegistrationMove, RegistrationState
from ..words import N_
from . import authenticator, exchange, registrations, tokens
from .admission import admit
from .notes import Notes
from .registrations import Aim, Registration, place

_NO_CARD = N_("There is no card of yours that could answer now: ask for an SMS.")
_NOT_ASKED = N_("The card was not asked, or its challenge is over: ask it again.")
_NOT_SENT = N_("No token is waited for: each is good once. Start again if you have none.")
_EXPIRED = N_("This token has expired: ask for another SMS.")
_CHALLENGE_BYTES = 32


@dataclass(frozen=True)
class Proved:
    """What the phone needs for its key, once its user has proved himself."""

    user: str
    exchange: bytes
    webauthn: dict[str, object]
    pin_exists: bool


class Proving:
    """Takes tokens, and cards' answers."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        keyring: Keyring,
        secrets: Secrets,
        proofs: Proofs,
        notes: Notes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keyring = keyring
        self._secrets = secrets
        self._proofs = proofs
        self._notes = notes

    # --- the token

    def prove(self, bearer: str, token: str) -> Proved:
        """Take a token. Raises TokenWrong, which is counted, or TokenExpired."""
        with self._notes.refusals(bearer):
            wrong, proved = self._prove(bearer, token)
        if wrong is not None:
            raise wrong
        assert proved is not None  # noqa: S101 - one of both
        return proved

    def _prove(self, bearer: str, token: str) -> tuple[TokenWrong | None, Proved | None]:
        with self._database.writing() as connection:
            now = self._clock.now()
            found = registrations.held(connection, bearer, now)
            if found.state is not RegistrationState.SENT or found.sent_at is None:
                raise IllegalMove(_NOT_SENT)
            if found.sent_at + timedelta(seconds=self._settings.activation_token_seconds) <= now:
                raise TokenExpired(_EXPIRED)
            expected = tokens.activation(self._secrets, found.token_hash, found.sends)
            if tokens.is_right(token, expected):
                return None, self._proved(connection, found, "sms")
            left = self._settings.activation_token_tries - found.tries - 1
            registrations.count_try(connection, found)
            tried = replace(found, tries=found.tries + 1)
            self._notes.write(connection, Event.REGISTRATION_WRONG, found.user, attempt=tried.tries)
            if left <= 0:
                registrations.move(connection, tried, RegistrationMove.ENDED)
                self._notes.write(
                    connection, Event.REGISTRATION_ENDED, found.user, why="tried too often"
                )
            return TokenWrong(max(left, 0)), None

    # --- the card in its place

    def ask_card(self, bearer: str) -> Asked:
        """Ask the user's card in place of an SMS: of who moves his key, or works at the desk."""
        with self._notes.refusals(bearer), self._database.writing() as connection:
            now = self._clock.now()
            found = registrations.find(connection, bearer, now)
            admitted = admit(connection, self._keyring, found.user_id, found.aim, now)
            if admitted.card is None or not REGISTRATION.allows(
                found.state, RegistrationMove.PROVED
            ):
                raise IllegalMove(_NO_CARD)
            connection.execute(
                update(logins)
                .where(*_of(found), logins.c.state == LoginState.OPEN.value)
                .values(state=LoginState.CLOSED.value, decided_at=now)
            )
            return self._proofs.ask(connection, found, admitted.card.device_id, Purpose.MIGRATE)

    def answer_card(self, bearer: str, answer: str) -> Proved:
        """Take the card's answer, judged and counted like every other; raises what that meets."""
        with self._database.reading() as connection:
            found = registrations.find(connection, bearer, self._clock.now())
            proof_id = connection.execute(
                select(logins.c.id)
                .where(*_of(found))
                .order_by(logins.c.state != LoginState.OPEN.value, logins.c.begun_at.desc())
                .limit(1)
            ).scalar_one_or_none()
        if proof_id is None:
            raise NoSuchLogin(_NOT_ASKED)

        def then(connection: Connection, _asked: Asked) -> Proved:
            now = self._clock.now()
            return self._proved(connection, registrations.find(connection, bearer, now), "card")

        return self._proofs.answer(found, proof_id, Purpose.MIGRATE, answer, then)

    # --- within

    def _proved(self, connection: Connection, found: Registration, how: str) -> Proved:
        private, challenge = exchange.new_private(), chance.token_bytes(_CHALLENGE_BYTES)
        registrations.move(
            connection,
            found,
            RegistrationMove.PROVED,
            exchange_sealed=self._keyring.seal(private, place("exchange_sealed", found.id)),
            challenge=challenge,
        )
        self._notes.write(connection, Event.REGISTRATION_PROVED, found.user, by=how)
        options = authenticator.options(
            self._settings, self._secrets, found.user_id, found.user, challenge
        )
        return Proved(found.user, exchange.public_point(private), options, has_pin_already(found))


def _of(found: Registration) -> tuple[ColumnElement[bool], ...]:
    """The questions that a card was asked for a registration."""
    return (
        logins.c.user_id == found.user_id,
        logins.c.purpose == Purpose.MIGRATE.value,
        logins.c.session_hash == found.token_hash,
    )


def has_pin_already(found: Registration) -> bool:
    """Tell whether the PIN is one that stands, of the key before or of the one beside."""
    return found.aim is Aim.REENABLE or found.beside_id is not None
