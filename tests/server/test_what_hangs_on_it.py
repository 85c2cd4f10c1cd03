"""What has to follow when something ends: sessions, shares, orders, notices."""

# ruff: noqa: F811 - fixtures of other files are used by their names
from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from .conftest import *  # noqa: F403
from .desk_support import REASON, Caller, customer, device_id, identify, log, staff, with_card
from .support import Api, Card, add_card, wrong
from .test_opting import close, opt
from .test_sharing import alice, elsewhere, second, share, states  # noqa: F401


def notices(verifier: Verifier) -> list[str]:
    with verifier.database.reading() as connection:
        return list(connection.execute(select(tables.outbox.c.notice)).scalars())


def test_a_session_of_the_password_alone_ends_when_there_is_a_device(
    verifier: Verifier, api: Api
) -> None:
    old = customer(verifier, api, "alice", "U100", card=False)
    assert old.access == "portal_only"
    assert with_card(verifier, api, "alice").access == "full"
    assert old.get("/session").status_code == 401
    assert old.post("/card-requests", {"reason": "additional"}).status_code == 401


@pytest.fixture
def sharing(verifier: Verifier, alice: Any, second: Any) -> Any:
    """Alice's second user name, who has set her own card aside for alice's."""
    own = Card(number=11)
    add_card(verifier, own, "alice2")
    second.card = own
    second.log_in()
    assert share(second, alice).json()["state"] == "active"
    return second


def test_a_shared_card_that_is_returned_gives_the_other_user_her_own_back(
    verifier: Verifier,
    api: Api,
    alice: Any,
    sharing: Any,
) -> None:
    assert states(verifier, "alice2") == ["set_aside"]
    dan = staff(verifier, api, "dan", Role.LOGISTICS)
    assert dan.post("/desk/returns", {"serial": alice.card.serial}).status_code == 200
    assert states(verifier, "alice2") == ["active"]
    assert "login" in api.password("alice2").json()
    assert "share_cancelled" in notices(verifier)
    (row,) = [each for each in log(verifier) if each.event == "share.cancelled"]
    assert (row.actor, row.subject) == ("user:dan", "alice2")
    assert alice.card.serial in row.detail
    assert '"reason":"returned"' in row.detail


def test_what_was_set_aside_rests_as_long_as_the_share_lasts(
    verifier: Verifier, sharing: Any
) -> None:
    number = device_id(verifier, sharing.card.serial)
    assert sharing.post(f"/devices/{number}/reactivate").status_code == 409
    assert states(verifier, "alice2") == ["set_aside"]


def test_compliance_approves_no_share_of_a_closed_account(
    verifier: Verifier,
    api: Api,
    alice: Any,
    elsewhere: Any,
) -> None:
    asked = share(elsewhere, alice).json()
    assert asked["state"] == "pending"
    close(verifier, "U100")
    cora = staff(verifier, api, "cora", Role.COMPLIANCE)
    decided = cora.post(f"/desk/shares/{asked['id']}", {"decision": "approve", "reason": REASON})
    assert decided.status_code == 409


def test_nobody_records_his_own_return(verifier: Verifier, api: Api) -> None:
    dan = staff(verifier, api, "dan", Role.LOGISTICS)
    assert dan.post("/desk/returns", {"serial": dan.card.serial}).status_code == 403
    assert dan.get("/session").status_code == 200


def test_a_closed_account_has_no_open_order_and_no_deposit_held(
    verifier: Verifier, api: Api
) -> None:
    someone = customer(verifier, api, "alice", "U100")
    order = someone.post("/card-requests", {"reason": "additional"}).json()["id"]
    pins = {"pin": "7294", "again": "7294"}
    path = f"/api/v1/card-requests/{order}/pin"
    assert api.client.put(path, json=pins, headers=someone._headers).status_code == 200
    assert someone.post(f"/card-requests/{order}/submit").status_code == 200
    close(verifier, "U100")
    with verifier.database.reading() as connection:
        row = connection.execute(select(tables.orders)).one()
        held = connection.execute(
            select(tables.ledger.c.cents).where(tables.ledger.c.book == "held")
        ).scalars()
        assert (row.state, row.pin_sealed, row.address_sealed) == ("cancelled", None, None)
        assert sum(held) == 0


def test_a_locked_device_is_told_to_its_owner(verifier: Verifier, api: Api) -> None:
    someone = customer(verifier, api, "alice", "U100")
    while "device_locked" not in notices(verifier):
        login, challenge = api.login("alice")
        for _ in range(3):
            status = api.answer(login, wrong(someone.card.shows(challenge))).status_code
            assert status in {401, 423}
    assert notices(verifier).count("device_locked") == 1
    assert api.answer(login, "12345678").status_code in {409, 423}


def test_who_opted_out_and_lost_the_device_is_helped_by_the_desk(
    verifier: Verifier, api: Api
) -> None:
    someone = customer(verifier, api, "alice", "U100")
    opt(someone, "out")
    sue = staff(verifier, api, "sue", Role.SUPPORT)
    identify(sue, "alice")
    code = "/desk/users/alice/temporary-code"
    assert sue.post(code, {"reason": REASON}).status_code == 409, "his card can answer"
    number = device_id(verifier, someone.card.serial)
    lost = sue.post(f"/desk/users/alice/devices/{number}/suspend", {"reason": REASON})
    assert lost.status_code == 200
    assert sue.post(code, {"reason": REASON}).status_code in {200, 201}
    assert Caller(api, "alice").api.password("alice").json()["prompt"] == {"code": 12}


@pytest.mark.parametrize("referer", ["http://[", "//[x", "\\"])
def test_a_referer_that_is_no_address_breaks_nothing(api: Api, referer: str) -> None:
    answer = api.client.post(
        "/api/v1/login", json={"username": "nobody", "password": "x"}, headers={"referer": referer}
    )
    assert answer.status_code == 401
