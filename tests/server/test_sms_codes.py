"""Codes by SMS: for whoever has no device yet, another for each login, and over with a device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.accounts.roles import Role
from server.audit.events import Event
from server.db.tables import devices, sms_codes
from server.login.ledger import Ledger
from server.verifier import Verifier

from .browser import Browser
from .post import Hook, hook
from .registering import ON_RECORD, events, make, put_on_record, register
from .support import Api, Card, ToldClock, add_card, add_user, make_verifier, wrong


@pytest.fixture
def gateway() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock, gateway: Hook) -> Iterator[Verifier]:
    made = make(tmp_path, clock, gateway)
    yield made
    made.close()


class Caller:
    """An application that speaks for alice."""

    def __init__(self, api: Api, gateway: Hook) -> None:
        self.api = api
        self.gateway = gateway
        self.token = ""

    def password(self) -> Any:
        content = self.api.password().json()
        self.token = content.get("session", self.token)
        return content

    def post(self, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.api.client.post(path, json=body, headers=headers)

    def code(self) -> str:
        """The code of the next SMS."""
        found = re.search(r"\b[0-9]{6}\b", self.gateway.next()["message"])
        assert found
        return found[0]

    def turn_on(self) -> None:
        self.password()
        begun = self.post("/api/v1/sms-code")
        assert begun.status_code == 201, begun.text
        done = self.post(f"/api/v1/sms-code/{begun.json()['proof']}", answer=self.code())
        assert done.status_code == 200, done.text


@pytest.fixture
def alice(api: Api, gateway: Hook) -> Caller:
    return Caller(api, gateway)


def test_the_first_code_turns_them_on_and_each_login_has_another(
    alice: Caller, gateway: Hook
) -> None:
    alice.turn_on()
    codes: list[str] = []
    for _ in range(3):
        begun = alice.password()
        assert begun["prompt"] == {"sms": "+1 ••• ••• ••23"}
        codes.append(alice.code())
        opened = alice.api.answer(begun["login"], codes[-1])
        assert opened.status_code == 200
        assert opened.json()["device_kind"] == "sms_code"
        assert opened.json()["limits"] == {"per_day": 200_000, "per_five_business_days": 600_000}
    assert len(set(codes)) == 3
    assert {each["to"] for each in gateway.came} == {ON_RECORD}


def test_from_then_on_the_password_alone_opens_nothing(alice: Caller) -> None:
    alice.turn_on()
    assert "session" not in alice.password()


def test_until_the_first_code_is_typed_nothing_is_asked_of_him(alice: Caller) -> None:
    alice.password()
    begun = alice.post("/api/v1/sms-code").json()
    refused = alice.post(f"/api/v1/sms-code/{begun['proof']}", answer=wrong(alice.code()))
    assert refused.status_code == 401
    assert "session" in alice.password()


def test_a_code_is_good_for_its_own_login_alone(alice: Caller, clock: ToldClock) -> None:
    alice.turn_on()
    first = alice.password()
    code = alice.code()
    clock.advance(60)
    second = alice.password()
    assert alice.code() != code
    assert alice.api.answer(second["login"], code).status_code == 401
    assert alice.api.answer(first["login"], code).status_code == 200
    assert alice.api.answer(first["login"], code).status_code == 409


def test_no_code_is_stored_and_no_number_beside_the_one_on_record(
    alice: Caller, verifier: Verifier
) -> None:
    alice.turn_on()
    with verifier.database.reading() as connection:
        row = connection.execute(select(sms_codes)).one()
    assert set(row._mapping) == {"device_id", "sends", "sent_at"}


def test_it_goes_to_the_number_on_record_as_that_is_now(
    alice: Caller, verifier: Verifier, gateway: Hook
) -> None:
    alice.turn_on()
    put_on_record(verifier, "+61491570156")
    alice.password()
    assert gateway.next()["to"] == "+61491570156"
    put_on_record(verifier, None)
    assert alice.api.password().json()["type"].endswith("no-usable-device")


def test_wrong_codes_count_to_the_lock(alice: Caller, clock: ToldClock) -> None:
    alice.turn_on()
    for attempt in range(10):
        if attempt % 3 == 0:
            begun = alice.password()
            clock.advance(5)
        answer = alice.api.answer(begun["login"], "000000")
        assert answer.status_code == 401
    assert alice.api.answer(alice.password()["login"], "000000").status_code == 423


def test_a_flood_of_logins_sends_few_messages(
    alice: Caller, gateway: Hook, clock: ToldClock, verifier: Verifier
) -> None:
    alice.turn_on()
    alice.password()
    for _ in range(20):
        assert alice.password()["prompt"] == {"sms": "+1 ••• ••• ••23", "sent": False}
    sent = len(events(verifier, Event.SMS_CODE_SENT))
    assert sent == 2
    for pause in (30, 60, 120, 120, 120):
        clock.advance(pause - 1)
        assert alice.password()["prompt"].get("sent") is False
        clock.advance(1)
        assert "sent" not in alice.password()["prompt"]
    clock.advance(86_399)
    assert alice.password()["prompt"].get("sent") is False
    clock.advance(1)
    assert "sent" not in alice.password()["prompt"]


def test_a_code_can_be_sent_again_after_a_while(
    alice: Caller, gateway: Hook, clock: ToldClock
) -> None:
    alice.turn_on()
    begun = alice.password()
    code = alice.code()
    again = f"/api/v1/login/{begun['login']}/again"
    refused = alice.post(again)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "30"
    clock.advance(30)
    assert alice.post(again).status_code == 200
    assert alice.code() == code
    assert alice.api.answer(begun["login"], code).status_code == 200


def test_a_login_of_another_kind_and_an_unknown_one_send_nothing(
    alice: Caller, verifier: Verifier
) -> None:
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    add_card(verifier, Card(), "bob")
    login, _ = alice.api.login("bob")
    for each in (login, "x" * 22):
        assert alice.post(f"/api/v1/login/{each}/again").status_code == 404


def test_they_end_when_a_device_becomes_active(
    alice: Caller, verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    alice.turn_on()
    clock.advance(60)
    register(verifier, gateway)
    with verifier.database.reading() as connection:
        row = connection.execute(select(devices).where(devices.c.kind == "sms_code")).one()
    assert (row.state, row.end_reason) == ("revoked", "restored")
    assert alice.post("/api/v1/sms-code").status_code == 401  # its session is over too


@pytest.mark.parametrize(("what", "status"), [("staff", 403), ("no number", 403)])
def test_who_cannot_have_them_is_told_why(
    alice: Caller, verifier: Verifier, what: str, status: int
) -> None:
    alice.password()
    if what == "staff":
        with verifier.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE users SET role = '{Role.SUPPORT.value}'")
    else:
        put_on_record(verifier, None)
    assert alice.post("/api/v1/sms-code").status_code == status
    assert events(verifier, Event.SMS_CODE_SENT) == []


def test_who_has_a_device_gets_none_in_any_session(alice: Caller, verifier: Verifier) -> None:
    alice.password()
    card = Card()
    add_card(verifier, card)
    assert alice.post("/api/v1/sms-code").status_code == 401  # the password alone opened it
    login, challenge = alice.api.login()
    alice.token = alice.api.answer(login, card.shows(challenge)).json()["session"]
    refused = alice.post("/api/v1/sms-code")
    assert refused.status_code == 409
    assert "whoever has no device yet" in refused.json()["detail"]
    assert events(verifier, Event.SMS_CODE_SENT) == []


def test_without_a_gateway_there_is_no_such_page_and_no_such_call(tmp_path: Path) -> None:
    verifier = make_verifier(tmp_path / "none")
    add_user(verifier)
    put_on_record(verifier, ON_RECORD)
    api = Api(verifier)
    token = api.password().json()["session"]
    headers = {"Authorization": f"Bearer {token}"}
    assert api.client.post("/api/v1/sms-code", headers=headers).status_code == 404
    browser = Browser(verifier)
    browser.password()
    assert "/sms-code" not in browser.get("/devices").text
    assert browser.get("/sms-code").status_code == 404
    verifier.close()


def test_on_the_pages(verifier: Verifier, gateway: Hook, clock: ToldClock) -> None:
    browser = Browser(verifier)
    browser.password()
    assert "/sms-code" in browser.get("/devices").text
    browser.get("/sms-code")
    page = browser.send("/sms-code")
    assert "••• ••• ••23" in page.text
    place = page.url.path
    refused = browser.send(f"{place}/again")
    assert refused.status_code == 429
    assert "Wait 30 seconds" in refused.text
    browser.get(place)
    code = re.search(r"\b[0-9]{6}\b", gateway.next()["message"])
    assert code
    page = browser.send(place, answer=code[0])
    assert "you get a code by SMS" in page.text
    browser.get("/")
    browser.send("/logout")
    page = browser.password()
    assert "A code is on its way" in page.text
    login = page.url.path
    assert browser.send(f"{login}/sms").status_code == 429
    code = re.search(r"\b[0-9]{6}\b", gateway.next()["message"])
    assert code
    browser.get(login)
    wrong_page = browser.send(login, answer=wrong(code[0]))
    assert "compare it with the last SMS" in wrong_page.text
    assert "You are signed in" in browser.send(login, answer=code[0]).text


def test_an_id_that_cannot_be_one_is_unknown_when_a_code_is_to_be_sent_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes no zero byte in a text: what is no id is not looked up."""
    looked: list[str] = []
    find = Ledger.find

    def noted(self: Ledger, connection: Connection, login_id: str, *more: Any) -> Any:
        looked.append(login_id)
        return find(self, connection, login_id, *more)

    monkeypatch.setattr(Ledger, "find", noted)
    for each in ("%00", "x" * 22 + "%00", "y" * 5000):
        assert api.client.post(f"/api/v1/login/{each}/again").status_code == 404
    assert looked == []
