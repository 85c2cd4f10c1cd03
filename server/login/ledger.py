"""The statements that decide a login, each a compare-and-set on its row.

Every one changes a row only where it still is what the decision rests on, and says whether it
did. So of N answers sent at once to any number of workers each attempt is claimed by one of them,
and one alone can accept. The order in which rows are held is always login, device, card, audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import BindParameter, Connection, Row, bindparam, case, insert, select, text, update

from ..db.prepared import Prepared
from ..db.tables import UNFINISHED_SQL, devices, logins, users
from ..db.types import Moment
from ..factors.interface import APPROVAL, Prompt
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState, state_at
from .whence import NOWHERE, Whence

_ID: BindParameter[object] = bindparam("the_id")
_NOW = bindparam("now", type_=Moment)


class Purpose(StrEnum):
    """What a right answer is for; but for `login` and the last two, proofs within a session."""

    LOGIN = "login"
    ACTIVATE = "activate"
    REACTIVATE = "reactivate"
    SHARE = "share"
    PIN_CHANGE = "pin_change"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    MIGRATE = "migrate"
    VALIDATE = "validate"
    """A login at an application (`applications.validations`): it opens no session here."""
    CONFIRM = "confirm"
    """One action of an application's (`confirmations`)."""


class LoginState(StrEnum):
    """Where a login stands; expiry is read off the clock instead."""

    OPEN = "open"
    APPROVED = "approved"
    """On the phone; whoever began it has not taken the session yet."""
    ACCEPTED = "accepted"
    DENIED = "denied"
    CLOSED = "closed"


UNFINISHED = text(f"logins.{UNFINISHED_SQL}")
"""That a login can still come to a session."""


@dataclass(frozen=True)
class Claim:
    """One attempt of a login, claimed by whoever holds this; `attempts` counts it."""

    login_id: str
    user_id: int
    user: str
    device_id: int
    prompt: Prompt
    attempts: int
    detail_sealed: bytes | None = None


@dataclass(frozen=True)
class Held:
    """A device that is not locked, its row held until the transaction ends, and its state."""

    id: int
    kind: DeviceKind
    serial: str
    owner_id: int
    wrong_run: int = 0
    state: DeviceState = DeviceState.ACTIVE


@dataclass(frozen=True)
class LoginRow:
    """A login as it stands, for showing it."""

    id: str
    user_id: int
    user: str
    device_id: int
    prompt: Prompt
    state: LoginState
    attempts: int
    begun_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    browser: bytes | None
    session_hash: bytes | None = None
    detail_sealed: bytes | None = None
    approval_id: str | None = None
    from_address: str | None = None
    from_agent: str | None = None
    purpose: Purpose = Purpose.LOGIN
    application_id: int | None = None


_OPEN = Prepared(insert(logins), [each.name for each in logins.c if each.name != "decided_at"])
_FIND = (
    select(logins, users.c.name)
    .join(users, users.c.id == logins.c.user_id)
    .where(logins.c.id == _ID, logins.c.purpose == bindparam("purpose"))
)
_IS_OPEN = (logins.c.id == _ID, logins.c.state == LoginState.OPEN.value)
_CLAIM = Prepared(
    update(logins)
    .where(
        *_IS_OPEN,
        logins.c.purpose == bindparam("purpose"),
        logins.c.attempts < bindparam("allowed"),
        logins.c.expires_at > _NOW,
    )
    .values(attempts=logins.c.attempts + 1)
    .returning(
        logins.c.user_id,
        logins.c.device_id,
        logins.c.prompt,
        logins.c.attempts,
        logins.c.detail_sealed,
        select(users.c.name).where(users.c.id == logins.c.user_id).scalar_subquery().label("user"),
    )
)
_DECIDE = Prepared(
    update(logins)
    .where(*_IS_OPEN)
    .values(state=bindparam("to"), decided_at=_NOW, detail_sealed=None)  # it has done its work
)
_CHOOSE = (
    update(logins)
    .where(*_IS_OPEN, logins.c.expires_at > _NOW)
    .values(
        device_id=bindparam("device"),
        prompt=bindparam("asked"),
        approval_id=bindparam("approval"),
    )
)
_SAY = (
    update(logins)
    .where(*_IS_OPEN, logins.c.expires_at > _NOW, logins.c.device_id == bindparam("device"))
    .values(prompt=bindparam("asked"))
)
_CLOSE_ALL = (
    update(logins)
    .where(logins.c.user_id == _ID, UNFINISHED)
    .values(state=LoginState.CLOSED.value, decided_at=_NOW)
)
_UNLOCKED = (devices.c.id == _ID, devices.c.locked_at.is_(None))
_HOLD = Prepared(
    update(devices)
    .where(*_UNLOCKED)
    .values(used_at=_NOW)
    .returning(
        devices.c.kind,
        devices.c.serial,
        devices.c.owner_id,
        devices.c.wrong_run,
        devices.c.state,
        devices.c.auto_activates_at,
        devices.c.valid_until,
    )
)
_COUNT_WRONG = (
    update(devices)
    .where(*_UNLOCKED)
    .values(
        wrong_run=devices.c.wrong_run + 1,
        locked_at=case((devices.c.wrong_run + 1 >= bindparam("lock_at"), _NOW), else_=None),
    )
    .returning(devices.c.locked_at)
)
_FORGET_WRONG = update(devices).where(devices.c.id == _ID).values(wrong_run=0)


class Ledger:
    """The logins' and devices' rows, as far as deciding goes."""

    def open(
        self,
        connection: Connection,
        login_id: str,
        user_id: int,
        device_id: int,
        prompt: Prompt,
        now: datetime,
        expires_at: datetime,
        browser: bytes | None = None,
        *,
        purpose: Purpose = Purpose.LOGIN,
        session_hash: bytes | None = None,
        detail_sealed: bytes | None = None,
        whence: Whence = NOWHERE,
        application_id: int | None = None,
    ) -> None:
        """Add a login, or another proof, that waits for its answer."""
        _OPEN.count(
            connection,
            id=login_id,
            user_id=user_id,
            device_id=device_id,
            prompt=to_json(dict(prompt)).decode(),
            state=LoginState.OPEN.value,
            attempts=0,
            begun_at=now,
            expires_at=expires_at,
            browser=browser,
            purpose=purpose.value,
            session_hash=session_hash,
            detail_sealed=detail_sealed,
            approval_id=prompt.get(APPROVAL),
            from_address=(whence.address or "")[:64] or None,
            from_agent=(whence.agent or "")[:128] or None,
            application_id=application_id,
        )

    def find(
        self, connection: Connection, login_id: str, purpose: Purpose = Purpose.LOGIN
    ) -> LoginRow | None:
        """Read a login of this purpose, changing nothing."""
        row = connection.execute(
            _FIND, {"the_id": login_id, "purpose": purpose.value}
        ).one_or_none()
        return None if row is None else read_row(row)

    def claim(
        self,
        connection: Connection,
        login_id: str,
        now: datetime,
        allowed: int,
        purpose: Purpose = Purpose.LOGIN,
    ) -> Claim | None:
        """Take one of the login's attempts, or None where it has none left, is over or unknown."""
        row = _CLAIM.one_or_none(
            connection, the_id=login_id, allowed=allowed, now=now, purpose=purpose.value
        )
        if row is None:
            return None
        asked, tries, detail = from_json(row.prompt), row.attempts, row.detail_sealed
        return Claim(login_id, row.user_id, row.user, row.device_id, asked, tries, detail)

    def hold(self, connection: Connection, device_id: int, now: datetime) -> Held | None:
        """Hold the row of a device that is not locked; None where it is."""
        row = _HOLD.one_or_none(connection, the_id=device_id, now=now)
        if row is None:
            return None
        kind, state = DeviceKind(row.kind), state_at(row, now)
        return Held(device_id, kind, row.serial, row.owner_id, row.wrong_run, state)

    def count_wrong(
        self, connection: Connection, device_id: int, now: datetime, lock_at: int
    ) -> bool:
        """Count a wrong answer against a device; True where it locked the device."""
        row = connection.execute(
            _COUNT_WRONG, {"the_id": device_id, "lock_at": lock_at, "now": now}
        ).one_or_none()
        return row is not None and row.locked_at is not None

    def forget_wrong(self, connection: Connection, held: Held) -> None:
        """End a held device's run of wrong answers."""
        if held.wrong_run:
            connection.execute(_FORGET_WRONG, {"the_id": held.id})

    def decide(
        self, connection: Connection, login_id: str, state: LoginState, now: datetime
    ) -> bool:
        """End an open login; False where somebody else ended it first."""
        return _DECIDE.count(connection, the_id=login_id, to=state.value, now=now) == 1

    def choose(
        self,
        connection: Connection,
        login_id: str,
        now: datetime,
        device_id: int,
        prompt: Prompt,
    ) -> bool:
        """Put another device and prompt into an open login; False where it is over."""
        chosen = connection.execute(
            _CHOOSE,
            {
                "the_id": login_id,
                "now": now,
                "device": device_id,
                "asked": to_json(dict(prompt)).decode(),
                "approval": prompt.get(APPROVAL),
            },
        )
        return chosen.rowcount == 1

    def say(
        self,
        connection: Connection,
        login_id: str,
        now: datetime,
        device_id: int,
        prompt: Prompt,
    ) -> bool:
        """Change the prompt of an open login; False where it is over, or asks another device."""
        changed = {
            "the_id": login_id,
            "now": now,
            "device": device_id,
            "asked": to_json(dict(prompt)).decode(),
        }
        return connection.execute(_SAY, changed).rowcount == 1

    def close_all(self, connection: Connection, user_id: int, now: datetime) -> None:
        """End every unfinished login of a user: he is locked, or his password has changed."""
        connection.execute(_CLOSE_ALL, {"the_id": user_id, "now": now})


def read_row(row: Row[Any]) -> LoginRow:
    """Return a row of logins, with its user's name, as it stands."""
    return LoginRow(
        id=row.id,
        user_id=row.user_id,
        user=row.name,
        device_id=row.device_id,
        prompt=from_json(row.prompt),
        state=LoginState(row.state),
        attempts=row.attempts,
        begun_at=row.begun_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
        browser=row.browser,
        session_hash=row.session_hash,
        detail_sealed=row.detail_sealed,
        approval_id=row.approval_id,
        from_address=row.from_address,
        from_agent=row.from_agent,
        purpose=Purpose(row.purpose),
        application_id=row.application_id,
    )
