"""Logging in with the card over the JSON API, as the manual tells it."""

from __future__ import annotations

from typing import Any

import argon2
import pytest
from sqlalchemy import event

from server.accounts import users
from server.db import prepared
from server.login.ledger import Ledger
from server.verifier import Verifier

from .support import PASSWORD, Api, Card, ToldClock, add_card, add_user, wrong


def test_password_then_response_opens_a_session(api: Api, card: Card, clock: ToldClock) -> None:
    begun = api.password()
    assert begun.status_code == 200
    content = begun.json()
    assert content["factor"] == "card"
    assert content["factors"] == [{"id": "card", "kind": "card"}]
    assert content["expires"] == "2026-03-01T12:02:00Z"
    challenge = content["prompt"]["challenge"]
    assert len(challenge) == 6
    assert 100_000 <= int(challenge) <= 999_999

    answered = api.answer(content["login"], card.shows(challenge))
    assert answered.status_code == 200
    session = answered.json()
    assert session["access"] == "full"
    assert session["device_kind"] == "card"
    assert session["limits"] == {"per_day": None, "per_five_business_days": None}

    told = api.session(session["session"])
    assert told.status_code == 200
    assert told.json() == {
        "user": "alice",
        "access": "full",
        "device_kind": "card",
        "limits": session["limits"],
        "since": "2026-03-01T12:00:00Z",
        "until": "2026-03-01T12:30:00Z",
    }


def test_the_response_may_be_typed_as_the_card_shows_it(api: Api, card: Card) -> None:
    login, challenge = api.login()
    shown = card.shows(challenge)
    assert api.answer(login, f"{shown[:4]} {shown[4:]}").status_code == 200


def test_the_user_name_may_be_typed_in_capitals(api: Api, card: Card) -> None:
    assert api.password("ALICE").status_code == 200


def test_a_code_accepted_once_is_never_accepted_again(api: Api, card: Card) -> None:
    login, challenge = api.login()
    shown = card.shows(challenge)
    assert api.answer(login, shown).status_code == 200
    assert api.answer(login, shown).status_code == 409
    other, _ = api.login()
    assert api.answer(other, shown).status_code == 401


def test_a_response_of_one_challenge_is_wrong_for_another(api: Api, card: Card) -> None:
    _, first = api.login()
    second, _ = api.login()
    assert api.answer(second, card.shows(first)).status_code == 401


def test_a_wrong_pin_gives_an_ordinary_response_that_is_refused(api: Api, card: Card) -> None:
    login, challenge = api.login()
    shown = card.shows(challenge, pin="7306")
    assert len(shown) == 8
    refused = api.answer(login, shown)
    assert refused.status_code == 401
    assert refused.json()["tries_left"] == 2


def test_several_logins_of_one_user_are_open_side_by_side(api: Api, card: Card) -> None:
    first, challenge_1 = api.login()
    second, challenge_2 = api.login()
    assert api.answer(second, card.shows(challenge_2)).status_code == 200
    assert api.answer(first, card.shows(challenge_1)).status_code == 200


def test_the_third_wrong_answer_closes_the_login(api: Api, card: Card) -> None:
    login, challenge = api.login()
    right = card.shows(challenge)
    assert [api.answer(login, wrong(right)).status_code for _ in range(3)] == [401, 401, 401]
    assert api.answer(login, right).status_code == 409
    other, challenge = api.login()
    assert api.answer(other, card.shows(challenge)).status_code == 200


def test_a_challenge_lives_120_seconds(api: Api, card: Card, clock: ToldClock) -> None:
    login, challenge = api.login()
    late, late_challenge = api.login()
    clock.advance(119.9)
    assert api.answer(login, card.shows(challenge)).status_code == 200
    clock.advance(0.1)
    expired = api.answer(late, card.shows(late_challenge))
    assert expired.status_code == 410
    assert "Start again" in expired.json()["detail"]


def test_decided_comes_before_expired(api: Api, card: Card, clock: ToldClock) -> None:
    login, challenge = api.login()
    api.answer(login, card.shows(challenge))
    clock.advance(1_000)
    assert api.answer(login, "12345678").status_code == 409


def test_a_malformed_answer_is_not_counted(api: Api, card: Card) -> None:
    login, challenge = api.login()
    for text in (
        "1234567",
        "123456789",
        "12 345678",
        "1234  5678",
        "abcdefgh",
        " 12345678",
        "１２３４５６７８",
    ):
        assert api.answer(login, text).status_code == 422, text
    shown = card.shows(challenge)
    assert api.answer(login, wrong(shown)).json()["tries_left"] == 2
    assert api.answer(login, shown).status_code == 200


def test_an_unknown_login_is_404(api: Api, card: Card) -> None:
    for login in ("AAAAAAAAAAAAAAAAAAAAAA", "x", "%00", "..", "é" * 22):
        assert api.answer(login, "12345678").status_code in {404, 405}, login


def test_unknown_user_and_wrong_password_look_the_same(api: Api, card: Card) -> None:
    refused = [
        api.password("alice", "not the password"),
        api.password("nobody", PASSWORD),
        api.password("no such name!", PASSWORD),
    ]
    assert {each.status_code for each in refused} == {401}
    assert len({each.content for each in refused}) == 1
    assert len({tuple(sorted(each.headers.items())) for each in refused}) == 1


def test_unknown_user_and_wrong_password_do_the_same_work(
    api: Api, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    event.listen(
        verifier.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: work.append(statement),
    )
    drive = prepared.drive

    def driving(connection: Any, text: str, values: Any = ()) -> Any:
        work.append(text)
        return drive(connection, text, values)

    monkeypatch.setattr(prepared, "drive", driving)
    argon2_verify = argon2.PasswordHasher.verify

    def noting(hasher: argon2.PasswordHasher, kept: str, given: str) -> bool:
        work.append(kept.rsplit("$", 2)[0])  # the parameters, which set the cost
        return argon2_verify(hasher, kept, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noting)
    done = []
    for name in ("alice", "nobody", "not a name"):
        api.password(name, "wrong")  # the first failure makes the rows that count it
        work.clear()
        api.password(name, "wrong")
        done.append(list(work))
    assert done[0] == done[1] == done[2]
    assert "$argon2id$v=19$m=8,t=1,p=1" in done[0]


def test_a_locked_user_is_refused_like_a_wrong_password(
    api: Api, card: Card, verifier: Verifier
) -> None:
    wrong_password = api.password(password="not the password").content
    with verifier.database.writing() as connection:
        alice = users.get(connection, "alice")
        users.set_locked(connection, alice, verifier.clock.now())
    refused = api.password()
    assert (refused.status_code, refused.content) == (401, wrong_password)


def test_a_user_without_a_card_reaches_the_portal_alone(api: Api, verifier: Verifier) -> None:
    opened = api.password()
    assert opened.status_code == 200
    content = opened.json()
    assert content["access"] == "portal_only"
    assert content["device_kind"] == "none"
    assert content["limits"] == {"per_day": 50_000, "per_five_business_days": 100_000}
    assert "login" not in content
    assert api.session(content["session"]).json()["access"] == "portal_only"


def test_a_user_with_two_cards_chooses_one(api: Api, card: Card, verifier: Verifier) -> None:
    second = Card(number=2, key=b"k" * 32)
    add_card(verifier, second)
    begun = api.password().json()
    assert {each["id"] for each in begun["factors"]} == {"card", "card-2"}
    other = "card-2" if begun["factor"] == "card" else "card"
    path = f"/api/v1/login/{begun['login']}/factor"
    chosen = api.client.post(path, json={"factor": other}).json()
    assert chosen["factor"] == other
    held = {"card": card, "card-2": second}[other]
    shown = held.shows(chosen["prompt"]["challenge"])
    assert api.answer(begun["login"], shown).status_code == 200
    assert api.client.post(path, json={"factor": "card"}).status_code == 409


def test_choosing_the_same_card_again_keeps_the_challenge(api: Api, card: Card) -> None:
    login, challenge = api.login()
    chosen = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "card"})
    assert chosen.json()["prompt"]["challenge"] == challenge
    unknown = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "card-9"})
    assert unknown.status_code == 404


def test_changing_the_device_gives_no_more_tries(api: Api, card: Card, verifier: Verifier) -> None:
    add_card(verifier, Card(number=2, key=b"k" * 32))
    login, _ = api.login()
    codes = []
    for turn in range(4):
        api.client.post(
            f"/api/v1/login/{login}/factor", json={"factor": ("card", "card-2")[turn % 2]}
        )
        codes.append(api.answer(login, "00000000").status_code)
    assert codes == [401, 401, 401, 409]


def test_another_users_device_cannot_be_chosen(api: Api, card: Card, verifier: Verifier) -> None:
    add_user(verifier, "bob")
    add_card(verifier, Card(number=3, key=b"b" * 32), "bob")
    add_card(verifier, Card(number=4, key=b"c" * 32), "bob")
    login, _ = api.login()
    chosen = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "card-2"})
    assert chosen.status_code == 404


def test_an_attempt_is_claimed_only_while_there_are_any_left(
    api: Api, card: Card, verifier: Verifier
) -> None:
    """Also where the limit is lowered while logins are open."""
    login, _ = api.login()
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        claims = [Ledger().claim(connection, login, now, allowed=2) for _ in range(3)]
    assert [claim and claim.attempts for claim in claims] == [1, 2, None]
    with verifier.database.writing() as connection:
        assert Ledger().claim(connection, login, now, allowed=1) is None
