"""The steps in their order, the security element, and what ends a registration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.accounts import people, users
from server.audit.events import Event
from server.db.tables import devices, shares
from server.states.share import ShareState
from server.verifier import Verifier
from tests.phone import b64url

from .. import counter
from ..people import ADDRESS, ALICE, add_account
from ..post import Hook
from ..support import (
    PASSWORD,
    Card,
    add_card,
    add_user,
)
from . import (
    ON_RECORD,
    PIN,
    Run,
    events,
    keys,
    name,
    refused,
    register,
    start,
    state,
)

# --- steps out of their order


@pytest.mark.parametrize("at", ["begun", "sent", "proved", "done"])
def test_a_step_out_of_its_order_changes_nothing(verifier: Verifier, run: Run, at: str) -> None:
    proved, body = None, None
    if at != "begun":
        run.number()
        token = run.token()
    if at in {"proved", "done"}:
        proved = run.post("token", token=token).json()
        body, _ = run.phone.element(run.bearer, proved)
    if at == "done":
        assert body
        assert run.element(body).status_code == 200
    wrongly: dict[str, Callable[[], Any]] = {
        "again": lambda: run.post("again"),
        "number": run.number,
        "token": lambda: run.post("token", token="000000"),
        "card": lambda: run.post("card"),
        "answer": lambda: run.post("card/answer", answer="12345678"),
    }
    if at in {"begun", "sent"}:
        point = b64url(bytes(65))
        body = {"element": "pin", "exchange": point, "sign_key": point, "pin": b64url(bytes(32))}
        wrongly["element"] = lambda: run.element(body or {})
        if at == "sent":
            del wrongly["token"], wrongly["number"], wrongly["again"]
        else:
            del wrongly["number"]
    for call, send in wrongly.items():
        assert send().status_code in {404, 409, 429}, call
    assert state(verifier) == at


# --- the security element


@pytest.mark.parametrize(
    "pin",
    [
        "123",
        "1234567",
        "k7Q 2",
        "k7Qé2",
        "1234",
        "4321",
        "aaaa",
        "abcd",
        "qwerty",
        "PASS",
        "123123",
    ],
)
def test_a_pin_by_the_guidelines_alone_is_taken(verifier: Verifier, run: Run, pin: str) -> None:
    proved = run.prove()
    body, _ = run.phone.element(run.bearer, proved, pin=pin.encode().decode("latin-1"))
    answer = run.element(body)
    assert (answer.status_code, answer.json().get("field")) == (422, "pin")
    assert pin not in answer.json()["detail"].replace("4 to 6", "")
    run.phone.finish(run.bearer, proved)  # another is taken then
    assert keys(verifier) == 1


@pytest.mark.parametrize("pin", ["1980", "2902", "290280", "12025", "spring", "MAIN", "X1234"])
def test_a_pin_that_is_known_of_its_owner_is_not(verifier: Verifier, run: Run, pin: str) -> None:
    add_account(verifier, "U1", ALICE, "alice")
    with verifier.database.writing() as connection:
        contact = people.Contact(phone=ON_RECORD, address=people.Address(**ADDRESS))
        user = users.get(connection, "alice")
        people.set_contact(connection, verifier.keyring, user.id, contact)
    body, _ = run.phone.element(run.bearer, run.prove(), pin=pin)
    assert run.element(body).json()["field"] == "pin"
    assert keys(verifier) == 0
    assert len(events(verifier, Event.PIN_UNFIT)) == 1


@pytest.mark.parametrize("field", ["exchange", "sign_key", "pin"])
def test_keys_that_do_not_fit_are_refused(verifier: Verifier, run: Run, field: str) -> None:
    body, _ = run.phone.element(run.bearer, run.prove())
    raw = bytearray(64 if field == "pin" else 65)
    raw[0] = 4
    answer = run.element(body | {field: b64url(bytes(raw[:40] if field == "pin" else raw))})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert keys(verifier) == 0
    assert refused(verifier) == 1


def test_a_body_of_another_registration_does_not_open(
    verifier: Verifier, gateway: Hook, run: Run
) -> None:
    body, _ = run.phone.element(run.bearer, run.prove())
    other = start(verifier, gateway)
    other.begin()
    other.prove()
    replayed = other.element(body)
    assert (replayed.status_code, replayed.json()["field"]) == (422, "pin")
    assert keys(verifier) == 0


def test_a_second_phone_with_the_same_registration_is_refused(verifier: Verifier, run: Run) -> None:
    proved = run.prove()
    run.phone.finish(run.bearer, proved)
    body, _ = run.phone.element(run.bearer, proved)
    answer = run.element(body)
    assert (answer.status_code, name(answer)) == (409, "illegal-move")
    assert keys(verifier) == 1


def test_done_ends_what_else_was_being_registered(
    verifier: Verifier, gateway: Hook, run: Run
) -> None:
    other = start(verifier, gateway)
    other.begin()
    body, _ = other.phone.element(other.bearer, other.prove())
    run.phone.finish(run.bearer, run.prove())
    assert other.element(body).status_code == 410
    assert keys(verifier) == 1


def test_a_locked_mobile_key_is_not_evaded_by_registering_anew(
    verifier: Verifier, gateway: Hook
) -> None:
    register(verifier, gateway)
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE devices SET locked_at = 1")
    for purpose in ("register", "migrate", "reenable"):
        assert start(verifier, gateway).begin(purpose).status_code == 423


@pytest.mark.parametrize("purpose", ["register", "migrate", "reenable"])
def test_who_uses_a_shared_device_registers_no_phone_beside_it(
    verifier: Verifier, gateway: Hook, purpose: str
) -> None:
    add_user(verifier, "bob")
    add_card(verifier, Card(), "bob")
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        device = connection.execute(select(devices.c.id)).scalar_one()
        connection.execute(
            insert(shares).values(
                device_id=device,
                user_id=users.get(connection, "alice").id,
                state=ShareState.ACTIVE.value,
                asked_at=now,
                submitted_at=now,
                decided_at=now,
            )
        )
    answer = start(verifier, gateway).begin(purpose)
    assert answer.status_code == 409
    assert "shared" in answer.json()["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "steal"},
        {"installation": "short"},
        {"installation": "!" * 22},
        {"phone": ""},
        {"phone": "a\u0000b"},
        {"phone": "x" * 65},
        {"beside": "MK12345678"},
        {"beside": "MK12345678", "beside_signature": "A" * 86},
        {"beside": "CH00000018", "beside_at": 1, "beside_signature": "A" * 86},
        {"beside": "MK12345678", "beside_at": 1, "beside_signature": "A" * 85},
        {"beside": "MK12345678", "beside_at": "1", "beside_signature": "A" * 86},
        {"more": 1},
    ],
)
def test_a_malformed_beginning_is_refused(
    verifier: Verifier, gateway: Hook, change: dict[str, object]
) -> None:
    phone = start(verifier, gateway).phone
    assert phone.begin("alice", PASSWORD, **change).status_code == 422


def test_the_desk_does_not_need_to_know_the_pin(verifier: Verifier, gateway: Hook) -> None:
    register(verifier, gateway)
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    assert PIN not in str(verifier.desk.finding.sheet(clerk, "alice"))
