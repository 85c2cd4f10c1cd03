"""Codes by SMS behind the factor interface: nothing of a code is stored, nor of where it went.

A code is computed from the login that it is for, under the verifier's own key, so that each login
has another; it is sent to the number on record once the login is committed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from .. import language
from ..accounts import people
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import Secrets
from ..db.tables import devices, sms_codes, users
from ..db.transaction import after_commit
from ..errors import NoUsableDevice, TooSoon
from ..mobile import numbers, tokens
from ..notify.reach import Reach
from ..settings import Settings
from ..words import N_
from . import sms_code
from .interface import Factor, Prompt, Question, Verdict
from .kinds import DeviceKind
from .sms_code import SmsCodeState, SmsRules

_NO_NUMBER = N_("There is no phone number on record that a code could be sent to: call the desk.")
_WAIT = N_("Wait %(seconds)s seconds before you ask for another SMS.")
_TEXT = N_("%(code)s is your code for logging in. Type it on that page alone: we never ask for it.")
_ID: BindParameter[object] = bindparam("the_id")
_LOAD = (
    select(sms_codes.c.sends, sms_codes.c.sent_at, devices.c.owner_id)
    .join(devices, devices.c.id == sms_codes.c.device_id)
    .where(sms_codes.c.device_id == _ID)
)
_MOVE = (
    update(sms_codes)
    .where(sms_codes.c.device_id == _ID, sms_codes.c.sends == bindparam("old_sends"))
    .values(sends=bindparam("new_sends"), sent_at=bindparam("at", type_=sms_codes.c.sent_at.type))
)
_WHO = (
    select(users.c.name, users.c.locale, devices.c.serial)
    .join(devices, devices.c.owner_id == users.c.id)
    .where(devices.c.id == _ID)
)


class SmsCodeFactor(Factor[SmsCodeState]):
    """Codes by SMS to the number on record."""

    kind: ClassVar[DeviceKind] = DeviceKind.SMS_CODE

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        audit: AuditLog,
        keyring: Keyring,
        secrets: Secrets,
        reach: Reach,
    ) -> None:
        self._rules = SmsRules(settings.sms_pauses_seconds, settings.sms_per_day)
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._secrets = secrets
        self._reach = reach

    def offer(self, state: SmsCodeState) -> Question[SmsCodeState]:
        """Say where the code goes; `sent` is false where the last ones went just now."""
        if state.number is None:
            raise NoUsableDevice(_NO_NUMBER)
        prompt: dict[str, object] = {"sms": numbers.shown(state.number)}
        if sms_code.wait(self._rules, state, self._clock.now()):
            prompt["sent"] = False
        return Question(prompt, state)

    def read(self, state: SmsCodeState, text: str) -> str:
        """Return the digits of a code, or raise AnswerMalformed."""
        return sms_code.read(text)

    def check(
        self, state: SmsCodeState, prompt: Prompt, answer: str, login_id: str
    ) -> Verdict[SmsCodeState]:
        """Judge a code: only that of the login it was sent for is right."""
        if tokens.is_right(answer, tokens.login(self._secrets, login_id)):
            return Verdict(True, replace(state, sends=0))
        return Verdict(False, state)

    def load(self, connection: Connection, device_id: int) -> SmsCodeState:
        """Read a row, and the number on record."""
        row = connection.execute(_LOAD, {"the_id": device_id}).one()
        known = people.contact(connection, self._keyring, row.owner_id)
        return SmsCodeState(known.phone, row.sends, row.sent_at)

    def move(
        self, connection: Connection, device_id: int, old: SmsCodeState, new: SmsCodeState
    ) -> bool:
        """Store how many were sent, where nobody else sent one meanwhile."""
        moved = connection.execute(
            _MOVE,
            {
                "the_id": device_id,
                "old_sends": old.sends,
                "new_sends": new.sends,
                "at": new.sent_at,
            },
        )
        return moved.rowcount == 1

    def asked(self, connection: Connection, device_id: int, login_id: str, prompt: Prompt) -> None:
        """Send the code of a login."""
        if prompt.get("sent", True):
            self._send(connection, device_id, login_id, self.load(connection, device_id))

    def send_again(self, connection: Connection, device_id: int, login_id: str) -> None:
        """Send the code of a login once more; raises TooSoon."""
        state = self.load(connection, device_id)
        seconds = sms_code.wait(self._rules, state, self._clock.now())
        if seconds:
            raise TooSoon(_WAIT, seconds)
        self._send(connection, device_id, login_id, state)

    def _send(
        self, connection: Connection, device_id: int, login_id: str, state: SmsCodeState
    ) -> None:
        now, number = self._clock.now(), state.number
        sent = replace(state, sends=state.sends + 1, sent_at=now)
        if number is None or not self.move(connection, device_id, state, sent):
            return  # another login's code leaves at this moment
        row = connection.execute(_WHO, {"the_id": device_id}).one()
        self._audit.write(
            connection,
            now,
            Event.SMS_CODE_SENT,
            f"user:{row.name}",
            row.name,
            device=row.serial,
            message=sent.sends,
        )
        with language.speaking(row.locale):
            text = language.gettext(_TEXT) % {"code": tokens.login(self._secrets, login_id)}
        after_commit(connection, lambda: _hand_over(self._reach, number, text))


def _hand_over(reach: Reach, number: str, text: str) -> None:
    reach.sms(number, text)
