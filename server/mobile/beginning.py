"""Registering a phone begins with user name and password, as a login does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ..audit.events import Event
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..errors import NoSms, Refusal
from ..login.password import PasswordStep
from ..login.standing import Proven
from ..settings import Settings
from ..words import N_
from . import beside, registrations
from .admission import Admission, admit
from .beside import Agreed
from .notes import Notes
from .registrations import Aim

NO_SMS = N_(
    "No SMS can be sent from here, so no phone can be registered in this way. Call the support "
    "desk."
)


@dataclass(frozen=True)
class Wanted:
    """What a registration begins with; `beside`: that another user's key agrees."""

    username: str
    password: str = field(repr=False)
    installation: str
    phone: str
    aim: Aim
    beside: Agreed | None = None


@dataclass(frozen=True)
class Begun:
    """A registration just begun; its bearer token is told this once."""

    bearer: str = field(repr=False)
    user: str
    aim: Aim
    admitted: Admission
    expires_at: datetime


class Beginning:
    """Begins registrations."""

    def __init__(
        self,
        clock: Clock,
        settings: Settings,
        keyring: Keyring,
        passwords: PasswordStep,
        notes: Notes,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._keyring = keyring
        self._passwords = passwords
        self._notes = notes

    async def begin(self, wanted: Wanted, address: str) -> Begun:
        """Begin with a right password; raises what that meets, and what `admit` does."""

        def then(connection: Connection, user: Proven) -> Begun | Refusal:
            now = self._clock.now()
            try:
                return self._begin(connection, wanted, user.id, user.name, now)
            except Refusal as refusal:  # returned, so that what is written of it is committed
                self._notes.refused(connection, user.name, refusal, wanted.aim)
                return refusal

        outcome = await self._passwords.check(wanted.username, wanted.password, address, then)
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    def _begin(
        self, connection: Connection, wanted: Wanted, user_id: int, user: str, now: datetime
    ) -> Begun:
        admitted = admit(connection, self._keyring, user_id, wanted.aim, now)
        if self._settings.sms_url is None and admitted.card is None:
            raise NoSms(NO_SMS)
        beside_id = None
        if wanted.beside is not None:
            beside_id = beside.check(
                connection,
                wanted.beside,
                wanted.username,
                wanted.installation,
                user_id,
                now,
            )
        expires_at = now + timedelta(seconds=self._settings.registration_seconds)
        bearer = registrations.begin(
            connection,
            user_id,
            wanted.aim,
            now,
            expires_at,
            installation=wanted.installation,
            phone=wanted.phone,
            beside_id=beside_id,
        )
        self._notes.write(
            connection,
            Event.REGISTRATION_BEGUN,
            user,
            purpose=wanted.aim.value,
            phone=wanted.phone,
        )
        return Begun(bearer, user, wanted.aim, admitted, expires_at)
