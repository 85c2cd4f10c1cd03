"""What the database undid is done again, where nothing of it stands; and nowhere else."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InvalidRequestError, OperationalError

from server.audit.events import Event
from server.db import again as module
from server.db.again import TRIES, again
from server.db.prepared import drive
from server.db.tables import audit_log
from server.verifier import Verifier

from ..support import Api, Card
from .stumbling import Stumbles, undone


def locked(connection: Any, name: str) -> None:
    connection.execute(text("UPDATE secrets SET name = name WHERE name = :n"), {"n": name})


def test_of_two_that_wait_for_each_other_the_one_undone_is_done_again(verifier: Verifier) -> None:
    both, one_is_through = threading.Barrier(2), threading.Event()
    tries: list[str] = []

    def work(first: str, second: str) -> None:
        def step() -> None:
            if first in tries:  # undone: it does not come between once more
                assert one_is_through.wait(60)
            with verifier.database.writing() as connection:
                tries.append(first)
                locked(connection, first)
                if len(tries) <= 2:
                    both.wait(60)  # each holds what the other wants
                locked(connection, second)

        again(step)
        one_is_through.set()

    threads = [
        threading.Thread(target=work, args=names)
        for names in (("audit", "forms"), ("forms", "audit"))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
        assert not each.is_alive()
    assert len(tries) == 3  # one of them twice


def conflict(verifier: Verifier, code: str = "40001") -> None:
    """Have the database itself say that a transaction is undone."""
    with verifier.database.writing() as connection:
        connection.execute(undone(code))


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_it_is_given_up_after_a_few_tries(verifier: Verifier, code: str) -> None:
    tries: list[int] = []

    def step() -> None:
        tries.append(1)
        conflict(verifier, code)

    with pytest.raises(OperationalError):
        again(step)
    assert len(tries) == TRIES


def test_what_was_committed_is_not_done_again(verifier: Verifier) -> None:
    tries: list[int] = []

    def step() -> None:
        tries.append(1)
        with verifier.database.writing() as connection:
            locked(connection, "audit")
        conflict(verifier)

    with pytest.raises(OperationalError):
        again(step)
    assert len(tries) == 1


def test_a_mistake_is_not_done_again(verifier: Verifier) -> None:
    tries: list[int] = []

    def step() -> None:
        tries.append(1)
        conflict(verifier, "55P03")  # a lock that was not to be had in time

    with pytest.raises(OperationalError):
        again(step)
    assert len(tries) == 1


def test_an_answer_that_met_a_deadlock_is_decided_once(
    verifier: Verifier, api: Api, card: Card, stumbles: Stumbles
) -> None:
    login, challenge = api.login()
    stumbles.at(Event.LOGIN_ACCEPTED, "40P01")
    shown = card.shows(challenge)
    assert api.answer(login, shown).status_code == 200
    assert api.answer(login, shown).status_code == 409
    with verifier.database.reading() as connection:
        events = connection.execute(audit_log.select()).mappings().all()
    assert [row["event"] for row in events].count("login.accepted") == 1


def test_an_answer_that_meets_deadlock_after_deadlock_is_answered_503_and_stands_open(
    api: Api, card: Card, stumbles: Stumbles
) -> None:
    login, challenge = api.login()
    stumbles.at(Event.LOGIN_ACCEPTED, *["40P01"] * TRIES)
    shown = card.shows(challenge)
    refused = api.answer(login, shown)
    assert refused.status_code == 503
    assert refused.json()["type"].endswith(":unavailable")
    assert refused.headers["retry-after"] == "1"
    assert api.answer(login, shown).status_code == 200


@pytest.mark.parametrize(
    "code",
    [
        "53100",  # its disk is full
        "53200",  # its memory
        "57014",  # a statement took too long
        "55P03",  # a lock was not to be had
        "25006",  # a standby, which takes no writes
    ],
)
def test_what_a_server_cannot_do_now_is_answered_503_and_stands_open(
    api: Api, card: Card, stumbles: Stumbles, code: str
) -> None:
    login, challenge = api.login()
    stumbles.at(Event.LOGIN_ACCEPTED, code)
    shown = card.shows(challenge)
    assert api.answer(login, shown).status_code == 503
    assert api.answer(login, shown).status_code == 200


def test_a_connection_that_broke_is_replaced_before_it_is_noticed(
    verifier: Verifier, api: Api, card: Card
) -> None:
    login, challenge = api.login()
    with psycopg.connect(verifier.settings.database, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert api.answer(login, card.shows(challenge)).status_code == 200


def test_only_what_was_undone_may_be_repeated() -> None:
    assert not module.may_be_repeated(ValueError())
    assert not module.is_outage(ValueError())


def test_what_postgresql_rolled_back_is_not_taken_for_committed(verifier: Verifier) -> None:
    def overlook() -> None:
        with verifier.database.writing() as connection:
            locked(connection, "audit")
            with pytest.raises(DBAPIError):
                drive(connection, "SELECT * FROM nowhere")

    with pytest.raises(InvalidRequestError, match="nothing was committed"):
        overlook()
    with verifier.database.writing() as connection:
        locked(connection, "audit")


def test_nothing_goes_on_by_another_connection_than_it_began_with(verifier: Verifier) -> None:
    def go_on() -> None:
        with verifier.database.writing() as connection:
            held: Any = connection.connection.dbapi_connection
            held.pgconn.finish()
            with pytest.raises(DBAPIError):
                drive(connection, "SELECT 1")
            drive(connection, "UPDATE users SET name = 'nobody'")

    with pytest.raises(InvalidRequestError, match="lost"):
        go_on()
    with verifier.database.reading() as connection:
        assert connection.execute(text("SELECT name FROM users")).first() != ("nobody",)
