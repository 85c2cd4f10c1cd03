"""The support desk over its API: who gets in, whom it finds, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from server.accounts.roles import DUTIES, Duty, Role
from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.verifier import Verifier

from .desk_support import (
    KNOWN,
    WHY,
    Caller,
    customer,
    device,
    events,
    identify,
    log,
    serial,
    staff,
)
from .people import BOB
from .support import Api


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Caller:
    return customer(verifier, api, "alice", "U100")


@pytest.fixture
def carol(verifier: Verifier, api: Api) -> Caller:
    """Support."""
    return staff(verifier, api, "carol", Role.SUPPORT)


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
