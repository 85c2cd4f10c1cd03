"""The support desk over its API: who gets in, whom it finds, identity checks, and what follows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from server.accounts.roles import DUTIES, Duty, Role
from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.errors import IllegalMove
from server.verifier import Verifier

from .desk_support import (
    KNOWN,
    REASON,
    WHY,
    Caller,
    customer,
    device,
    device_id,
    events,
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


# --- who gets in


def test_staff_with_a_password_alone_get_no_further_than_the_portal(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    dan = staff(verifier, api, "dan", Role.ADMIN, card=False)
    assert dan.access == "portal_only"
    for path in ("/desk/users/alice", "/desk/shares", "/desk/audit"):
        assert dan.get(path).status_code == 403
    assert dan.post("/desk/users/alice/checks").status_code == 403
    assert events(verifier)[-1] == "access.refused"


CALLS: list[tuple[Duty, str, str, object]] = [
    (Duty.FIND_USERS, "GET", "/desk/users?wanted=alice", None),
    (Duty.FIND_USERS, "GET", "/desk/users/alice", None),
    (Duty.CHECK_IDENTITY, "POST", "/desk/users/alice/checks", None),
    (Duty.CHECK_IDENTITY, "POST", "/desk/users/alice/checks/1", {"answers": {}}),
    (Duty.ISSUE_TEMPORARY_CODES, "POST", "/desk/users/alice/temporary-code", WHY),
    (Duty.UNLOCK_DEVICES, "POST", "/desk/users/alice/devices/1/unlock", WHY),
    (Duty.UNLOCK_DEVICES, "POST", "/desk/users/alice/devices/1/suspend", WHY),
    (Duty.UNLOCK_DEVICES, "POST", "/desk/users/alice/devices/1/reset-pin", WHY),
    (Duty.DECIDE_SHARES, "GET", "/desk/shares", None),
    (Duty.DECIDE_SHARES, "POST", "/desk/shares/1", {"decision": "approve", **WHY}),
    (Duty.CHANGE_ACCOUNTS, "POST", "/desk/users/alice/allow-checks", WHY),
    (Duty.CHANGE_ACCOUNTS, "POST", "/desk/accounts/U100/close", WHY),
    (Duty.READ_AUDIT, "GET", "/desk/audit", None),
]


@pytest.mark.parametrize("role", Role)
def test_each_role_reaches_its_own_duties_alone(
    verifier: Verifier, api: Api, alice: Caller, role: Role
) -> None:
    if role is Role.CUSTOMER:
        who = customer(verifier, api, "dan", "U200", BOB)
    else:
        who = staff(verifier, api, "dan", role)
    for duty, method, path, body in CALLS:
        answer = who.get(path) if method == "GET" else who.post(path, body)
        assert (answer.status_code != 403) is (duty in DUTIES[role]), (path, answer.text)


def test_a_stranger_learns_nothing_of_the_desk(verifier: Verifier, api: Api, alice: Caller) -> None:
    nobody = Caller(api, "nobody")
    for _, method, path, body in CALLS:
        answer = nobody.get(path) if method == "GET" else nobody.post(path, body)
        assert answer.status_code in {401, 422}, path


# --- finding


def test_a_user_is_found_by_name_account_and_serial_whole(alice: Caller, carol: Caller) -> None:
    for wanted in ("alice", "ALICE", "U100", "u100", serial(alice), serial(alice).lower()):
        assert carol.get("/desk/users", wanted=wanted).json() == {"users": ["alice"]}
    for wanted in ("ali", "%", "*", "U10", serial(alice)[:-1], "a' OR '1'='1", "nobody"):
        assert carol.get("/desk/users", wanted=wanted).json() == {"users": []}
    for wanted in ("", " ", "x" * 65):
        assert carol.get("/desk/users", wanted=wanted).status_code == 422


def test_what_identifies_is_shown_by_its_end_alone(alice: Caller, carol: Caller) -> None:
    shown = carol.get("/desk/users/alice")
    assert shown.json()["known"] == ["•••4567", "•••9999", "•••0123"]
    for secret in ("1234567", "219099999", "1980", "2025550123", "example.net", "01101"):
        assert secret not in shown.text
    assert shown.json()["devices"][0]["serial"] == serial(alice)


def test_who_was_looked_at_is_written_down_and_what_was_typed_is_not(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    carol.get("/desk/users", wanted="her whole secret")
    carol.get("/desk/users", wanted="alice")
    carol.get("/desk/users/alice")
    assert [(row.event, row.actor, row.subject) for row in log(verifier)[-3:]] == [
        ("desk.searched", "user:carol", None),
        ("desk.searched", "user:carol", "alice"),
        ("desk.user-shown", "user:carol", "alice"),
    ]
    assert "secret" not in log(verifier)[-3].detail


def test_a_user_who_is_not_there_is_not_there(carol: Caller) -> None:
    for path in ("/desk/users/nobody", "/desk/users/%00", "/desk/users/" + "x" * 300):
        assert carol.get(path).status_code == 404
    assert carol.post("/desk/users/nobody/checks").status_code == 404


# --- identity


def test_a_caller_who_knows_what_is_recorded_passes(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    assert identify(carol, "alice").json() == {"passed": True}
    assert carol.get("/desk/users/alice").json()["checked_until"]
    assert events(verifier)[-3:-1] == ["identity.asked", "identity.passed"]


def test_one_wrong_answer_fails_the_check_and_is_not_told_which(
    alice: Caller, carol: Caller
) -> None:
    told = identify(carol, "alice", date_of_birth="1980-02-28", document_number="Y1", ssn="1")
    assert told.json() == {"passed": False}
    assert carol.get("/desk/users/alice").json()["checked_until"] is None


def test_what_was_drawn_stays_asked_whoever_asks(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    erin = staff(verifier, api, "erin", Role.SUPPORT)
    asked = {tuple(carol.post("/desk/users/alice/checks").json()["asked"]) for _ in range(8)}
    asked |= {tuple(erin.post("/desk/users/alice/checks").json()["asked"]) for _ in range(8)}
    assert len(asked) == 1


def test_three_failed_checks_in_a_row_lock_and_only_an_administrator_unlocks(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    bad = dict.fromkeys(KNOWN, "wrong")
    for _ in range(2):
        identify(carol, "alice", **bad)
    identify(carol, "alice")  # a passed one ends the run
    for _ in range(3):
        assert identify(carol, "alice", **bad).json() == {"passed": False}
    assert carol.post("/desk/users/alice/checks").status_code == 409
    assert "identity.locked" in events(verifier)
    assert carol.post("/desk/users/alice/allow-checks", WHY).status_code == 403
    admin = staff(verifier, api, "erin", Role.ADMIN)
    assert admin.post("/desk/users/alice/allow-checks", WHY).status_code == 200
    assert admin.post("/desk/users/alice/allow-checks", WHY).status_code == 409
    assert identify(carol, "alice").json() == {"passed": True}


def test_a_check_waiting_when_the_lock_falls_is_locked_too(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    erin = staff(verifier, api, "erin", Role.SUPPORT)
    begun = erin.post("/desk/users/alice/checks").json()
    for _ in range(3):
        identify(carol, "alice", **dict.fromkeys(KNOWN, "wrong"))
    path = f"/desk/users/alice/checks/{begun['check']}"
    answers = {fact: KNOWN[fact] for fact in begun["asked"]}
    assert erin.post(path, {"answers": answers}).status_code == 409


def test_a_check_is_answered_once_by_who_asked_for_that_user(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    customer(verifier, api, "bob", "U200", BOB)
    erin = staff(verifier, api, "erin", Role.SUPPORT)
    begun = carol.post("/desk/users/alice/checks").json()
    body = {"answers": {fact: KNOWN[fact] for fact in begun["asked"]}}
    path = f"/desk/users/alice/checks/{begun['check']}"
    assert erin.post(path, body).status_code == 404
    assert carol.post(f"/desk/users/bob/checks/{begun['check']}", body).status_code == 404
    for nonsense in ("0", "-1", "x", "9" * 30, "٣"):
        assert carol.post(f"/desk/users/alice/checks/{nonsense}", body).status_code == 404
    assert carol.post(path, {"answers": {begun["asked"][0]: "\x00"}}).status_code == 422
    assert carol.post(path, {"answers": []}).status_code == 422
    assert carol.post(path, body).json() == {"passed": True}
    assert carol.post(path, body).status_code == 409


def test_a_check_answered_many_times_at_once_is_decided_once(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    begun = carol.post("/desk/users/alice/checks").json()
    session = verifier.sessions.find(carol.token, verifier.clock.now())

    def guess(number: int) -> bool | None:
        answers = dict.fromkeys(begun["asked"], f"guess {number}")
        try:
            return verifier.desk.identity.answer(session, "alice", begun["check"], answers)
        except IllegalMove:
            return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(8)))
    assert sorted(outcomes, key=str) == [False, *[None] * 7]
    assert events(verifier).count("identity.failed") == 1


def test_who_has_nothing_on_record_cannot_be_checked(
    verifier: Verifier, api: Api, carol: Caller
) -> None:
    assert carol.post("/desk/users/alice/checks").status_code == 409
    staff(verifier, api, "erin", Role.AUDITOR)
    assert carol.post("/desk/users/erin/checks").status_code == 409


def test_nobody_checks_himself(carol: Caller) -> None:
    assert carol.post("/desk/users/carol/checks").status_code == 403


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


# --- accounts and the log


def test_an_account_is_closed_by_an_administrator_and_its_sessions_read_on(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    admin = staff(verifier, api, "erin", Role.ADMIN)
    assert admin.post("/desk/accounts/U999/close", WHY).status_code == 404
    assert admin.post("/desk/accounts/U100/close", WHY).status_code == 200
    assert admin.post("/desk/accounts/U100/close", WHY).status_code == 409
    assert alice.get("/session").json()["access"] == "read_only"
    assert alice.get("/documents").status_code == 200
    assert alice.get("/shares").status_code == 403
    assert api.password("alice").json()["access"] == "read_only"


def test_an_auditor_reads_the_log_in_pages_newest_first(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    frank = staff(verifier, api, "frank", Role.AUDITOR)
    for _ in range(60):
        frank.get("/desk/users/alice")  # refused, and written down
    first = frank.get("/desk/audit").json()
    rows = [row["row"] for row in first["rows"]]
    assert rows == list(range(rows[0], rows[0] - 50, -1))
    second = frank.get("/desk/audit", before=first["older"]).json()
    assert second["rows"][0]["row"] == rows[-1] - 1
    assert second["older"] is None
    refused = frank.get("/desk/audit", event="access.refused", about="frank").json()
    assert {row["event"] for row in refused["rows"]} == {"access.refused"}
    assert frank.get("/desk/audit", about="nobody").json()["rows"] == []
    assert frank.get("/desk/audit", event="no.such").status_code == 422
    for before in ("0", "-1", "x", str(2**70)):
        assert frank.get("/desk/audit", before=before).status_code == 422


def test_that_the_log_was_read_is_written_down(verifier: Verifier, api: Api) -> None:
    frank = staff(verifier, api, "frank", Role.AUDITOR)
    frank.get("/desk/audit", about="somebody's secret")
    row = log(verifier)[-1]
    assert (row.event, row.actor) == ("audit.read", "user:frank")
    assert "secret" not in row.detail


def test_everything_the_desk_does_stands_in_a_chain_that_holds(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    identify(carol, "alice")
    carol.post(device(verifier, alice, "suspend"), WHY)
    identify(carol, "alice", **dict.fromkeys(KNOWN, "wrong"))
    key = verifier.secrets.get(AUDIT)
    assert verify(verifier.database, key, verifier.anchor).problem is None
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.audit_log)
            .where(tables.audit_log.c.event == "identity.failed")
            .values(event="identity.passed")
        )
    assert verify(verifier.database, key, verifier.anchor).problem


def test_no_secret_of_a_person_stands_in_the_log(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    identify(carol, "alice")
    identify(carol, "alice", **dict.fromkeys(KNOWN, "something else"))
    text = "".join(f"{row.actor}{row.subject}{row.detail}" for row in log(verifier))
    secrets: list[Any] = ["1234567", "219099999", "1980", "2025550123", "something else"]
    assert not [secret for secret in secrets if secret in text]
