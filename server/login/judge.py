"""Judging an answer: what logging in and every proof within a session have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from .. import metrics
from ..audit.events import Event
from ..audit.log import AuditLog
from ..db.tables import devices
from ..errors import AnswerWrong, DeviceLocked, LoginDecided
from ..notify.outbox import Notice, put
from ..settings import Settings
from ..states.device import DeviceState
from ..words import N_
from .ledger import Claim, Held, Ledger, LoginState
from .offers import Factors

LOCKED = N_(
    "This device is locked after too many wrong answers. Only the support desk can unlock it: "
    "call the desk."
)
_NOT_USABLE = N_(
    "This device cannot be used for this any more. Start again with your user name and password."
)

Adapt = Callable[[Any], Any]
"""Changes a device's state for one judgement, such as to a new PIN."""


@dataclass(frozen=True)
class Judged:
    """A judged answer: right, or wrong and counted."""

    held: Held
    wrong: AnswerWrong | None


class Judge:
    """Holds the device, asks its factor, moves its state, and counts what is wrong."""

    def __init__(
        self, settings: Settings, audit: AuditLog, factors: Factors, ledger: Ledger
    ) -> None:
        self._settings = settings
        self._audit = audit
        self._factors = factors
        self._ledger = ledger

    def judge(
        self,
        connection: Connection,
        claim: Claim,
        text: str,
        now: datetime,
        *,
        usable: Collection[DeviceState] = (DeviceState.ACTIVE,),
        adapt: Adapt | None = None,
        wrong: Event = Event.LOGIN_WRONG,
    ) -> Judged:
        """Judge the answer to a claimed attempt.

        Raises DeviceLocked, LoginDecided for a device in a state that is not `usable`, or
        AnswerMalformed; a wrong answer is counted, written down as `wrong`, and returned.
        """
        while True:
            held = self._ledger.hold(connection, claim.device_id, now)
            if held is None:
                raise DeviceLocked(LOCKED)
            if held.state not in usable:
                raise LoginDecided(_NOT_USABLE)
            factor = self._factors[held.kind]
            stored = factor.load(connection, held.id)
            asked = stored if adapt is None else adapt(stored)
            answer = factor.read(asked, text)
            verdict = factor.check(asked, claim.prompt, answer, claim.login_id)
            if verdict.state == asked or factor.move(connection, held.id, stored, verdict.state):
                break  # else somebody else moved the device: judge by what stands now
        if verdict.right:
            self._ledger.forget_wrong(connection, held)
            return Judged(held, None)
        return Judged(held, self._count_wrong(connection, claim, held, now, wrong))

    def _count_wrong(
        self, connection: Connection, claim: Claim, held: Held, now: datetime, event: Event
    ) -> AnswerWrong:
        left = self._settings.answers_per_challenge - claim.attempts
        if not left:
            self._ledger.decide(connection, claim.login_id, LoginState.CLOSED, now)
        self.count_wrong(connection, held, claim.user, now, event, attempt=claim.attempts)
        return AnswerWrong(left)

    def count_wrong(
        self,
        connection: Connection,
        held: Held,
        user: str,
        now: datetime,
        event: Event,
        **detail: int,
    ) -> None:
        """Count something wrong that `user` gave against a held device; the last one locks it."""
        locked = self._ledger.count_wrong(
            connection, held.id, now, self._settings.wrong_answers_lock
        )
        actor = f"user:{user}"
        self._audit.write(connection, now, event, actor, user, device=held.serial, **detail)
        if locked:
            self._factors[held.kind].locked(connection, held.id)
            metrics.LOCKS.inc()
            owner = connection.execute(
                select(devices.c.owner_id).where(devices.c.id == held.id)
            ).scalar_one()
            once = f"device:{held.id}:{now.isoformat()}"
            put(connection, owner, Notice.DEVICE_LOCKED, once, now, serial=held.serial)
            self._audit.write(connection, now, Event.DEVICE_LOCKED, actor, held.serial)
