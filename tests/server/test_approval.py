"""Approving a login on the phone: what decides it, and what is refused and changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.events import Event
from server.db.tables import audit_log, devices, logins, mobile_keys, outbox, sessions
from server.factors.mobile_key import Element
from server.lifecycle.states import DeviceState
from server.verifier import Verifier
from tests.phone import UP, Authenticator, Phone, b64url

from .phones import (
    PHONE_PIN,
    PUBLIC_URL,
    approve,
    deny,
    give_phone,
    message,
    pending,
    said,
    send,
    told,
    waits,
)
from .support import Api, Card, ToldClock, add_card, add_user, make_verifier, wrong


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def phone(verifier: Verifier, api: Api) -> Phone:
    return give_phone(verifier, api.client)


@pytest.fixture
def passkey_phone(verifier: Verifier, api: Api) -> Phone:
    return give_phone(verifier, api.client, element=Element.WEBAUTHN)


def begin(api: Api, user: str = "alice") -> tuple[str, dict[str, Any]]:
    answer = api.password(user)
    assert answer.status_code == 200, answer.text
    return answer.json()["login"], answer.json()["prompt"]


def take(api: Api, login: str) -> Any:
    return api.client.post(f"/api/v1/login/{login}/approval", json={})


def events(verifier: Verifier) -> list[str]:
    with verifier.database.reading() as connection:
        return list(
            connection.execute(select(audit_log.c.event).order_by(audit_log.c.seq)).scalars()
        )


def standing(verifier: Verifier) -> list[Any]:
    """All that a refusal must not change."""
    with verifier.database.reading() as connection:
        return [
            connection.execute(
                select(logins.c.id, logins.c.state, logins.c.attempts).order_by(logins.c.id)
            ).all(),
            connection.execute(
                select(devices.c.id, devices.c.state, devices.c.wrong_run, devices.c.locked_at)
            ).all(),
            connection.execute(select(mobile_keys.c.sign_count, mobile_keys.c.counter)).all(),
            connection.execute(select(sessions.c.token_hash)).all(),
        ]


def refused(verifier: Verifier, answer: Any, status: int, *events_added: Event) -> None:
    """A refusal, and what it wrote down."""
    assert answer.status_code == status, answer.text
    assert events(verifier)[-len(events_added) :] == [each.value for each in events_added]


# --- the way it goes


def test_an_approval_with_the_pin_opens_the_session(api: Api, phone: Phone) -> None:
    login, prompt = begin(api)
    assert set(prompt) == {"challenge", "number", "push"}
    assert prompt["push"]
    assert take(api, login).status_code == 202
    answer = approve(phone, prompt["number"])
    assert (answer.status_code, answer.json()) == (200, {"state": "approved"})
    assert pending(phone)["logins"] == []

    opened = take(api, login)
    assert opened.status_code == 200
    assert opened.json()["device_kind"] == "mobile_key"
    assert api.session(opened.json()["session"]).status_code == 200


def test_an_approval_with_the_phones_own_lock_opens_the_session(
    api: Api, passkey_phone: Phone
) -> None:
    login, prompt = begin(api)
    assert approve(passkey_phone, prompt["number"]).json() == {"state": "approved"}
    assert take(api, login).json()["device_kind"] == "mobile_key"


def test_the_phone_is_told_who_where_from_and_when(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    api.client.headers["User-Agent"] = agent
    _, prompt = begin(api)
    login = waits(phone)
    assert told(login) == {
        "v": 1,
        "login": login["login"],
        "user": "alice",
        "serial": phone.keys[0].serial,
        "from": "testclient",
        "agent": "Firefox on Linux",
        "at": "2026-03-01T12:00:00Z",
    }
    assert prompt["number"] in login["numbers"]
    assert len(set(login["numbers"])) == 3


def test_a_session_is_taken_once(api: Api, phone: Phone) -> None:
    login, prompt = begin(api)
    approve(phone, prompt["number"])
    assert take(api, login).status_code == 200
    assert take(api, login).status_code == 409


def test_the_login_that_the_phone_knows_opens_nothing(api: Api, phone: Phone) -> None:
    """The phone's name for a login is another than the one that takes its session."""
    login, prompt = begin(api)
    on_phone = waits(phone)["login"]
    assert on_phone != login
    approve(phone, prompt["number"])
    assert take(api, on_phone).status_code == 404


def test_a_denied_login_is_over_and_its_user_is_told(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    login, prompt = begin(api)
    answer = deny(phone)
    assert (answer.status_code, answer.json()) == (200, {"state": "denied"})
    assert Event.LOGIN_DENIED.value in events(verifier)
    with verifier.database.reading() as connection:
        assert connection.execute(select(outbox.c.notice)).scalars().all() == ["login_denied"]
    refusal = take(api, login)
    assert refusal.status_code == 409
    assert "login-denied" in refusal.text
    passcode = phone.keys[0].shows(prompt["challenge"], PHONE_PIN)
    assert api.answer(login, passcode).status_code == 409


def test_a_passcode_answers_the_same_login(api: Api, phone: Phone) -> None:
    login, prompt = begin(api)
    login_on_phone = waits(phone)
    assert api.answer(login, phone.keys[0].shows(prompt["challenge"], PHONE_PIN)).status_code == 200
    late = send(
        phone, login_on_phone, said(phone.keys[0], login_on_phone, "approve", prompt["number"])
    )
    assert late.status_code == 409


def test_a_passcode_of_a_phone_with_its_own_lock_has_no_pin_in_it(
    api: Api, passkey_phone: Phone
) -> None:
    login, prompt = begin(api)
    assert api.answer(login, passkey_phone.keys[0].shows(prompt["challenge"])).status_code == 200


def test_going_over_to_the_phone_asks_it_and_away_again_leaves_it_alone(
    api: Api, verifier: Verifier, clock: ToldClock
) -> None:
    card = Card()
    add_card(verifier, card)
    clock.advance(1)
    phone = give_phone(verifier, api.client)
    login, prompt = begin(api)
    assert prompt["push"]
    before = waits(phone)
    choice = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "card"})
    assert "push" not in choice.json()["prompt"]
    assert pending(phone)["logins"] == []
    late = send(phone, before, said(phone.keys[0], before, "approve", prompt["number"]))
    assert late.status_code == 404
    clock.advance(60)
    choice = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "phone-10000001"})
    approve(phone, choice.json()["prompt"]["number"])
    assert take(api, login).status_code == 200


# --- wrong


def test_a_wrong_number_ends_the_login(api: Api, phone: Phone, verifier: Verifier) -> None:
    login, prompt = begin(api)
    other = next(each for each in waits(phone)["numbers"] if each != prompt["number"])
    answer = approve(phone, other)
    assert (answer.status_code, answer.json()["tries_left"]) == (401, 0)
    assert events(verifier)[-1] == Event.LOGIN_WRONG.value
    assert pending(phone)["logins"] == []
    assert take(api, login).status_code == 409


def test_a_wrong_pin_is_counted_to_the_lock(
    api: Api, phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    left = []
    for _ in range(4):
        _, prompt = begin(api)
        while pending(phone)["logins"] and not pending(phone)["key"]["locked"]:
            answer = approve(phone, prompt["number"], "00000")
            assert answer.status_code == 401
            left.append(answer.json()["tries_left"])
        clock.advance(600)
    assert left == [2, 1, 0, 2, 1, 0, 2, 1, 0, 2]
    assert Event.DEVICE_LOCKED.value in events(verifier)
    assert pending(phone) == {
        "key": {"serial": phone.keys[0].serial, "user": "alice", "locked": True},
        "logins": [],
    }
    _, prompt = begin(api)
    assert prompt.get("push") is None  # a locked phone is not asked


def test_a_lock_comes_before_what_is_right(api: Api, phone: Phone, verifier: Verifier) -> None:
    _login, prompt = begin(api)
    shown = waits(phone)
    with verifier.database.writing() as connection:
        connection.execute(devices.update().values(locked_at=verifier.clock.now()))
    body = said(phone.keys[0], shown, "approve", prompt["number"])
    assert send(phone, shown, body).status_code == 423


def test_wrong_passcodes_and_wrong_approvals_count_to_one_lock(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    login, prompt = begin(api)
    api.answer(login, wrong(phone.keys[0].shows(prompt["challenge"], PHONE_PIN)))
    assert approve(phone, prompt["number"], "00000").json()["tries_left"] == 1
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 2
    assert approve(phone, prompt["number"]).status_code == 200
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 0


@pytest.mark.parametrize("missing", ["number", "pin_proof"])
def test_an_approval_without_a_part_is_not_counted(
    api: Api, phone: Phone, verifier: Verifier, missing: str
) -> None:
    _, prompt = begin(api)
    login = waits(phone)
    number = None if missing == "number" else prompt["number"]
    body = said(phone.keys[0], login, "approve", number) | {missing: None}
    before = standing(verifier)
    assert send(phone, login, body).status_code == 422
    assert standing(verifier) == before


# --- what another phone, login, user or moment has signed


def test_an_approval_signed_for_another_login_is_refused(
    api: Api, phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    begin(api)
    first = waits(phone)
    clock.advance(60)
    _, prompt = begin(api)
    _, second = pending(phone)["logins"]
    body = said(phone.keys[0], first | {"details": first["details"]}, "approve", prompt["number"])
    before = standing(verifier)
    refused(verifier, send(phone, second, body), 401, Event.APPROVAL_REFUSED)
    assert standing(verifier) == before


def test_a_denial_is_no_approval(api: Api, phone: Phone, verifier: Verifier) -> None:
    _, prompt = begin(api)
    login = waits(phone)
    key = phone.keys[0]
    body = said(key, login, "approve", prompt["number"])
    body["signature"] = b64url(key.sign(message("deny", prompt["number"], login["details"])))
    before = standing(verifier)
    refused(verifier, send(phone, login, body), 401, Event.APPROVAL_REFUSED)
    body = said(key, login, "deny", None)
    body["signature"] = b64url(key.sign(message("approve", None, login["details"])))
    refused(verifier, send(phone, login, body), 401, Event.APPROVAL_REFUSED)
    assert standing(verifier) == before


def test_another_keys_signature_is_refused(api: Api, phone: Phone, verifier: Verifier) -> None:
    add_user(verifier, "bob")
    other = give_phone(verifier, api.client, "bob", number=10_000_002)
    _, prompt = begin(api)
    login = waits(phone)
    body = said(other.keys[0], login, "approve", prompt["number"])
    before = standing(verifier)
    refused(verifier, send(phone, login, body), 401, Event.APPROVAL_REFUSED)
    assert standing(verifier) == before


def test_another_user_cannot_speak_about_a_login(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    add_user(verifier, "bob")
    other = give_phone(verifier, api.client, "bob", number=10_000_002)
    _, prompt = begin(api)
    login = waits(phone)
    before = standing(verifier)
    for verdict in ("approve", "deny"):
        body = said(other.keys[0], login, verdict, prompt["number"])
        refused(verifier, send(other, login, body), 404, Event.APPROVAL_REFUSED)
    assert standing(verifier) == before
    assert pending(other)["logins"] == []


def test_the_phone_of_before_a_migration_is_told_to_forget(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    old = give_phone(verifier, api.client, number=10_000_003, state=DeviceState.REVOKED)
    _, prompt = begin(api)
    login = waits(phone)
    before = standing(verifier)
    answer = send(old, login, said(old.keys[0], login, "approve", prompt["number"]))
    assert answer.status_code == 410
    assert "key-revoked" in answer.text
    assert standing(verifier) == before


def test_a_suspended_phone_approves_nothing(api: Api, phone: Phone, verifier: Verifier) -> None:
    lost = give_phone(verifier, api.client, number=10_000_003, state=DeviceState.SUSPENDED)
    assert lost.sign(lost.keys[0], "GET", "/api/v1/mobile/pending").status_code == 403


def test_an_unknown_login_is_not_there(api: Api, phone: Phone) -> None:
    begin(api)
    login = waits(phone) | {"login": "A" * 22}
    assert send(phone, login, said(phone.keys[0], login, "deny", None)).status_code == 404


def test_an_approval_that_comes_too_late_decides_nothing(
    api: Api, phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    login, prompt = begin(api)
    shown = waits(phone)
    clock.advance(120)
    assert pending(phone)["logins"] == []
    before = standing(verifier)
    for verdict in ("approve", "deny"):
        answer = send(phone, shown, said(phone.keys[0], shown, verdict, prompt["number"]))
        assert answer.status_code == 410
    assert standing(verifier) == before
    assert take(api, login).status_code == 410


def test_an_approved_login_waits_for_its_browser_no_longer_than_a_challenge(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    login, prompt = begin(api)
    clock.advance(119)
    approve(phone, prompt["number"])
    clock.advance(119)
    late, _ = login, clock.advance(1)
    assert take(api, late).status_code == 410


def test_an_approved_login_can_still_be_taken_after_its_challenge(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    login, prompt = begin(api)
    clock.advance(119)
    approve(phone, prompt["number"])
    clock.advance(3)
    assert take(api, login).status_code == 200


def test_a_lock_between_the_approval_and_the_session_holds(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    login, prompt = begin(api)
    approve(phone, prompt["number"])
    with verifier.database.writing() as connection:
        connection.execute(devices.update().values(locked_at=verifier.clock.now()))
    assert take(api, login).status_code == 423


def test_a_lost_phone_takes_its_approval_with_it(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    from server.lifecycle import devices as life
    from server.lifecycle.suspension import suspend

    login, prompt = begin(api)
    approve(phone, prompt["number"])
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        device_id = connection.execute(select(mobile_keys.c.device_id)).scalar_one()
        suspend(connection, life.get(connection, device_id, now), now)
    assert take(api, login).status_code == 409


# --- the phone's own lock


def asserted(
    phone: Phone, api: Api, authenticator: Authenticator, number: str | None = None
) -> Any:
    """Approve with the assertion of some authenticator."""
    _, prompt = begin(api)
    login = waits(phone)
    key = phone.keys[0]
    body = said(key, login, "approve", prompt["number"])
    signed = message("approve", prompt["number"], login["details"])
    body["assertion"] = authenticator.get(hashlib.sha256(signed).digest())
    return send(phone, login, body)


def test_an_authenticator_whose_count_does_not_grow_is_a_copy(
    api: Api, passkey_phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    login, prompt = begin(api)
    approve(passkey_phone, prompt["number"])
    session = take(api, login).json()["session"]
    clock.advance(60)
    login, prompt = begin(api)
    passkey_phone.authenticator.sign_count = 0  # the copy counts on from where it was made
    answer = approve(passkey_phone, prompt["number"])
    refused(verifier, answer, 403, Event.MOBILE_KEY_COPIED)
    assert "key-copied" in answer.text
    assert api.session(session).status_code == 401  # what it had opened is over
    assert take(api, login).status_code == 409
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.state)).scalar_one() == "suspended"
        notices = connection.execute(select(outbox.c.notice)).scalars().all()
        assert connection.execute(select(mobile_keys.c.sign_count)).scalar_one() == 1
    assert notices == ["mobile_key_copied"]
    assert api.password().status_code == 403


def test_a_forged_old_count_suspends_nobodys_key(
    api: Api, passkey_phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    """The count is looked at once the authenticator's signature is right."""
    _login, prompt = begin(api)
    approve(passkey_phone, prompt["number"])
    clock.advance(60)
    stranger = Authenticator(
        origin=PUBLIC_URL, credential_id=passkey_phone.authenticator.credential_id
    )
    answer = asserted(passkey_phone, api, stranger)
    refused(verifier, answer, 401, Event.APPROVAL_REFUSED)
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.state)).scalar_one() == "active"


def test_a_platform_that_does_not_count_is_no_copy(
    api: Api, passkey_phone: Phone, clock: ToldClock
) -> None:
    for _ in range(2):
        passkey_phone.authenticator.sign_count = -1  # it adds one, and so tells 0 always
        _login, prompt = begin(api)
        assert approve(passkey_phone, prompt["number"]).status_code == 200
        clock.advance(60)


@pytest.mark.parametrize(
    "changed",
    [
        {"flags": UP},
        {"origin": "http://localhost.example"},
        {"rp_id": "example.com"},
        {"credential_id": b"another"},
    ],
    ids=["nobody verified", "another origin", "another party", "another credential"],
)
def test_an_assertion_that_does_not_fit_is_refused(
    api: Api, passkey_phone: Phone, verifier: Verifier, changed: dict[str, Any]
) -> None:
    right = passkey_phone.authenticator
    given = {"origin": PUBLIC_URL, "key": right.key, "credential_id": right.credential_id}
    answer = asserted(passkey_phone, api, Authenticator(**given | changed))
    refused(verifier, answer, 401, Event.APPROVAL_REFUSED)
    with verifier.database.reading() as connection:
        assert connection.execute(select(logins.c.state, logins.c.attempts)).one() == ("open", 0)


def test_an_assertion_for_another_login_is_refused(
    api: Api, passkey_phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    _, prompt = begin(api)
    first = said(passkey_phone.keys[0], waits(passkey_phone), "approve", prompt["number"])
    clock.advance(60)
    _, prompt = begin(api)
    _, second = pending(passkey_phone)["logins"]
    body = said(passkey_phone.keys[0], second, "approve", prompt["number"])
    body["assertion"] = first["assertion"]
    before = standing(verifier)
    refused(verifier, send(passkey_phone, second, body), 401, Event.APPROVAL_REFUSED)
    assert standing(verifier) == before


def test_a_pin_is_no_stand_in_for_the_phones_own_lock(
    api: Api, passkey_phone: Phone, verifier: Verifier
) -> None:
    _, prompt = begin(api)
    login = waits(passkey_phone)
    key = passkey_phone.keys[0]
    body = said(key, login, "approve", prompt["number"])
    signed = message("approve", prompt["number"], login["details"])
    body |= {"assertion": None, "pin_proof": key.proof(signed, PHONE_PIN)}
    before = standing(verifier)
    assert send(passkey_phone, login, body).status_code == 422
    assert standing(verifier) == before


# --- signed requests


@pytest.mark.parametrize("seconds", [-91, 91])
def test_a_request_of_another_time_is_not_known(api: Api, phone: Phone, seconds: int) -> None:
    phone.clock = ToldClock()
    assert isinstance(phone.clock, ToldClock)
    phone.clock.advance(seconds)
    answer = phone.sign(phone.keys[0], "GET", "/api/v1/mobile/pending")
    assert answer.status_code == 401
    assert "key-unknown" in answer.text


def test_a_request_says_what_was_signed(api: Api, phone: Phone, verifier: Verifier) -> None:
    """Another method, path, body, serial or signature is unknown, and alike."""
    key = phone.keys[0]
    pending_path, push = "/api/v1/mobile/pending", "/api/v1/mobile/push"
    header = key.header("GET", pending_path, b"", verifier.clock)
    get = api.client.get
    assert get(pending_path, headers=header).status_code == 200
    other = {"Authorization": header["Authorization"].replace(key.serial, "MK99999999")}
    answers = [
        get("/api/v1/mobile/events", headers=header),
        api.client.delete(push, headers=key.header("PUT", push, b"", verifier.clock)),
        api.client.put(push, headers=key.header("PUT", push, b"{}", verifier.clock), json={}),
        get(pending_path, headers=other),
        get(pending_path),
        get(pending_path, headers={"Authorization": "Bearer " + "A" * 43}),
    ]
    assert answers.pop(2).status_code == 422  # signed: but no subscription
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_without_a_public_address_there_is_nothing(tmp_path: Path, clock: ToldClock) -> None:
    made = make_verifier(tmp_path, clock)
    add_user(made)
    api = Api(made)
    phone = give_phone(made, api.client)
    for path in ("pending", "events", "push"):
        assert phone.sign(phone.keys[0], "GET", f"/api/v1/mobile/{path}").status_code == 404
    assert api.password().status_code == 403  # a phone of before opens nothing
    made.close()


# --- flooding


def test_a_user_is_asked_once_a_minute_and_three_times_in_ten(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    asked = []
    for _ in range(14):
        _login, prompt = begin(api)
        asked.append(prompt["push"])
        number = prompt["number"]
        assert (number is None) is not prompt["push"]
        clock.advance(50)
    # at 0, 100 and 200 seconds; then not before 600 are over
    assert [number * 50 for number, push in enumerate(asked) if push] == [0, 100, 200, 600]


def test_a_login_that_is_not_asked_about_takes_the_passcode_alone(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    begin(api)
    clock.advance(59)
    login, prompt = begin(api)
    assert not prompt["push"]
    assert len(pending(phone)["logins"]) == 1
    assert take(api, login).status_code == 202
    assert api.answer(login, phone.keys[0].shows(prompt["challenge"], PHONE_PIN)).status_code == 200
