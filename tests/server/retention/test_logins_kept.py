"""Past logins and ended sessions are forgotten; what still matters stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from server.audit.events import Event
from server.db.tables import audit_log, logins, sessions
from server.retention import logins as module
from server.retention import tick
from server.verifier import Verifier

from ..support import Api, Card, ToldClock

DAY = 86_400


def log_in(api: Api, card: Card) -> str:
    login, challenge = api.login()
    token: str = api.answer(login, card.shows(challenge)).json()["session"]
    return token


def count(verifier: Verifier, table: object) -> int:
    with verifier.database.reading() as connection:
        found: int = connection.execute(
            select(func.count()).select_from(table)  # type: ignore[arg-type]
        ).scalar_one()
    return found


def test_logins_are_forgotten_after_ninety_days(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    log_in(api, card)
    clock.advance(60 * DAY)
    log_in(api, card)
    clock.advance(31 * DAY)
    assert tick.run(verifier).logins == 1
    assert (count(verifier, logins), count(verifier, sessions)) == (1, 0)
    with verifier.database.reading() as connection:
        last = connection.execute(
            select(audit_log.c.event, audit_log.c.detail).order_by(audit_log.c.seq.desc()).limit(1)
        ).one()
    assert last == (Event.LOGINS_CUT.value, '{"logins":1}')
    assert tick.run(verifier).logins == 0  # and nothing is written down about nothing
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200


def test_a_login_stays_as_long_as_its_session(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    token = log_in(api, card)
    clock.advance(100 * DAY)
    now = clock.now()
    with verifier.database.writing() as connection:
        connection.execute(update(sessions).values(ends_at=now + timedelta(1), seen_at=now))
    assert tick.run(verifier).logins == 0
    assert api.session(token).status_code == 200


def test_a_session_in_use_is_not_touched(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    token = log_in(api, card)
    clock.advance(1_000)
    tick.run(verifier)
    assert api.session(token).status_code == 200


def test_more_than_one_transaction_takes_are_all_forgotten(
    verifier: Verifier,
    api: Api,
    card: Card,
    clock: ToldClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(5):
        log_in(api, card)
    clock.advance(200 * DAY)
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setattr(module, "_OLD", module._OLD.limit(2))
    assert tick.run(verifier).logins == 5


def test_logins_of_before_ids_had_a_time_are_forgotten_by_when_they_began(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    api.login()
    api.login()
    with verifier.database.writing() as connection:
        first = connection.execute(select(logins.c.id).limit(1)).scalar_one()
        old = "z" * 22
        connection.execute(update(logins).where(logins.c.id == first).values(id=old))
    assert api.answer(old, "12345678").status_code == 401  # it can still be answered
    clock.advance(50 * DAY)
    assert tick.run(verifier).logins == 0
    clock.advance(50 * DAY)
    assert tick.run(verifier).logins == 2
