"""What is signed for another login, phone, user or moment: refused, and nothing has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.events import Event
from server.db.tables import devices, logins, mobile_keys, outbox
from server.factors.mobile_key import Element
from server.states.device import DeviceState
from server.verifier import Verifier
from tests.phone import UP, Authenticator, Phone, b64url

from .approving import begin, refused, standing, take
from .phones import (
    PHONE_PIN,
    PUBLIC_URL,
    approve,
    give_phone,
    message,
    pending,
    said,
    send,
    waits,
)
from .support import Api, Card, ToldClock, add_card, add_user, make_verifier


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
    assert lost.sign(lost.keys[0], "DELETE", "/api/v1/mobile/push").status_code == 403


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
    clock.advance(120)
    assert take(api, login).status_code == 410


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


def test_a_copied_key_is_not_put_into_use_again_by_a_passcode(
    api: Api, passkey_phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    login, prompt = begin(api)
    approve(passkey_phone, prompt["number"])
    clock.advance(60)
    login, prompt = begin(api)
    passkey_phone.authenticator.sign_count = 0
    approve(passkey_phone, prompt["number"])
    card = Card()
    add_card(verifier, card)
    login, challenge = api.login()
    session = api.answer(login, card.shows(challenge)).json()["session"]
    with verifier.database.reading() as connection:
        device = connection.execute(select(mobile_keys.c.device_id)).scalar_one()
    headers = {"Authorization": f"Bearer {session}"}
    answer = api.client.post(f"/api/v1/devices/{device}/reactivate", headers=headers, json={})
    assert answer.status_code == 409
    assert "copy" in answer.json()["detail"]
    listed = api.client.get("/api/v1/devices", headers=headers).json()["devices"]
    assert [each["actions"] for each in listed if each["id"] == device] == [["deactivate"]]


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
