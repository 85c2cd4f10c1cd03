"""A verifier that reads, judges, and then writes: what the compare-and-set is there against.

Only for showing that the races' harness finds it. `python -m tests.server.naive PORT` serves it
with two workers over the data directory of CHALLNG_DATA.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from granian.constants import Interfaces, Loops
from granian.server import Server
from sqlalchemy import Connection, select, update

from server import settings
from server.app import create_app
from server.db.tables import cards, devices, logins
from server.factors.card import CardRules, CardState
from server.factors.card_factor import CardFactor
from server.factors.kinds import DeviceKind
from server.login.judge import Judge
from server.login.ledger import Claim, Held, Ledger, LoginState, Purpose
from server.login.offers import Factors
from server.login.service import Logins
from server.login.sessions import Opened, Sessions
from server.verifier import open_verifier

_GAP = 0.05
"""Seconds between reading and writing: long enough that every rival has read too."""

_read = threading.local()


class ReadThenWrite(Ledger):
    """Every statement with its condition taken out; it rests on what was read before."""

    def claim(
        self,
        connection: Connection,
        login_id: str,
        now: datetime,
        allowed: int,
        purpose: Purpose = Purpose.LOGIN,
    ) -> Claim | None:
        row = _read.login
        if row.state is not LoginState.OPEN or row.attempts >= allowed:
            return None
        attempts = row.attempts + 1
        connection.execute(update(logins).where(logins.c.id == login_id).values(attempts=attempts))
        return Claim(login_id, row.user_id, row.user, row.device_id, row.prompt, attempts)

    def hold(self, connection: Connection, device_id: int, now: datetime) -> Held | None:
        device = _read.device
        return (
            None
            if device.locked_at
            else Held(device_id, DeviceKind.CARD, device.serial, device.owner_id)
        )

    def count_wrong(
        self, connection: Connection, device_id: int, now: datetime, lock_at: int
    ) -> bool:
        run = _read.device.wrong_run + 1
        connection.execute(
            update(devices)
            .where(devices.c.id == device_id)
            .values(wrong_run=run, locked_at=now if run >= lock_at else None)
        )
        return bool(run >= lock_at)

    def decide(
        self, connection: Connection, login_id: str, state: LoginState, now: datetime
    ) -> bool:
        connection.execute(update(logins).where(logins.c.id == login_id).values(state=state.value))
        return True


class ReadThenWriteCard(CardFactor):
    def load(self, connection: Connection, device_id: int) -> CardState:
        if getattr(_read, "card", None) is None:  # asked for a challenge, not for an answer
            return super().load(connection, device_id)
        return _read.card  # type: ignore[no-any-return]

    def move(self, connection: Connection, device_id: int, old: CardState, new: CardState) -> bool:
        connection.execute(
            update(cards).where(cards.c.device_id == device_id).values(counter=new.counter)
        )
        return True


class ManySessions(Sessions):
    def open(self, *given: Any) -> Opened:
        return super().open(*given[:6])  # without the login, of which there is one session


class ReadFirst(Logins):
    card: CardFactor

    def answer(self, login_id: str, text: str, browser: bytes | None = None) -> Opened:
        with self._database.reading() as connection:
            _read.login = self._ledger.find(connection, login_id)
            device_id = _read.login.device_id
            _read.device = connection.execute(
                select(devices).where(devices.c.id == device_id)
            ).one()
            _read.card = self.card.load(connection, device_id)
        time.sleep(_GAP)
        try:
            return super().answer(login_id, text, browser)
        finally:
            _read.card = None


def create() -> FastAPI:
    numbers = settings.read()
    verifier = open_verifier(numbers)
    rules = CardRules(numbers.look_ahead, numbers.resync_ahead)
    ledger = ReadThenWrite()
    factors: Factors = {DeviceKind.CARD: ReadThenWriteCard(verifier.keyring, rules)}
    verifier.logins = ReadFirst(
        verifier.database,
        verifier.clock,
        numbers,
        verifier.audit,
        factors,
        ManySessions(verifier.database, numbers),
        Judge(numbers, verifier.audit, factors, ledger),
        ledger,
        factors,
        verifier.notifications.asked,
    )
    verifier.logins.card = CardFactor(verifier.keyring, rules)
    verifier.passwords._logins = verifier.logins
    return create_app(verifier)


if __name__ == "__main__":
    Server(
        "tests.server.naive:create",
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,
        port=int(sys.argv[1]),
        workers=2,
        log_enabled=False,
    ).serve()
