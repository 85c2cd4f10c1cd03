"""Registering a phone: password, number, SMS, token, security element, done."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from protocol import ocra
from server.audit.events import Event
from server.db.tables import devices, mobile_keys, mobile_registrations, outbox
from server.factors.mobile_key_factor import place
from server.notify import texts
from server.notify.outbox import Notice
from server.verifier import Verifier
from tests.phone import from_b64url, point

from .. import counter
from ..browser import Browser
from ..post import Hook
from ..support import Api, ToldClock, add_user
from . import ON_RECORD, PIN, events, on_record, put_on_record, register, start


@pytest.mark.parametrize("element", ["pin", "webauthn"])
def test_a_phone_is_registered_and_its_passcode_logs_its_user_in(
    verifier: Verifier, gateway: Hook, element: str
) -> None:
    _, key = register(verifier, gateway, element=element)
    assert gateway.came[0]["to"] == ON_RECORD
    api = Api(verifier)
    login, challenge = api.login()
    answer = api.answer(login, key.shows(challenge, PIN))
    assert answer.status_code == 200, answer.text
    assert answer.json()["device_kind"] == "mobile_key"


def test_each_step_tells_the_app_what_the_next_one_needs(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    run = start(verifier, gateway)
    begun = run.begin().json()
    assert len(begun.pop("registration")) == 43
    assert begun == {
        "user": "alice",
        "purpose": "register",
        "numbers": [{"id": "record", "shown": "+1 ••• ••• ••23"}],
        "may_add_number": True,
        "card": False,
        "expires": "2026-03-01T12:30:00Z",
    }
    assert run.number().json() == {
        "shown": "+1 ••• ••• ••23",
        "again_in": 30,
        "expires": "2026-03-01T12:10:00Z",
    }
    proved = run.post("token", token=run.token()).json()
    assert len(from_b64url(proved["exchange"])) == 65
    assert proved["elements"] == ["webauthn", "pin"]
    assert (proved["user"], proved["pin"]) == ("alice", "new")
    assert set(map(ocra.parse, proved["suites"].values()))
    options = proved["webauthn"]
    assert options["rp"] == {"name": "Challng", "id": "localhost"}
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["authenticatorAttachment"] == "platform"
    body, key = run.phone.element(run.bearer, proved)
    done = run.element(body).json()
    assert done.pop("serial").startswith("MK")
    assert len(from_b64url(done.pop("vapid"))) == 65
    suite = "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256"
    assert done == {"user": "alice", "element": "pin", "suite": suite, "counter": 0}
    assert key.suite == suite


def test_neither_the_key_nor_the_pin_travels_or_lies_in_the_clear(
    verifier: Verifier, gateway: Hook
) -> None:
    run = start(verifier, gateway)
    run.begin()
    body, key = run.phone.element(run.bearer, run.prove())
    assert PIN not in str(body)
    assert run.element(body).status_code == 200
    with verifier.database.reading() as connection:
        row = connection.execute(select(mobile_keys)).one()
        left = connection.execute(select(mobile_registrations)).one()
    for value in row:
        assert value not in {PIN.encode(), key.ocra_key}
    opened = verifier.keyring.open(row.key_sealed, place("key_sealed", row.device_id))
    assert opened == key.ocra_key
    assert verifier.keyring.open(row.pin_sealed, place("pin_sealed", row.device_id)) == PIN.encode()
    assert row.sign_key == point(key.sign_key)
    assert (left.exchange_sealed, left.challenge, left.number_sealed) == (None, None, None)


def test_the_user_is_told_and_it_is_written_down_without_a_secret(
    verifier: Verifier, gateway: Hook
) -> None:
    _, key = register(verifier, gateway)
    with verifier.database.reading() as connection:
        row = connection.execute(select(outbox)).one()
    assert row.notice == Notice.MOBILE_KEY_ADDED
    assert key.serial in row.values
    message = texts.made(
        Notice.MOBILE_KEY_ADDED, {"serial": key.serial, "phone": "Chrome on Android"}, "en"
    )
    assert "Was it not you?" in message.body
    told = events(
        verifier,
        Event.REGISTRATION_BEGUN,
        Event.REGISTRATION_SENT,
        Event.REGISTRATION_PROVED,
        Event.MOBILE_KEY_ADDED,
    )
    assert [each.split()[0] for each in told] == [
        "registration.begun",
        "registration.sent",
        "registration.proved",
        "mobile-key.added",
    ]
    assert not any(secret in " ".join(told) for secret in (PIN, ON_RECORD, "0123"))


def test_what_was_temporary_and_what_the_password_alone_opened_is_over(
    verifier: Verifier, gateway: Hook
) -> None:
    browser = Browser(verifier)
    browser.password()
    assert "You are signed in" in browser.page.text
    counter.issue(verifier, "alice")
    register(verifier, gateway)
    with verifier.database.reading() as connection:
        rows = connection.execute(select(devices.c.kind, devices.c.state)).all()
    assert ("temporary_code", "revoked") in {tuple(row) for row in rows}
    assert browser.get("/devices").url.path == "/login"


def test_the_same_body_again_gets_the_same_answer_and_no_second_key(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    run = start(verifier, gateway)
    run.begin()
    body, _ = run.phone.element(run.bearer, run.prove())
    first = run.element(body)
    assert first.status_code == 200
    for _ in range(3):
        clock.advance(60)
        again = run.element(body)
        assert (again.status_code, again.json()) == (200, first.json())
    with verifier.database.reading() as connection:
        assert len(connection.execute(select(mobile_keys)).all()) == 1
    assert len(events(verifier, Event.MOBILE_KEY_ADDED)) == 1


def test_the_sms_is_in_the_users_language(verifier: Verifier, gateway: Hook) -> None:
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE users SET locale = 'zh_Hant'")
    run = start(verifier, gateway)
    run.begin()
    run.number()
    assert "驗證碼" in gateway.next()["message"]


def test_a_number_of_his_own_becomes_the_one_on_record_when_it_is_done(
    verifier: Verifier, gateway: Hook
) -> None:
    put_on_record(verifier, None)
    run = start(verifier, gateway)
    begun = run.begin().json()
    assert (begun["numbers"], begun["may_add_number"]) == ([], True)
    assert run.number(country="AU", digits="491570156").json()["shown"] == "+61 ••• ••• ••56"
    proved = run.post("token", token=run.token()).json()
    assert gateway.came[0]["to"] == "+61491570156"
    assert on_record(verifier) is None
    run.phone.finish(run.bearer, proved)
    assert on_record(verifier) == "+61491570156"
    assert len(events(verifier, Event.CONTACT_SET)) == 1


def test_another_token_comes_after_a_while_and_the_one_before_is_good_no_more(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    run = start(verifier, gateway)
    run.begin()
    run.number()
    first = run.token()
    clock.advance(30)
    sent = run.post("again")
    assert (sent.status_code, sent.json()["again_in"]) == (200, 60)
    second = run.token()
    assert first != second
    assert run.post("token", token=first).status_code == 401
    assert run.post("token", token=second).status_code == 200


def test_two_users_of_one_phone_have_keys_of_their_own(verifier: Verifier, gateway: Hook) -> None:
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    phone, of_alice = register(verifier, gateway)
    run = start(verifier, gateway, "bob", phone)
    assert run.begin(**phone.agree_beside(of_alice, "bob")).status_code == 200
    proved = run.prove()
    assert proved["pin"] == "existing"
    of_bob = phone.finish(run.bearer, proved)
    assert of_bob.serial != of_alice.serial
    api = Api(verifier)
    for key in (of_alice, of_bob):
        login, challenge = api.login(key.user)
        assert api.answer(login, key.shows(challenge, PIN)).status_code == 200
