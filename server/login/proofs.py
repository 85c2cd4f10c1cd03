"""Proofs within a session: a device answers once more, for something that needs it.

To activate or reactivate a device, share one, change a PIN, opt out or in. A proof is a row among
the logins, decided by the same statements and counted toward the same lock; only the session that
asked for it can answer it, and what it is for happens in the same transaction as the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection, select

from ..accounts.users import hold
from ..audit.events import Event
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import devices
from ..errors import LoginDecided, LoginExpired, NoSuchLogin
from ..factors.interface import Prompt
from ..factors.kinds import DeviceKind
from ..settings import Settings
from ..states.device import DeviceState
from ..words import N_
from . import ids
from .judge import Adapt, Judge
from .ledger import Ledger, LoginRow, LoginState, Purpose
from .offers import Factors, ask
from .proof_rows import is_proved_in

_UNKNOWN = N_("There is no such question. Start again from the list of your devices.")
_DECIDED = N_("This was answered already, or failed too often. Start again.")
_EXPIRED = N_("The challenge has expired. Start again.")

T = TypeVar("T")


class Asker(Protocol):
    """What a proof belongs to: a session, or the registration of a phone."""

    @property
    def user_id(self) -> int:
        """Whose it is."""

    @property
    def token_hash(self) -> bytes:
        """What it is known by; nobody else can answer."""


@dataclass(frozen=True)
class Asked:
    """A proof that waits for its answer."""

    id: str
    device_id: int
    kind: DeviceKind
    serial: str
    prompt: Prompt
    expires_at: datetime
    detail: bytes | None = field(default=None, repr=False)


class Proofs:
    """Asks for proofs and decides their answers."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        keyring: Keyring,
        factors: Factors,
        judge: Judge,
        ledger: Ledger,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keyring = keyring
        self._factors = factors
        self._judge = judge
        self._ledger = ledger

    def ask(
        self,
        connection: Connection,
        session: Asker,
        device_id: int,
        purpose: Purpose,
        detail: bytes | None = None,
    ) -> Asked:
        """Ask a device for a proof; `detail` is sealed and comes back with the right answer.

        Whether the session may do this with the device is the caller's to have decided.
        """
        now = self._clock.now()
        row = connection.execute(
            select(devices.c.kind, devices.c.serial).where(devices.c.id == device_id)
        ).one()
        kind = DeviceKind(row.kind)
        prompt = ask(connection, self._factors[kind], device_id)
        proof_id = ids.make(now)
        expires_at = now + self._settings.challenge_lifetime
        sealed = None if detail is None else self._keyring.seal(detail, _place(proof_id))
        self._ledger.open(
            connection,
            proof_id,
            session.user_id,
            device_id,
            prompt,
            now,
            expires_at,
            purpose=purpose,
            session_hash=session.token_hash,
            detail_sealed=sealed,
        )
        self._factors[kind].asked(connection, device_id, proof_id, prompt)
        return Asked(proof_id, device_id, kind, row.serial, prompt, expires_at, detail)

    def show(self, session: Asker, proof_id: str, purpose: Purpose) -> Asked:
        """Return a proof that can still be answered, or raise what its answer would meet."""
        now = self._clock.now()
        with self._database.reading() as connection:
            row = self._row(connection, session, proof_id, purpose)
            _refuse_what_is_over(row, now)
            device = connection.execute(
                select(devices.c.kind, devices.c.serial).where(devices.c.id == row.device_id)
            ).one()
        return Asked(
            row.id,
            row.device_id,
            DeviceKind(device.kind),
            device.serial,
            row.prompt,
            row.expires_at,
            self._detail(row.id, row.detail_sealed),
        )

    def answer(
        self,
        session: Asker,
        proof_id: str,
        purpose: Purpose,
        text: str,
        then: Callable[[Connection, Asked], T],
        *,
        usable: Collection[DeviceState] = (DeviceState.ACTIVE,),
        adapt: Callable[[Asked], Adapt] | None = None,
    ) -> T:
        """Decide an answer; where it is right, do `then` in the same transaction.

        What `then` raises undoes the decision too. `usable`: the states that the device may be in;
        `adapt`: how its state is changed for the judgement (a PIN not yet in force). Raises
        NoSuchLogin, LoginDecided, LoginExpired, DeviceLocked, AnswerMalformed, AnswerWrong; only a
        wrong answer changes anything.
        """
        with self._database.writing() as connection:
            now = self._clock.now()
            row = self._row(connection, session, proof_id, purpose)
            hold(connection, session.user_id)  # before the login: `then` may change him
            claim = self._ledger.claim(
                connection, row.id, now, self._settings.answers_per_challenge, purpose
            )
            if claim is None:
                _refuse_what_is_over(self._row(connection, session, proof_id, purpose), now)
                raise LoginDecided(_DECIDED)
            detail = self._detail(row.id, claim.detail_sealed)

            def asked(kind: DeviceKind, serial: str) -> Asked:
                return Asked(
                    row.id, row.device_id, kind, serial, row.prompt, row.expires_at, detail
                )

            device = connection.execute(
                select(devices.c.kind, devices.c.serial).where(devices.c.id == row.device_id)
            ).one()
            proved = asked(DeviceKind(device.kind), device.serial)
            judged = self._judge.judge(
                connection,
                claim,
                text,
                now,
                usable=usable,
                adapt=None if adapt is None else adapt(proved),
                wrong=Event.PROOF_WRONG,
            )
            if judged.wrong is None:
                if not self._ledger.decide(connection, row.id, LoginState.ACCEPTED, now):
                    raise LoginDecided(_DECIDED)
                return then(connection, proved)
        raise judged.wrong  # only here: that it was counted is committed

    def is_proved_in(
        self, connection: Connection, session: Asker, device_id: int, purpose: Purpose, at: datetime
    ) -> bool:
        """Tell whether a device gave its right answer of that moment in this very session."""
        return is_proved_in(connection, session.token_hash, session.user_id, device_id, purpose, at)

    def _detail(self, proof_id: str, sealed: bytes | None) -> bytes | None:
        return None if sealed is None else self._keyring.open(sealed, _place(proof_id))

    def _row(
        self, connection: Connection, session: Asker, proof_id: str, purpose: Purpose
    ) -> LoginRow:
        row = (
            self._ledger.find(connection, proof_id, purpose)
            if ids.PATTERN.fullmatch(proof_id)
            else None
        )
        if row is None or row.session_hash != session.token_hash:
            raise NoSuchLogin(_UNKNOWN)
        return row


def _refuse_what_is_over(row: LoginRow, now: datetime) -> None:
    if row.state is not LoginState.OPEN:
        raise LoginDecided(_DECIDED)
    if row.expires_at <= now:
        raise LoginExpired(_EXPIRED)


def _place(proof_id: str) -> str:
    return f"logins.detail_sealed:{proof_id}"
