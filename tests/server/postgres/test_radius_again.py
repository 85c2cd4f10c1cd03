"""What the database undid of a RADIUS login is done again, and its client sees nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import select

from server import metrics
from server.audit.events import Event
from server.db.again import TRIES, again, trying
from server.db.tables import devices, sessions
from server.radius.clients import Rules
from server.verifier import Verifier

from ..radius.support import (
    ACCEPT,
    REJECT,
    Nas,
    add_client,
    digits_in,
    events,
    says,
    serving,
)
from ..support import PASSWORD, Card, add_user, wrong
from .stumbling import Stumbles


@pytest.fixture
def nas(verifier: Verifier) -> Iterator[Nas]:
    add_client(verifier)
    with serving(verifier) as (port, _, _):
        yield Nas(port)


def count(verifier: Verifier, event: Event) -> int:
    return events(verifier).count(event)


def nothing_is_open(verifier: Verifier) -> bool:
    with verifier.database.reading() as connection:
        return connection.execute(select(sessions.c.login_id)).first() is None


@pytest.mark.parametrize("code", ["40001", "40P01"])
@pytest.mark.parametrize("event", [Event.LOGIN_ACCEPTED, Event.RADIUS_ACCEPTED])
def test_an_answer_whose_transaction_was_undone_is_decided_once_in_the_same_request(
    verifier: Verifier, nas: Nas, card: Card, stumbles: Stumbles, event: Event, code: str
) -> None:
    asked, state = nas.challenge()
    shown = card.shows(digits_in(asked))
    before = metrics.REPEATED._value.get()
    stumbles.at(event, *[code] * (TRIES - 1))
    assert nas.ask(password=shown, state=state).code == ACCEPT
    assert metrics.REPEATED._value.get() == before + TRIES - 1
    assert nas.ask(password=shown, state=state).code == REJECT
    assert count(verifier, Event.LOGIN_ACCEPTED) == count(verifier, Event.RADIUS_ACCEPTED) == 1
    assert nothing_is_open(verifier)


def test_one_that_is_undone_again_and_again_is_not_replied_to_and_stands_open(
    verifier: Verifier, nas: Nas, card: Card, stumbles: Stumbles
) -> None:
    asked, state = nas.challenge()
    packet = nas.packet("alice", card.shows(digits_in(asked)), state)
    stumbles.at(Event.LOGIN_ACCEPTED, *["40001"] * TRIES)
    nas.silent(packet)
    assert nas.send(packet).code == ACCEPT  # as clients do that hear nothing
    assert count(verifier, Event.LOGIN_ACCEPTED) == 1


def test_a_wrong_answer_whose_transaction_was_undone_is_counted_once(
    verifier: Verifier, nas: Nas, card: Card, stumbles: Stumbles
) -> None:
    asked, state = nas.challenge()
    stumbles.at(Event.LOGIN_WRONG, "40P01")
    reply = nas.ask(password=wrong(card.shows(digits_in(asked))), state=state)
    assert "2 more tries" in says(reply)
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 1


def test_a_wrong_password_whose_transaction_was_undone_is_counted_once(
    verifier: Verifier, nas: Nas, card: Card, stumbles: Stumbles
) -> None:
    stumbles.at(Event.PASSWORD_REFUSED, "40001")
    assert nas.ask(password="not the password").code == REJECT
    assert count(verifier, Event.PASSWORD_REFUSED) == 1


def test_password_and_answer_in_one_are_done_again_too(
    verifier: Verifier, card: Card, stumbles: Stumbles
) -> None:
    add_client(verifier, Rules(separator=","))
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        shown = card.shows(digits_in(says(nas.ask())))
        stumbles.at(Event.LOGIN_ACCEPTED, "40001", "40P01")
        stumbles.at(Event.RADIUS_ACCEPTED, "40001")
        assert nas.ask(password=f"{PASSWORD},{shown}").code == ACCEPT
    assert count(verifier, Event.RADIUS_ACCEPTED) == 1


def test_connections_that_broke_between_two_requests_are_replaced(
    verifier: Verifier, nas: Nas, card: Card
) -> None:
    asked, state = nas.challenge()
    with psycopg.connect(verifier.settings.database, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert nas.ask(password=card.shows(digits_in(asked)), state=state).code == ACCEPT


def test_what_a_part_has_committed_its_whole_does_not_do_again(verifier: Verifier) -> None:
    with trying() as whole:
        again(lambda: add_user(verifier, "bob"))
    assert whole.written
