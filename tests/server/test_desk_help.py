"""What the support desk does for a caller after a check: codes, unlocking, suspending."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from .desk_support import (
    REASON,
    WHY,
    Caller,
    customer,
    device,
    device_id,
    identify,
    log,
    serial,
    staff,
)
from .people import BOB
from .support import Api, ToldClock, wrong


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Caller:
    return customer(verifier, api, "alice", "U100")


@pytest.fixture
def carol(verifier: Verifier, api: Api) -> Caller:
    """Support."""
    return staff(verifier, api, "carol", Role.SUPPORT)


def lock(api: Api, user: Caller) -> None:
    assert user.card
    for _ in range(4):
        login, challenge = api.login(user.name)
        for _ in range(3):
            answered = api.answer(login, wrong(user.card.shows(challenge)))
            if answered.status_code == 423:
                return
            assert answered.status_code == 401


# --- temporary codes


def test_a_temporary_code_follows_a_passed_check_and_spends_it(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    path = "/desk/users/alice/temporary-code"
    assert carol.post(path, WHY).status_code == 409
    identify(carol, "alice")
    issued = carol.post(path, WHY)
    assert issued.status_code == 201
    row = log(verifier)[-1]
    assert (row.event, row.actor, row.subject) == (
        "temporary-code.issued",
        "user:carol",
        "alice",
    )
    assert json.loads(row.detail)["reason"] == REASON
    assert issued.json()["code"] not in "".join(each.detail for each in log(verifier))
    assert carol.post(path, WHY).status_code == 409
    login = api.password("alice").json()
    code = next(each["id"] for each in login["factors"] if each["kind"] == "temporary_code")
    chosen = api.client.post(f"/api/v1/login/{login['login']}/factor", json={"factor": code})
    assert chosen.status_code == 200
    answered = api.answer(login["login"], issued.json()["code"])
    assert answered.json()["access"] == "full"


def test_a_passed_check_is_good_for_fifteen_minutes_and_for_who_made_it(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller, clock: ToldClock
) -> None:
    erin = staff(verifier, api, "erin", Role.SUPPORT)
    path = "/desk/users/alice/temporary-code"
    identify(carol, "alice")
    lost = device(verifier, alice, "suspend")
    assert erin.post(path, WHY).status_code == 409
    assert erin.post(lost, WHY).status_code == 409
    clock.advance(15 * 60)
    assert carol.post(path, WHY).status_code == 409
    assert carol.post(lost, WHY).status_code == 409
    identify(carol, "alice")
    clock.advance(15 * 60 - 1)
    assert carol.post(path, WHY).status_code == 201


@pytest.mark.parametrize("reason", ["", "  ", "no", "x" * 201, "tab\there", "\x00\x00\x00\x00"])
def test_a_reason_is_asked_for_everything(
    verifier: Verifier, alice: Caller, carol: Caller, reason: str
) -> None:
    identify(carol, "alice")
    before = len(log(verifier))
    body = {"reason": reason}
    assert carol.post("/desk/users/alice/temporary-code", body).status_code == 422
    for act in ("unlock", "suspend", "reset-pin"):
        assert carol.post(device(verifier, alice, act), body).status_code == 422
    assert len(log(verifier)) == before


# --- devices


def test_a_locked_card_is_unlocked_after_a_check_which_it_spends(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    unlock = device(verifier, alice, "unlock")
    lock(api, alice)
    assert carol.post(unlock, WHY).status_code == 409
    identify(carol, "alice")
    assert carol.post(unlock, WHY).json() == {"serial": serial(alice), "done": "unlock"}
    assert alice.log_in().access == "full"
    row = next(row for row in log(verifier) if row.event == "device.unlocked")
    assert (row.actor, row.subject) == ("user:carol", "alice")
    assert json.loads(row.detail)["reason"] == REASON
    lock(api, alice)
    assert carol.post(unlock, WHY).status_code == 409  # the check was used up


def test_a_card_that_is_not_locked_is_not_unlocked_and_the_check_stays(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    identify(carol, "alice")
    assert carol.post(device(verifier, alice, "unlock"), WHY).status_code == 409
    assert carol.get("/desk/users/alice").json()["checked_until"]


def test_a_lost_card_is_suspended_and_a_temporary_code_follows_in_the_same_call(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    path = device(verifier, alice, "suspend")
    assert carol.post(path, WHY).status_code == 409
    identify(carol, "alice")
    assert carol.post(path, WHY).status_code == 200
    assert alice.get("/session").status_code == 401
    assert api.password("alice").status_code == 403
    assert carol.post(path, WHY).status_code == 409
    assert carol.post("/desk/users/alice/temporary-code", WHY).status_code == 201
    with verifier.database.reading() as connection:
        notices = connection.execute(select(tables.outbox.c.notice)).scalars().all()
    assert "device_suspended" in notices


def test_a_session_does_not_come_back_with_its_device(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    identify(carol, "alice")
    carol.post(device(verifier, alice, "suspend"), WHY)
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == serial(alice))
            .values(state="active")
        )
    assert alice.get("/session").status_code == 401


def test_another_users_device_is_not_there(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    bob = customer(verifier, api, "bob", "U200", BOB)
    identify(carol, "alice")
    for act in ("unlock", "suspend", "reset-pin"):
        other = device_id(verifier, serial(bob))
        assert carol.post(f"/desk/users/alice/devices/{other}/{act}", WHY).status_code == 404
        assert carol.post(f"/desk/users/alice/devices/x/{act}", WHY).status_code == 404
    assert bob.get("/session").status_code == 200
