"""The token that proves a phone number: sent by SMS after the transaction, and never too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from .. import language
from ..audit.events import Event
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import Secrets
from ..db.engine import Database
from ..errors import IllegalMove, NoSms, NumberNotOnRecord, TooSoon
from ..notify.reach import Reach
from ..settings import Settings
from ..states.registration import RegistrationMove, RegistrationState
from ..words import N_
from . import admission, numbers, registrations, tokens
from .admission import admit
from .beginning import NO_SMS
from .notes import Notes
from .registrations import Registration, place

_NOT_YOUR_CHOICE = N_(
    "You have a device, so only the phone number on record can be used. The support desk changes "
    "it, after an identity check."
)
_CARD_ALONE = N_("No SMS is sent for this registration: answer with your card instead.")
_WAIT = N_("Wait %(seconds)s seconds before you ask for another SMS.")
_ENOUGH_TODAY = N_(
    "You were sent as many SMS as can be sent in a day. Try again in %(seconds)s seconds."
)
_NONE_YET = N_("No SMS was sent yet: choose a phone number first.")
_NO_MORE = N_(
    "No more SMS are sent for this registration. Start again with user name and password."
)
_TEXT = N_(
    "%(token)s is the token that registers your phone for Secure Login. It is good for "
    "%(minutes)s minutes. Type it into the app alone: we never ask for it."
)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """A token on its way; another may be asked for in `again_in` seconds, None is never."""

    shown: str
    again_in: int | None
    expires_at: datetime


class Sending:
    """Sends tokens."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        keyring: Keyring,
        secrets: Secrets,
        reach: Reach,
        notes: Notes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keyring = keyring
        self._secrets = secrets
        self._reach = reach
        self._notes = notes

    def send(self, bearer: str, chosen: tuple[str, str] | None) -> Sent:
        """Send a token to the number on record (None), or to one given as country and digits."""
        with self._notes.refusals(bearer):
            number = None if chosen is None else numbers.read(*chosen)
            return self._send(bearer, number, again=False)

    def send_again(self, bearer: str) -> Sent:
        """Send another token to where the last one went."""
        with self._notes.refusals(bearer):
            return self._send(bearer, None, again=True)

    def _send(self, bearer: str, own: str | None, *, again: bool) -> Sent:
        if self._settings.sms_url is None:
            raise NoSms(NO_SMS)
        with self._database.writing() as connection:
            now = self._clock.now()
            found = registrations.held(connection, bearer, now)
            if again and found.state is not RegistrationState.SENT:
                raise IllegalMove(_NONE_YET)
            admitted = admit(connection, self._keyring, found.user_id, found.aim, now)
            if again and found.number_sealed is not None:
                own = self._keyring.open(
                    found.number_sealed, place("number_sealed", found.id)
                ).decode()
            if own is not None and not admitted.may_add_number:
                raise NumberNotOnRecord(_NOT_YOUR_CHOICE)
            number = own or admitted.number
            if number is None and admitted.card is not None:
                raise NumberNotOnRecord(_CARD_ALONE)
            if number is None:
                raise NumberNotOnRecord(admission.NO_NUMBER)
            self._refuse_a_flood(connection, found, now)
            sealed = None
            if own is not None:
                sealed = self._keyring.seal(own.encode(), place("number_sealed", found.id))
            sends = found.sends + 1
            registrations.move(
                connection,
                found,
                RegistrationMove.SENT,
                sends=sends,
                sent_at=now,
                number_sealed=sealed,
            )
            self._notes.write(connection, Event.REGISTRATION_SENT, found.user, message=sends)
        with language.speaking(found.locale):
            text = language.gettext(_TEXT) % {
                "token": tokens.activation(self._secrets, found.token_hash, sends),
                "minutes": self._settings.activation_token_seconds // 60,
            }
        self._reach.sms(number, text)
        pauses = self._settings.sms_pauses_seconds
        return Sent(
            numbers.shown(number),
            pauses[sends - 1] if sends <= len(pauses) else None,
            min(now + timedelta(seconds=self._settings.activation_token_seconds), found.expires_at),
        )

    def _refuse_a_flood(self, connection: Connection, found: Registration, now: datetime) -> None:
        pauses = self._settings.sms_pauses_seconds
        if found.sends > len(pauses):
            raise IllegalMove(_NO_MORE)
        if found.sends and found.sent_at is not None:
            ready_at = found.sent_at + timedelta(seconds=pauses[found.sends - 1])
            if now < ready_at:
                raise TooSoon(_WAIT, _seconds(ready_at - now))
        sent, first_at = registrations.sends_since(connection, found.user_id, now - _DAY)
        if sent >= self._settings.sms_per_day and first_at is not None:
            raise TooSoon(_ENOUGH_TODAY, _seconds(first_at + _DAY - now))


def _seconds(left: timedelta) -> int:
    return -(-left // timedelta(seconds=1))
