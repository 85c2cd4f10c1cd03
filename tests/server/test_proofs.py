"""A device answers once more within a session: decided like a login, and counted to its lock."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from server.accounts import users
from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.errors import (
    AnswerMalformed,
    AnswerWrong,
    DeviceLocked,
    IllegalMove,
    LoginDecided,
    LoginExpired,
    NoSuchLogin,
    ServerError,
)
from server.login.ledger import Purpose
from server.login.proofs import Asked
from server.login.sessions import Session
from server.verifier import Verifier

from .support import PIN, Api, Card, ToldClock, wrong

PURPOSE = Purpose.SHARE
DETAIL = b"what is at stake"


class Person:
    """Alice at her session, with her card."""

    def __init__(self, verifier: Verifier, card: Card, api: Api) -> None:
        self.verifier, self.card, self.api = verifier, card, api
        self.session = self.log_in()
        self.done: list[bytes | None] = []

    def log_in(self) -> Session:
        login, challenge = self.api.login()
        token = self.api.answer(login, self.card.shows(challenge)).json()["session"]
        return self.verifier.sessions.find(token, self.verifier.clock.now())

    def ask(self, purpose: Purpose = PURPOSE) -> Asked:
        with self.verifier.database.writing() as connection:
            device = connection.execute(select(tables.devices.c.id)).scalar_one()
            return self.verifier.proofs.ask(connection, self.session, device, purpose, DETAIL)

    def shows(self, asked: Asked, pin: str = PIN) -> str:
        return self.card.shows(str(asked.prompt["challenge"]), pin)

    def answer(
        self,
        asked: Asked,
        text: str,
        purpose: Purpose = PURPOSE,
        session: Session | None = None,
        **more: Any,
    ) -> str:
        def then(connection: Connection, proved: Asked) -> str:
            self.done.append(proved.detail)
            return "done"

        return self.verifier.proofs.answer(
            session or self.session, asked.id, purpose, text, then, **more
        )

    def refused(self, *arguments: Any, **more: Any) -> type[ServerError]:
        with pytest.raises(ServerError) as caught:
            self.answer(*arguments, **more)
        return type(caught.value)

    def row(self, column: Any) -> Any:
        with self.verifier.database.reading() as connection:
            return connection.execute(select(column)).scalars().all()

    def wrong_run(self) -> int:
        return int(self.row(tables.devices.c.wrong_run)[0])


@pytest.fixture
def alice(verifier: Verifier, card: Card, api: Api) -> Person:
    return Person(verifier, card, api)


def test_a_right_answer_does_what_it_is_for_and_no_second_time(alice: Person) -> None:
    asked = alice.ask()
    right = alice.shows(asked)
    assert alice.answer(asked, right) == "done"
    assert alice.refused(asked, right) is LoginDecided
    assert alice.refused(asked, alice.shows(asked)) is LoginDecided
    assert alice.done == [DETAIL]


def test_what_was_at_stake_is_sealed_while_it_waits_and_gone_when_it_is_done(
    alice: Person,
) -> None:
    asked = alice.ask()
    sealed = [each for each in alice.row(tables.logins.c.detail_sealed) if each]
    assert len(sealed) == 1
    assert DETAIL not in sealed[0]
    assert DETAIL.decode() not in repr(asked)
    alice.answer(asked, alice.shows(asked))
    assert [each for each in alice.row(tables.logins.c.detail_sealed) if each] == []


def test_a_wrong_answer_counts_to_the_devices_lock_and_a_right_one_ends_the_run(
    alice: Person,
) -> None:
    asked = alice.ask()
    right = alice.shows(asked)
    for count in (1, 2):
        assert alice.refused(asked, wrong(right)) is AnswerWrong
        assert alice.wrong_run() == count
    assert alice.answer(asked, right) == "done"
    assert alice.wrong_run() == 0


def test_the_third_wrong_answer_ends_the_question(alice: Person) -> None:
    asked = alice.ask()
    right = alice.shows(asked)
    assert [alice.refused(asked, wrong(right)) for _ in range(3)] == [AnswerWrong] * 3
    assert alice.refused(asked, right) is LoginDecided
    with pytest.raises(LoginDecided):
        alice.verifier.proofs.show(alice.session, asked.id, PURPOSE)
    assert alice.done == []


def test_wrong_answers_to_questions_and_to_logins_lock_the_device_together(
    alice: Person, api: Api
) -> None:
    for _ in range(3):
        asked = alice.ask()
        for _ in range(2):
            assert alice.refused(asked, "00000000") is AnswerWrong
    for _ in range(2):
        login, _ = api.login()
        for _ in range(2):
            api.answer(login, "00000000")
    assert alice.row(tables.devices.c.locked_at) != [None]
    asked = alice.ask()
    assert alice.refused(asked, alice.shows(asked)) is DeviceLocked
    assert alice.done == []


def test_a_malformed_answer_is_not_counted(alice: Person) -> None:
    asked = alice.ask()
    assert [alice.refused(asked, text) for text in ("1234567", "abc", "")] == [AnswerMalformed] * 3
    assert alice.wrong_run() == 0
    assert alice.answer(asked, alice.shows(asked)) == "done"


def test_a_question_lives_for_two_minutes(alice: Person, clock: ToldClock) -> None:
    asked = alice.ask()
    clock.advance(119)
    assert alice.verifier.proofs.show(alice.session, asked.id, PURPOSE).prompt == asked.prompt
    clock.advance(1)
    with pytest.raises(LoginExpired):
        alice.verifier.proofs.show(alice.session, asked.id, PURPOSE)
    assert alice.refused(asked, alice.shows(asked)) is LoginExpired
    assert alice.wrong_run() == 0


def test_another_session_even_of_the_same_user_knows_nothing_of_it(alice: Person) -> None:
    asked = alice.ask()
    other = alice.log_in()
    assert alice.refused(asked, alice.shows(asked), session=other) is NoSuchLogin
    with pytest.raises(NoSuchLogin):
        alice.verifier.proofs.show(other, asked.id, PURPOSE)
    assert alice.answer(asked, alice.shows(asked)) == "done"


@pytest.mark.parametrize("other", [each for each in Purpose if each is not PURPOSE])
def test_a_question_is_for_one_purpose(alice: Person, other: Purpose) -> None:
    asked = alice.ask()
    right = alice.shows(asked)
    assert alice.refused(asked, right, other) is NoSuchLogin
    assert alice.api.answer(asked.id, right).status_code == 404  # nor does it log anybody in
    assert alice.answer(asked, right) == "done"


@pytest.mark.parametrize("made_up", ["", "x" * 22, "../../etc/passwd", "é" * 22, "x" * 9_999])
def test_a_question_that_nobody_asked_is_not_there(alice: Person, made_up: str) -> None:
    asked = replace(alice.ask(), id=made_up)
    assert alice.refused(asked, "00000000") is NoSuchLogin


def test_a_login_is_no_question(alice: Person, api: Api) -> None:
    login, challenge = api.login()
    asked = replace(alice.ask(), id=login)
    for purpose in Purpose:
        assert alice.refused(asked, alice.card.shows(challenge), purpose) is NoSuchLogin


def test_what_cannot_be_done_undoes_the_answer_too(alice: Person) -> None:
    asked = alice.ask()
    right = alice.shows(asked)
    counter = alice.row(tables.cards.c.counter)
    log = len(alice.row(tables.audit_log.c.seq))

    def then(connection: Connection, proved: Asked) -> None:
        connection.execute(update(tables.devices).values(label="moved"))
        raise IllegalMove("not now")

    with pytest.raises(IllegalMove):
        alice.verifier.proofs.answer(alice.session, asked.id, PURPOSE, right, then)
    assert alice.row(tables.cards.c.counter) == counter
    assert alice.row(tables.devices.c.label) == ["card"]
    assert len(alice.row(tables.audit_log.c.seq)) == log
    assert alice.answer(asked, right) == "done"  # the same response: it was never taken


def test_a_question_can_be_judged_by_a_pin_that_is_not_in_force_yet(alice: Person) -> None:
    def to_the_new_one(proved: Asked) -> Any:
        return lambda state: replace(state, pin="8152")

    asked = alice.ask()
    assert alice.refused(asked, alice.shows(asked), adapt=to_the_new_one) is AnswerWrong
    assert alice.answer(asked, alice.shows(asked, "8152"), adapt=to_the_new_one) == "done"
    assert alice.log_in().user == "alice"  # with the old PIN, which nobody has changed


def test_a_device_in_another_state_answers_nothing(alice: Person) -> None:
    asked = alice.ask()
    with alice.verifier.database.writing() as connection:
        connection.execute(update(tables.devices).values(state="suspended"))
    assert alice.refused(asked, alice.shows(asked)) is LoginDecided
    assert alice.wrong_run() == 0


def test_a_locked_users_questions_are_over(alice: Person) -> None:
    asked = alice.ask()
    with alice.verifier.database.writing() as connection:
        user = users.get(connection, "alice")
        connection.execute(
            update(tables.logins).where(tables.logins.c.user_id == user.id).values(state="closed")
        )
    assert alice.refused(asked, alice.shows(asked)) is LoginDecided


def test_of_many_equal_answers_at_once_one_is_taken(alice: Person) -> None:
    for _ in range(10):
        asked = alice.ask()
        right = alice.shows(asked)
        alice.done.clear()

        def answered(_: int, asked: Asked = asked, right: str = right) -> str:
            try:
                return alice.answer(asked, right)
            except ServerError as refusal:
                return type(refusal).__name__

        with ThreadPoolExecutor(16) as pool:
            told = Counter(pool.map(answered, range(16)))
        assert told == {"done": 1, "LoginDecided": 15}
        assert alice.done == [DETAIL]
    assert alice.wrong_run() == 0


def test_of_many_wrong_answers_at_once_every_one_that_is_judged_is_counted(alice: Person) -> None:
    asked = alice.ask()
    bad = wrong(alice.shows(asked))

    def answered(_: int) -> str:
        return alice.refused(asked, bad).__name__

    with ThreadPoolExecutor(16) as pool:
        told = Counter(pool.map(answered, range(16)))
    assert told == {"AnswerWrong": 3, "LoginDecided": 13}
    assert alice.wrong_run() == 3
    verifier = alice.verifier
    assert verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None
