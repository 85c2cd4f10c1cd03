"""A card goes back: announced, printed, posted, recorded; the deposit is free then."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
from sqlalchemy import update

from server.accounts import users
from server.accounts.roles import Role
from server.db import tables
from server.lifecycle import devices, revocation
from server.regions import default_regions
from server.verifier import Verifier

from .browser import Browser
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .people import BOB
from .support import Api, Card, add_card, make_verifier

BODY = {"region": "europe", "why": "broken"}


@pytest.fixture
def held() -> Card:
    return Card(number=50, key=bytes([50]) * 32)


@pytest.fixture
def alice(verifier: Verifier, api: Api, held: Card) -> Holder:
    """Her card was ordered, so that 20 USD are held for it, and is active."""
    alice = add_holder(verifier, api)
    alice.order()
    made = Bench(verifier, api).make(50)
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices).values(state="active", activated_at=verifier.clock.now())
        )
    login, challenge = api.login()
    alice.token = api.answer(login, made.shows(challenge, NEW_PIN)).json()["session"]
    return alice


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


def place(alice: Holder, card: Card) -> str:
    return f"/devices/{alice.device(card.serial)}/return"


def receive(dan: Holder, serial: str) -> Any:
    return dan.call("POST", "/desk/returns", {"serial": serial})


def test_a_returned_card_is_over_and_its_deposit_is_free(
    alice: Holder, held: Card, dan: Holder, api: Api
) -> None:
    announced = alice.call("PUT", place(alice, held), BODY)
    assert (announced.status_code, announced.json()["state"]) == (200, "announced")
    assert alice.state(held.serial) == "active"  # until it arrives
    (expected,) = dan.call("GET", "/desk/returns").json()["returns"]
    assert (expected["serial"], expected["user"]) == (held.serial, "alice")
    assert alice.books() == (-2_000, 2_000, 0)
    assert receive(dan, held.serial).json() == {"serial": held.serial, "announced": True}
    assert alice.state(held.serial) == "revoked"
    assert alice.books() == (0, 0, 0)
    assert notices(alice.verifier)[-1][0] == "return_received"
    assert api.session(alice.token).status_code == 401
    assert dan.call("GET", "/desk/returns").json()["returns"] == []


def test_a_card_is_recorded_once(alice: Holder, held: Card, dan: Holder) -> None:
    assert receive(dan, f"{held.serial[:4]} {held.serial[4:]}").json()["announced"] is False
    again = receive(dan, held.serial)
    assert (again.status_code, again.json()["field"]) == (422, "serial")
    assert alice.books() == (0, 0, 0)


def test_a_card_that_ended_in_another_way_is_not_expected_any_more(
    alice: Holder, held: Card, dan: Holder, verifier: Verifier
) -> None:
    alice.call("PUT", place(alice, held), BODY)
    with verifier.database.writing() as connection:
        revocation.revoke(
            connection, verifier.audit, alice.device(held.serial), verifier.clock.now(), "cli:test"
        )
    assert dan.call("GET", "/desk/returns").json()["returns"] == []
    assert receive(dan, held.serial).status_code == 422


@pytest.mark.parametrize("serial", ["", "CH", "CH00000001", "CH99999999", "x" * 33, "CH0000001\n8"])
def test_a_serial_that_is_none_is_refused(
    alice: Holder, held: Card, dan: Holder, serial: str
) -> None:
    assert receive(dan, serial).status_code == 422
    assert alice.state(held.serial) == "active"


def test_announcing_again_changes_where_to_and_cancelling_keeps_the_card(
    alice: Holder, held: Card, dan: Holder
) -> None:
    alice.call("PUT", place(alice, held), BODY)
    changed = alice.call("PUT", place(alice, held), BODY | {"region": "japan"}).json()
    assert changed["region"] == "japan"
    assert len(dan.call("GET", "/desk/returns").json()["returns"]) == 1
    assert alice.call("DELETE", place(alice, held)).status_code == 200
    assert alice.call("DELETE", place(alice, held)).status_code == 404
    assert dan.call("GET", "/desk/returns").json()["returns"] == []
    assert alice.call("PUT", place(alice, held), BODY).status_code == 200


def test_the_nearest_region_and_the_days_are_told(alice: Holder, held: Card) -> None:
    told = alice.call("GET", place(alice, held)).json()
    assert told["due_back"] is True
    assert told["nearest"] == "us"
    assert set(told["regions"]) == {"us", "europe", "hong_kong", "australia", "japan"}
    assert all(
        each["phone"] and each["contact"] and each["address"] for each in told["regions"].values()
    )
    assert told["shows"] == {"soonest": "2026-03-04", "latest": "2026-03-06"}  # from a Sunday


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (BODY | {"region": "moon"}, "region"),
        (BODY | {"why": "because"}, "why"),
    ],
)
def test_an_unknown_region_or_reason_is_refused(
    alice: Holder, held: Card, body: dict[str, str], field: str
) -> None:
    refused = alice.call("PUT", place(alice, held), body)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert alice.call("GET", place(alice, held)).json()["announced"] is None


def test_the_form_has_the_serial_as_text_and_as_bars_and_the_address(
    alice: Holder, held: Card
) -> None:
    assert alice.call("GET", f"{place(alice, held)}/form.pdf").status_code == 404
    alice.call("PUT", place(alice, held), BODY)
    form = alice.call("GET", f"{place(alice, held)}/form.pdf")
    assert form.headers["content-type"] == "application/pdf"
    (page,) = pypdf.PdfReader(io.BytesIO(form.content)).pages
    text = page.extract_text()
    region = default_regions()["europe"]
    for expected in (held.serial, *region.address, region.phone, "padded envelope", "tracked"):
        assert expected in text
    assert bars(page) == 9 * 3 + 4  # Code 128: start, C, H, a switch, four pairs, check; stop


def bars(page: Any) -> int:
    """How many filled rectangles the page has: those of the bar code."""
    return page.get_contents().get_data().count(b" re ")


def test_somebody_elses_card_is_not_there(
    alice: Holder, held: Card, verifier: Verifier, api: Api
) -> None:
    bob = add_holder(verifier, api, "bob", Card(number=9, key=b"b" * 32), person=BOB)
    alice.call("PUT", place(alice, held), BODY)
    for method, body in (("GET", None), ("PUT", BODY), ("DELETE", None)):
        assert bob.call(method, place(alice, held), body).status_code == 404
    assert bob.call("GET", f"{place(alice, held)}/form.pdf").status_code == 404
    assert bob.call("POST", "/desk/returns", {"serial": held.serial}).status_code == 403
    assert alice.call("GET", place(alice, held)).json()["announced"] is not None


def test_only_cards_of_the_returnable_ranges_are_due_back(tmp_path: Any) -> None:
    verifier = make_verifier(tmp_path, returnable_serials=(("CH00000000", "CH00000100"),))
    with verifier.database.writing() as connection:
        users.add(connection, "alice", verifier.hasher.hash("x" * 9), verifier.clock.now())
    first, second = Card(number=1), Card(number=60, key=b"s" * 32)
    add_card(verifier, first)
    add_card(verifier, second)
    with verifier.database.writing() as connection:
        owner = users.get(connection, "alice")
        due = [
            (device.serial, verifier.returns.is_due(device))
            for device in devices.own(connection, owner.id, verifier.clock.now())
        ]
    verifier.close()
    assert due == [(first.serial, True), (second.serial, False)]


def test_a_code_card_is_shredded_and_never_sent(
    alice: Holder, held: Card, verifier: Verifier
) -> None:
    paper = Card(number=9, key=b"p" * 32)
    add_card(verifier, paper)
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == paper.serial)
            .values(kind="code_card")
        )
    assert alice.call("GET", place(alice, paper)).json()["due_back"] is False
    assert alice.call("PUT", place(alice, paper), BODY).status_code == 409
    browser = Browser(verifier)
    browser.client.cookies.set("challng_session", alice.token)
    page = browser.get(place(alice, paper))
    assert "Shred" in page.text


def test_the_pages_announce_print_and_record_it_too(
    alice: Holder, held: Card, dan: Holder, verifier: Verifier
) -> None:
    browser = Browser(verifier)
    browser.client.cookies.set("challng_session", alice.token)
    start = place(alice, held)
    assert '<option value="us" selected>' in browser.get(start).text
    assert browser.send(start, region="moon", why="broken").status_code == 422
    browser.send(start, **BODY)
    assert "The return is announced" in browser.page.text
    assert browser.get(f"{start}/form.pdf").headers["content-type"] == "application/pdf"
    desk = Browser(verifier)
    desk.client.cookies.set("challng_session", dan.token)
    assert held.serial in desk.get("/desk/returns").text
    refused = desk.send("/desk/returns", serial="CH00000001")
    assert refused.status_code == 422
    assert "CH00000001" in refused.text
    desk.send("/desk/returns", serial=held.serial)
    assert "It is recorded" in desk.page.text
    assert alice.state(held.serial) == "revoked"
