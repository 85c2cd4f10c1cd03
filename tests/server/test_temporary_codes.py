"""Temporary codes: who issues one, what it opens and for how long, and never two in a row."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from server.accounts.roles import Role
from server.db.tables import audit_log, devices, identity_checks, outbox, temporary_codes
from server.db.tables import users as users_table
from server.errors import AnswerMalformed, IllegalMove, NotAllowed, NotThere
from server.factors import temporary_code
from server.lifecycle import temporary
from server.states.device import DeviceState
from server.verifier import Verifier

from .counter import check, clerk, issue, user_id
from .support import Api, Card, ToldClock, add_user

DAY = 86_400


def with_code(api: Api, code: str, user: str = "alice") -> str:
    """Log in with a temporary code; returns the session's access, or the status."""
    begun = api.password(user).json()
    label = next(each["id"] for each in begun["factors"] if each["kind"] == "temporary_code")
    chosen = api.client.post(f"/api/v1/login/{begun['login']}/factor", json={"factor": label})
    assert chosen.json()["prompt"] == {"code": 12}
    answered = api.answer(begun["login"], code)
    return str(answered.json().get("access", answered.status_code))


def with_card(api: Api, card: Card) -> None:
    begun = api.password().json()
    api.client.post(f"/api/v1/login/{begun['login']}/factor", json={"factor": "card"})
    prompt = api.client.post(
        f"/api/v1/login/{begun['login']}/factor", json={"factor": "card"}
    ).json()["prompt"]
    assert api.answer(begun["login"], card.shows(prompt["challenge"])).status_code == 200


# --- the code itself


def test_a_code_is_four_groups_of_characters_that_neither_look_nor_sound_alike() -> None:
    groups = temporary_code.spoken(temporary_code.draw()).split()
    assert [len(group) for group in groups] == [3, 3, 3, 3]
    for alike in (
        "0OQ",
        "1IL",
        "2Z",
        "5S",
        "8B",
        "BCDEGPTV3",
        "AHJK8",
        "MN",
        "FSX",
        "59",
        "IY",
        "QU2",
    ):
        assert len(set(alike) & set(temporary_code.ALPHABET)) <= 1, alike


def test_every_character_is_drawn_about_equally_often() -> None:
    counts = Counter("".join(temporary_code.draw() for _ in range(5_000)))
    assert set(counts) == set(temporary_code.ALPHABET)
    assert all(4_500 < count < 5_500 for count in counts.values())


def test_a_code_is_taken_in_small_letters_and_with_any_groups() -> None:
    assert temporary_code.read("k4m-7rw 2f9y36") == "K4M7RW2F9Y36"
    for bad in ("K4M7RW2F9Y3", "K4M7RW2F9Y366", "K4M7RW2F9Y30", "K4M7RW2F9Y3Ⅵ", ""):
        with pytest.raises(AnswerMalformed):
            temporary_code.read(bad)


# --- what it opens


def test_a_code_opens_everything_for_two_days_and_ten_more_the_online_code_card(
    verifier: Verifier, card: Card, clock: ToldClock, api: Api
) -> None:
    code = issue(verifier)
    assert with_code(api, code) == "full"
    clock.advance(2 * DAY - 1)
    assert with_code(api, code) == "full"
    clock.advance(1)
    assert with_code(api, code) == "online_code_card_only"
    clock.advance(10 * DAY - 1)
    assert with_code(api, code.lower()) == "online_code_card_only"
    clock.advance(1)
    assert [each["kind"] for each in api.password().json()["factors"]] == ["card"]


def test_a_session_of_a_code_becomes_limited_and_ends_with_it(
    verifier: Verifier, card: Card, clock: ToldClock, api: Api
) -> None:
    code = issue(verifier)
    clock.advance(2 * DAY - 60)
    begun = api.password().json()
    api.client.post(f"/api/v1/login/{begun['login']}/factor", json={"factor": "temporary-code"})
    answered = api.answer(begun["login"], code).json()
    assert answered["device_kind"] == "temporary_code"
    assert answered["limits"] == {"per_day": 50_000, "per_five_business_days": 100_000}
    assert api.session(answered["session"]).json()["access"] == "full"
    clock.advance(60)
    assert api.session(answered["session"]).json()["access"] == "online_code_card_only"


def test_issuing_suspends_nothing(verifier: Verifier, card: Card, api: Api) -> None:
    issue(verifier)
    with_card(api, card)


def test_wrong_codes_are_counted_and_lock_it(verifier: Verifier, card: Card, api: Api) -> None:
    code = issue(verifier)
    other = code[:-1] + next(each for each in temporary_code.ALPHABET if each != code[-1])
    seen = []
    for _ in range(4):
        begun = api.password().json()
        api.client.post(f"/api/v1/login/{begun['login']}/factor", json={"factor": "temporary-code"})
        seen += [api.answer(begun["login"], other).status_code for _ in range(3)]
    assert seen == [401] * 10 + [423] * 2
    assert with_code(api, code) == "423"


def test_the_database_does_not_hold_the_code(verifier: Verifier, card: Card) -> None:
    code = issue(verifier).replace(" ", "")
    with verifier.database.reading() as connection:
        stored = connection.execute(select(temporary_codes.c.code_hash)).scalar_one()
        told = connection.execute(select(outbox.c["values"])).scalars().all()
        written = connection.execute(select(audit_log.c.detail)).scalars().all()
    assert len(stored) == 32
    assert code.encode() not in stored
    assert all(code not in text for text in [*told, *written])


# --- who issues it


def test_the_audit_log_says_who_issued_it_for_whom_after_which_check(
    verifier: Verifier, card: Card
) -> None:
    issue(verifier)
    with verifier.database.reading() as connection:
        row = connection.execute(
            select(audit_log).where(audit_log.c.event == "temporary-code.issued")
        ).one()
        checked = connection.execute(select(identity_checks)).one()
    assert (row.actor, row.subject) == ("user:dan", "alice")
    assert json.loads(row.detail)["check"] == checked.id
    assert checked.used_at == verifier.clock.now()


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.COMPLIANCE, Role.LOGISTICS, Role.AUDITOR])
def test_other_roles_issue_none(verifier: Verifier, card: Card, role: Role) -> None:
    session = clerk(verifier, role)
    with pytest.raises(NotAllowed):
        verifier.temporary_codes.issue(session, user_id(verifier), check(verifier, session))


def test_nobody_issues_one_to_himself(verifier: Verifier) -> None:
    session = clerk(verifier)
    with pytest.raises(NotAllowed):
        verifier.temporary_codes.issue(session, session.user_id, check(verifier, session, "dan"))


def test_a_check_that_failed_was_used_or_is_of_another_caller_issues_none(
    verifier: Verifier, card: Card
) -> None:
    add_user(verifier, "bob")
    session = clerk(verifier)
    alice = user_id(verifier)
    used = check(verifier, session)
    verifier.temporary_codes.issue(
        session, user_id(verifier, "bob"), check(verifier, session, "bob")
    )
    verifier.temporary_codes.issue(session, alice, used)
    for bad in (
        used,
        check(verifier, session, passed=False),
        check(verifier, session, "bob"),
        10_000,
    ):
        with pytest.raises(IllegalMove):
            verifier.temporary_codes.issue(session, alice, bad)


def test_a_user_who_needs_no_device_or_is_not_there_gets_none(
    verifier: Verifier, card: Card
) -> None:
    session = clerk(verifier)
    checked = check(verifier, session)
    with pytest.raises(NotThere):
        verifier.temporary_codes.issue(session, 10_000, checked)
    with verifier.database.writing() as connection:
        connection.execute(
            update(users_table)
            .where(users_table.c.name == "alice")
            .values(opted_out_at=verifier.clock.now())
        )
    with pytest.raises(IllegalMove):
        verifier.temporary_codes.issue(session, user_id(verifier), checked)


# --- never two in a row


def test_a_second_code_is_refused_while_no_permanent_device_has_worked(
    verifier: Verifier, card: Card, clock: ToldClock, api: Api
) -> None:
    issue(verifier)
    with pytest.raises(IllegalMove, match="permanent device"):
        issue(verifier)
    clock.advance(13 * DAY)  # the first is over
    with pytest.raises(IllegalMove, match="permanent device"):
        issue(verifier)
    with_card(api, card)
    assert with_code(api, issue(verifier)) == "full"


def test_a_refused_issue_does_not_use_up_the_check(verifier: Verifier, card: Card) -> None:
    issue(verifier)
    session = clerk(verifier)
    checked = check(verifier, session)
    with pytest.raises(IllegalMove):
        verifier.temporary_codes.issue(session, user_id(verifier), checked)
    with verifier.database.reading() as connection:
        used = connection.execute(
            select(identity_checks.c.used_at).where(identity_checks.c.id == checked)
        ).scalar_one()
    assert used is None


def test_a_card_that_activated_by_itself_counts_as_a_device_that_works(
    verifier: Verifier, card: Card, clock: ToldClock
) -> None:
    issue(verifier)
    with verifier.database.writing() as connection:
        connection.execute(
            update(devices)
            .where(devices.c.serial == card.serial)
            .values(
                state=DeviceState.INACTIVE.value,
                activated_at=None,
                auto_activates_at=clock.now() + timedelta(days=21),
            )
        )
    clock.advance(21 * DAY - 1)
    with pytest.raises(IllegalMove):
        issue(verifier)
    clock.advance(1)
    issue(verifier)


def test_there_is_one_code_at_most(verifier: Verifier, card: Card, api: Api) -> None:
    first = issue(verifier)
    verifier.clock.advance(1)  # type: ignore[attr-defined]
    with_card(api, card)
    second = issue(verifier)
    assert with_code(api, second) == "full"
    assert with_code(api, first) == "401"
    with verifier.database.reading() as connection:
        ended = connection.execute(
            select(devices.c.end_reason)
            .where(devices.c.kind == "temporary_code")
            .order_by(devices.c.id)
        ).scalars()
        assert list(ended) == ["replaced", None]


def test_it_ends_when_a_permanent_device_works_again(
    verifier: Verifier, card: Card, api: Api
) -> None:
    issue(verifier)
    alice = user_id(verifier)
    with verifier.database.writing() as connection:
        now = verifier.clock.now()
        assert temporary.assigned(connection, alice, now)
        assert temporary.end_all(connection, alice, now) == 1
        assert not temporary.assigned(connection, alice, now)
        assert temporary.end_all(connection, alice, now) == 0
    assert [each["kind"] for each in api.password().json()["factors"]] == ["card"]
