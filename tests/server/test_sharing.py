"""Sharing a device between user names of the same person, over the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from server.accounts.people import Identification
from server.accounts.roles import Role
from server.db import tables
from server.errors import NotTaken
from server.factors.kinds import DeviceKind
from server.lifecycle import share_rules
from server.verifier import Verifier

from .desk_support import REASON, Caller, customer, events, log, staff
from .people import ALICE, BOB, identification, join
from .support import PASSWORD, Api, Card, ToldClock, add_card, add_user, wrong

WHY = {"reason": REASON}


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Caller:
    """The owner of a card."""
    return customer(verifier, api, "alice", "U100")


@pytest.fixture
def second(verifier: Verifier, api: Api, alice: Caller) -> Caller:
    """Alice's second user name, of the same entity, with no device."""
    add_user(verifier, "alice2")
    join(verifier, "U100", "alice2")
    return Caller(api, "alice2").log_in()


@pytest.fixture
def elsewhere(verifier: Verifier, api: Api) -> Caller:
    """The same person as another entity, by the same social security number."""
    other = ALICE | {"citizenship": "DE", "residence": "US", "document_number": "C01X"}
    return customer(verifier, api, "alice3", "U300", other, card=False)


def owner(name: str = "alice", **more: str) -> dict[str, str]:
    return {"username": name, "password": PASSWORD, **more}


def prove(asker: Caller, of: Caller) -> Any:
    asked = asker.post("/shares", owner(of.name))
    assert asked.status_code == 201, asked.text
    assert of.card
    response = of.card.shows(asked.json()["prompt"]["challenge"])
    return asker.post(f"/shares/proofs/{asked.json()['proof']}", {"answer": response})


def share(asker: Caller, of: Caller) -> Any:
    proved = prove(asker, of)
    assert proved.status_code == 201, proved.text
    return asker.post(f"/shares/{proved.json()['id']}/submit")


def log_in_with(api: Api, user: str, card: Card) -> Any:
    login, challenge = api.login(user)
    return api.answer(login, card.shows(challenge))


def states(verifier: Verifier, user: str) -> list[str]:
    with verifier.database.reading() as connection:
        return list(
            connection.execute(
                select(tables.devices.c.state)
                .join(tables.users, tables.users.c.id == tables.devices.c.owner_id)
                .where(tables.users.c.name == user)
                .order_by(tables.devices.c.id)
            ).scalars()
        )


def give_temporary(verifier: Verifier, name: str) -> None:
    """An online code card, as far as its row goes."""
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        owner_id = connection.execute(
            select(tables.users.c.id).where(tables.users.c.name == name)
        ).scalar_one()
        connection.execute(
            tables.devices.insert().values(
                kind="online_code_card",
                state="active",
                serial=f"OC-{name}",
                owner_id=owner_id,
                label="online",
                wrong_run=0,
                added_at=now,
                valid_until=now + timedelta(days=21),
            )
        )


# --- the way through


def test_a_user_without_a_device_shares_the_one_of_the_same_entity_at_once(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    assert second.access == "portal_only"
    proved = prove(second, alice).json()
    assert proved["state"] == "proved"
    done = second.post(f"/shares/{proved['id']}/submit").json()
    assert (done["state"], done["owner"], done["user"]) == ("active", "alice", "alice2")
    assert second.get("/session").json()["access"] == "full"  # the device has just answered here
    assert alice.card
    assert log_in_with(api, "alice2", alice.card).json()["access"] == "full"
    assert log_in_with(api, "alice", alice.card).json()["access"] == "full"
    assert events(verifier).count("share.approved") == 1


def test_the_requesters_own_devices_rest_and_are_back_when_it_is_cancelled(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    own = Card(number=11)
    add_card(verifier, own, "alice2")
    second.card = own
    second.log_in()
    done = share(second, alice).json()
    assert states(verifier, "alice2") == ["set_aside"]
    assert second.get("/session").status_code == 200
    assert [each["id"] for each in api.password("alice2").json()["factors"]] == ["shared-1"]
    cancelled = second.post(f"/shares/{done['id']}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert states(verifier, "alice2") == ["active"]
    assert second.get("/session").status_code == 401  # it had gone on under the shared device
    assert [each["id"] for each in api.password("alice2").json()["factors"]] == ["card"]
    assert second.log_in().access == "full"


def test_the_owner_may_end_it_too(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    done = share(second, alice).json()
    assert alice.get("/shares").json()["open"][0]["user"] == "alice2"
    assert alice.post(f"/shares/{done['id']}/cancel").json()["state"] == "cancelled"
    assert second.get("/session").status_code == 401
    assert api.password("alice2").status_code == 403  # it had a device once
    assert alice.get("/session").status_code == 200


def test_people_are_told(verifier: Verifier, alice: Caller, second: Caller) -> None:
    done = share(second, alice).json()
    second.post(f"/shares/{done['id']}/cancel")
    with verifier.database.reading() as connection:
        told = connection.execute(
            select(tables.outbox.c.notice, tables.users.c.name).join(
                tables.users, tables.users.c.id == tables.outbox.c.user_id
            )
        ).all()
    assert {tuple(each) for each in told} == {
        ("share_asked", "alice"),
        ("share_decided", "alice2"),
        ("share_cancelled", "alice"),
        ("share_cancelled", "alice2"),
    }


# --- compliance


def test_another_entity_of_the_same_person_waits_for_compliance(
    verifier: Verifier, api: Api, alice: Caller, elsewhere: Caller
) -> None:
    done = share(elsewhere, alice).json()
    assert done["state"] == "pending"
    assert api.password("alice3").json()["access"] == "portal_only"  # nothing changed yet
    dan = staff(verifier, api, "dan", Role.COMPLIANCE)
    assert [each["user"] for each in dan.get("/desk/shares").json()["shares"]] == ["alice3"]
    path = f"/desk/shares/{done['id']}"
    assert dan.post(path, {"decision": "approve", "reason": ""}).status_code == 422
    assert dan.post(path, {"decision": "perhaps", **WHY}).status_code == 422
    assert dan.post(path, {"decision": "approve", **WHY}).json()["state"] == "active"
    assert dan.post(path, {"decision": "reject", **WHY}).status_code == 409
    row = log(verifier)[-1]
    assert (row.event, row.actor, row.subject) == ("share.approved", "user:dan", "alice3")
    assert REASON in row.detail
    assert alice.card
    assert log_in_with(api, "alice3", alice.card).json()["access"] == "full"


def test_compliance_may_reject_and_the_user_sees_why(
    verifier: Verifier, api: Api, alice: Caller, elsewhere: Caller
) -> None:
    done = share(elsewhere, alice).json()
    dan = staff(verifier, api, "dan", Role.COMPLIANCE)
    path = f"/desk/shares/{done['id']}"
    assert dan.post(path, {"decision": "reject", **WHY}).json()["state"] == "rejected"
    told = elsewhere.get("/shares").json()
    assert told["open"] == []
    assert (told["last"]["state"], told["last"]["reason"]) == ("rejected", REASON)
    assert api.password("alice3").json()["access"] == "portal_only"
    assert elsewhere.post(f"/shares/{done['id']}/cancel").status_code == 409


def test_what_changed_since_it_was_asked_is_seen_when_it_is_approved(
    verifier: Verifier, api: Api, alice: Caller, elsewhere: Caller
) -> None:
    done = share(elsewhere, alice).json()
    give_temporary(verifier, "alice3")
    dan = staff(verifier, api, "dan", Role.COMPLIANCE)
    answer = dan.post(f"/desk/shares/{done['id']}", {"decision": "approve", **WHY})
    assert answer.status_code == 422
    assert states(verifier, "alice3") == ["active"]


def test_a_pending_share_can_be_cancelled_by_who_asked(alice: Caller, elsewhere: Caller) -> None:
    done = share(elsewhere, alice).json()
    assert elsewhere.post(f"/shares/{done['id']}/cancel").json()["state"] == "cancelled"


# --- the rules


def test_another_person_is_told_so(verifier: Verifier, api: Api, alice: Caller) -> None:
    bob = customer(verifier, api, "bob", "U200", BOB)
    asked = bob.post("/shares", owner())
    assert asked.status_code == 422
    assert asked.json()["detail"] == "Different identification information"
    assert events(verifier)[-1] == "share.refused"


def test_a_less_secure_device_is_told_so(verifier: Verifier, alice: Caller, second: Caller) -> None:
    add_card(verifier, Card(number=12), "alice2")
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == (alice.card or Card()).serial)
            .values(kind="code_card")
        )
    second.card = Card(number=12)
    second.log_in()
    asked = second.post("/shares", owner())
    assert asked.status_code == 422
    assert asked.json()["detail"] == "Less secure device"


@pytest.mark.parametrize("who", ["alice", "alice2"])
def test_no_participant_has_a_temporary_device(
    verifier: Verifier, alice: Caller, second: Caller, who: str, clock: ToldClock
) -> None:
    give_temporary(verifier, who)
    assert second.post("/shares", owner()).status_code == 422
    clock.advance(21 * 86_400)
    second.log_in()
    assert second.post("/shares", owner()).status_code == 201


def test_who_shares_the_device_already_takes_part_in_the_rules(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    share(second, alice)
    give_temporary(verifier, "alice2")
    add_user(verifier, "alice4")
    join(verifier, "U100", "alice4")
    assert Caller(api, "alice4").log_in().post("/shares", owner()).status_code == 422


KNOWN = identification(ALICE)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"document_number": "other"}, True),  # the same social security number
        ({"ssn": "219099998"}, False),
        ({"ssn": None}, True),
        ({"ssn": None, "document_number": "other"}, False),
        ({"ssn": None, "document_type": "national_id"}, False),
        ({"ssn": None, "citizenship": "CA"}, False),
        ({"ssn": None, "residence": "CA"}, False),
        ({"ssn": None, "date_of_birth": KNOWN.date_of_birth + timedelta(days=1)}, False),
    ],
)
def test_who_is_the_same_person(change: dict[str, Any], same: bool) -> None:
    other = Identification(**(vars(KNOWN) | change))
    assert share_rules.is_same_person(1, KNOWN, 2, other) is same
    assert share_rules.is_same_person(2, other, 1, KNOWN) is same


def test_the_same_entity_is_the_same_person_and_nobody_is_not() -> None:
    other = identification(BOB)
    assert share_rules.is_same_person(1, KNOWN, 1, other)
    assert not share_rules.is_same_person(None, None, None, None)
    assert not share_rules.is_same_person(1, KNOWN, None, None)
    assert not share_rules.needs_compliance(1, 1)
    assert share_rules.needs_compliance(1, 2)


def test_a_mobile_key_is_never_shared() -> None:
    with pytest.raises(NotTaken, match="never shared"):
        share_rules.check_device(DeviceKind.MOBILE_KEY, [DeviceKind.CODE_CARD], [False])
    with pytest.raises(NotTaken, match="Less secure device"):
        share_rules.check_device(DeviceKind.MOBILE_KEY, [DeviceKind.CARD], [False])
    share_rules.check_device(DeviceKind.CODE_CARD, [DeviceKind.CODE_CARD], [False, False])


# --- abuse


def test_a_wrong_password_looks_the_same_as_an_unknown_user_and_as_at_a_login(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    wrong_one = second.post("/shares", {"username": "alice", "password": "not hers at all"})
    unknown = second.post("/shares", {"username": "nobody", "password": "not hers at all"})
    login = api.password("alice", "not hers at all")
    assert wrong_one.status_code == unknown.status_code == login.status_code == 401
    assert wrong_one.content == unknown.content == login.content
    assert events(verifier)[-3:] == ["password.refused"] * 3


def test_guessing_here_is_slowed_by_the_same_brake_as_at_a_login(
    verifier: Verifier, api: Api, alice: Caller, second: Caller, clock: ToldClock
) -> None:
    for _ in range(10):
        second.post("/shares", {"username": "alice", "password": "a guess of hers"})
    assert clock.slept == []
    second.post("/shares", {"username": "alice", "password": "a guess of hers"})
    api.password("alice", "a guess at the login")
    assert clock.slept == [1, 2]


def test_the_owners_device_counts_wrong_answers_to_its_lock(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    assert alice.card
    for _ in range(4):
        asked = second.post("/shares", owner())
        if asked.status_code == 423:
            break
        path = f"/shares/proofs/{asked.json()['proof']}"
        for _ in range(3):
            answer = {"answer": wrong(alice.card.shows(asked.json()["prompt"]["challenge"]))}
            second.post(path, answer)
    assert "device.locked" in events(verifier)
    assert second.post("/shares", owner()).status_code == 423


def test_only_the_session_that_asked_can_answer(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    asked = second.post("/shares", owner()).json()
    assert alice.card
    response = {"answer": alice.card.shows(asked["prompt"]["challenge"])}
    other = Caller(api, "alice2").log_in()
    for thief in (alice, other):
        assert thief.post(f"/shares/proofs/{asked['proof']}", response).status_code == 404
    assert second.post(f"/shares/proofs/{asked['proof']}", response).status_code == 201
    assert second.post(f"/shares/proofs/{asked['proof']}", response).status_code == 409


def test_only_the_session_in_which_the_device_answered_submits(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    """Who knows the password alone does not get the device by the proof of the person herself."""
    thief = Caller(api, "alice2").log_in()
    proved = prove(second, alice).json()
    refused = thief.post(f"/shares/{proved['id']}/submit")
    assert (refused.status_code, "another session" in refused.json()["detail"]) == (403, True)
    assert thief.get("/session").json()["access"] == "portal_only"
    assert second.get("/shares").json()["open"][0]["state"] == "proved"
    assert second.post(f"/shares/{proved['id']}/submit").json()["state"] == "active"
    assert second.get("/session").json()["access"] == "full"
    assert thief.get("/session").status_code == 401  # a device stands behind this user name now


def test_time_that_goes_by_within_an_answer_does_not_part_it_from_its_share(
    clock: ToldClock, alice: Caller, second: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ticking(self: ToldClock) -> datetime:
        self.advance(0.002)
        return self.time

    monkeypatch.setattr(ToldClock, "now", ticking)
    proved = prove(second, alice).json()
    assert second.post(f"/shares/{proved['id']}/submit").json()["state"] == "active"


def test_a_session_of_a_weaker_device_does_not_get_the_limits_of_the_shared_one(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    own = Card(number=11)
    add_card(verifier, own, "alice2")
    second.card = own
    second.log_in()
    other = Caller(api, "alice2", card=own).log_in()
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == own.serial)
            .values(kind="code_card")
        )
    before = other.get("/session").json()
    assert before["device_kind"] == "code_card"
    proved = prove(second, alice).json()
    assert other.post(f"/shares/{proved['id']}/submit").status_code == 403
    assert other.get("/session").json() == before
    assert second.post(f"/shares/{proved['id']}/submit").status_code == 200
    assert second.get("/session").json()["limits"] != before["limits"]


def test_a_share_of_others_is_not_there(
    verifier: Verifier, api: Api, alice: Caller, second: Caller
) -> None:
    done = prove(second, alice).json()
    bob = customer(verifier, api, "bob", "U200", BOB)
    for number in (done["id"], 999, 0, -1, "x", "9" * 40):
        assert bob.get(f"/shares/{number}").status_code == 404
        assert bob.post(f"/shares/{number}/submit").status_code == 404
        assert bob.post(f"/shares/{number}/cancel").status_code == 404
    assert alice.post(f"/shares/{done['id']}/submit").status_code == 403  # it is not hers to ask
    assert second.post(f"/shares/{done['id']}/submit").status_code == 200
    assert second.post(f"/shares/{done['id']}/submit").status_code == 409


def test_a_share_is_submitted_within_a_quarter_of_an_hour(
    alice: Caller, second: Caller, clock: ToldClock
) -> None:
    done = prove(second, alice).json()
    clock.advance(15 * 60 + 1)
    assert second.post(f"/shares/{done['id']}/submit").status_code == 409
    assert share(second, alice).json()["state"] == "active"  # started again


def test_one_at_a_time_and_never_with_oneself(
    verifier: Verifier, alice: Caller, second: Caller
) -> None:
    assert alice.post("/shares", owner()).status_code == 422
    share(second, alice)
    assert second.post("/shares", owner()).status_code == 409
    assert alice.post("/shares", owner("alice2")).status_code == 422


def test_staff_take_no_part(verifier: Verifier, api: Api, alice: Caller) -> None:
    dan = staff(verifier, api, "dan", Role.SUPPORT, card=False)
    assert dan.post("/shares", owner()).status_code == 422
    erin = staff(verifier, api, "erin", Role.SUPPORT)
    assert alice.post("/shares", owner("erin")).status_code == 422
    assert erin.get("/session").status_code == 200


def test_without_the_right_nothing_of_it_can_be_done(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    add_user(verifier, "dan")
    join(verifier, "U100", "dan", security=False)
    dan = Caller(api, "dan").log_in()
    refused = dan.post("/shares", owner())
    assert refused.status_code == 403
    assert "alice, has it" in refused.json()["detail"]
    assert events(verifier)[-1] == "access.refused"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"username": "alice"},
        {"username": 1, "password": PASSWORD},
        {"username": "alice", "password": "x" * 1025},
        {"username": "alice", "password": PASSWORD, "serial": "CH'"},
        {"username": "a\x00", "password": PASSWORD},
    ],
)
def test_malformed_bodies_change_nothing(
    verifier: Verifier, alice: Caller, second: Caller, body: object
) -> None:
    before = len(log(verifier))
    assert second.post("/shares", body).status_code == 422
    assert len(log(verifier)) == before


def test_which_device_where_the_owner_has_several(
    verifier: Verifier, alice: Caller, second: Caller
) -> None:
    other = Card(number=21)
    add_card(verifier, other, "alice")
    asked = second.post("/shares", owner(serial=other.serial.lower())).json()
    assert asked["serial"] == other.serial
    assert second.post("/shares", owner(serial="CH00000000")).status_code == 422
