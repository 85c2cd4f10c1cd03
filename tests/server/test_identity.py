"""The support desk checks who is calling: what is asked, how often, and by whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.accounts.roles import Role
from server.errors import IllegalMove
from server.verifier import Verifier

from .desk_support import (
    KNOWN,
    WHY,
    Caller,
    customer,
    events,
    identify,
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
