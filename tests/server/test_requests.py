"""Asking for a card: who may, what the draft holds, and that it is submitted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from server.db import tables
from server.verifier import Verifier

from .browser import Browser
from .holders import NEW_PIN, Bench, Holder, add_holder, notices
from .people import ADDRESS, BOB
from .support import Api, Card, ToldClock, add_card

HELD = (-2_000, 2_000, 0)


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    """A new user with no device."""
    return add_holder(verifier, api)


def path(order: int, step: str = "") -> str:
    return f"/card-requests/{order}/{step}" if step else f"/card-requests/{order}"


# --- who may


def reasons(holder: Holder) -> list[str]:
    return list(holder.call("GET", "/card-requests").json()["reasons"])


def test_a_new_user_asks_for_a_first_card(alice: Holder) -> None:
    assert reasons(alice) == ["first"]
    for reason in ("lost", "stolen", "broken", "additional"):
        assert alice.call("POST", "/card-requests", {"reason": reason}).status_code == 403


def test_a_card_beside_the_one_in_use_needs_more_than_the_equity(
    verifier: Verifier, api: Api
) -> None:
    rich = add_holder(verifier, api, card=Card(), equity=500_001)
    assert reasons(rich) == ["additional"]
    poor = add_holder(verifier, api, "bob", Card(number=2), equity=500_000, person=BOB)
    assert reasons(poor) == []
    refused = poor.call("POST", "/card-requests", {"reason": "additional"})
    assert refused.status_code == 403
    assert "500,000 USD" in refused.json()["detail"]


def test_a_card_in_place_of_another_needs_the_desks_word_that_it_is_lost(
    verifier: Verifier, api: Api
) -> None:
    alice = add_holder(verifier, api, card=Card(), equity=0)
    lost = Card(number=2, key=b"l" * 32)
    add_card(verifier, lost)
    assert reasons(alice) == []
    alice.suspend(lost.serial)
    assert reasons(alice) == ["lost", "stolen", "broken"]
    order = alice.draft("lost")
    told = alice.call("GET", path(order)).json()
    assert told["replaces"] == alice.device(lost.serial)


def test_of_several_lost_cards_it_is_to_be_said_which(verifier: Verifier, api: Api) -> None:
    alice = add_holder(verifier, api, card=Card())
    lost = [Card(number=number, key=bytes([number]) * 32) for number in (2, 3)]
    for each in lost:
        add_card(verifier, each)
        alice.suspend(each.serial)
    refused = alice.call("POST", "/card-requests", {"reason": "stolen"})
    assert (refused.status_code, refused.json()["field"]) == (422, "replaces")
    add_holder(verifier, api, "bob", Card(number=4, key=b"b" * 32), person=BOB)
    for other in (alice.device(Card(number=4).serial), 999_999):
        body = {"reason": "stolen", "replaces": other}
        assert alice.call("POST", "/card-requests", body).status_code == 404
    body = {"reason": "stolen", "replaces": alice.device(Card().serial)}
    assert alice.call("POST", "/card-requests", body).status_code == 403  # it is in use
    alice.draft("stolen", replaces=alice.device(lost[1].serial))


def test_who_has_no_account_or_a_card_on_its_way_asks_for_none(
    verifier: Verifier, api: Api, card: Card
) -> None:
    without = Holder(verifier, api, "alice", card).log_in()
    assert without.call("GET", "/card-requests").status_code == 403
    bob = add_holder(verifier, api, "bob", person=BOB)
    bob.order()
    Bench(verifier, api).make()
    with verifier.database.writing() as connection:
        connection.execute(
            tables.orders.update().values(state="shipped")  # as the desk marks it
        )
    refused = bob.call("POST", "/card-requests", {"reason": "first"})
    assert refused.status_code == 403
    assert "on its way" in refused.json()["detail"]


def test_it_is_decided_again_when_it_is_submitted(verifier: Verifier, api: Api) -> None:
    alice = add_holder(verifier, api, equity=0)
    order = alice.filled()
    add_card(verifier, Card())
    alice.card = Card()
    assert alice.call("POST", path(order, "submit")).status_code == 401
    assert alice.books() == (0, 0, 0)


# --- the draft


def test_the_draft_begins_with_the_address_on_record(alice: Holder) -> None:
    told = alice.call("GET", path(alice.draft())).json()
    assert told["state"] == "draft"
    assert told["address"] == ["Alice Doe", "1 Main Street", "01101 Springfield MA", "US"]
    assert not told["has_pin"]


@pytest.mark.parametrize(
    ("part", "text", "status"),
    [
        ("name", "", 422),
        ("street", "   ", 422),
        ("city", "x" * 65, 422),
        ("country", "Switzerland", 422),
        ("country", "ZZ", 422),
        ("country", "ch", 200),
        ("postal_code", "", 200),
        ("street", "1 Main\nStreet", 422),
        ("street", "1 Main\u202eStreet", 422),
        ("city", "x" * 300, 422),
    ],
)
def test_an_address_is_taken_or_its_wrong_part_is_named(
    alice: Holder, part: str, text: str, status: int
) -> None:
    order = alice.draft()
    before = alice.call("GET", path(order)).json()["address"]
    done = alice.call("PUT", path(order, "address"), ADDRESS | {part: text})
    assert done.status_code == status
    if status == 422:
        assert done.json().get("field", part) == part
        assert alice.call("GET", path(order)).json()["address"] == before


def test_a_draft_is_there_once_and_keeps_what_it_holds(alice: Holder) -> None:
    order = alice.filled()
    assert alice.draft() == order
    assert alice.call("GET", path(order)).json()["has_pin"]


@pytest.mark.parametrize("pin", ["1234", "0110", "2902", "12"])
def test_the_pin_of_an_order_follows_the_guidelines(alice: Holder, pin: str) -> None:
    order = alice.draft()
    refused = alice.call("PUT", path(order, "pin"), {"pin": pin, "again": pin})
    assert (refused.status_code, refused.json()["field"]) == (422, "pin")
    assert pin not in refused.json()["detail"] or pin == "12"
    assert alice.call("POST", path(order, "submit")).status_code == 422
    assert alice.books() == (0, 0, 0)


def test_the_deposit_is_held_on_one_of_the_users_own_accounts(
    alice: Holder, verifier: Verifier, api: Api
) -> None:
    bob = add_holder(verifier, api, "bob", person=BOB)
    theirs = bob.call("GET", "/card-requests").json()["account"]["id"]
    mine = alice.call("GET", "/card-requests").json()["account"]["id"]
    order = alice.draft()
    body = {"pin": NEW_PIN, "again": NEW_PIN, "account": theirs}
    refused = alice.call("PUT", path(order, "pin"), body)
    assert (refused.status_code, refused.json()["field"]) == (422, "account")
    body["account"] = mine
    assert alice.call("PUT", path(order, "pin"), body).status_code == 200


def test_pin_and_address_are_sealed(alice: Holder, verifier: Verifier) -> None:
    alice.order()
    with verifier.database.reading() as connection:
        row = connection.execute(select(tables.orders)).one()
    assert NEW_PIN.encode() not in row.pin_sealed
    assert b"Main Street" not in row.address_sealed
    with verifier.database.reading() as connection:
        log = connection.execute(select(tables.audit_log.c.detail)).scalars().all()
    assert not any(NEW_PIN in detail or "Main" in detail for detail in log)


# --- submitting


def test_a_submitted_order_says_when_it_ships_and_holds_the_deposit(
    alice: Holder, clock: ToldClock
) -> None:
    clock.advance(4 * 86_400)  # from Sunday to Thursday
    alice.log_in()
    order = alice.order()
    told = alice.call("GET", path(order)).json()
    assert (told["state"], told["ships_by"]) == ("waiting", "2026-03-10")  # over a week-end
    assert alice.books() == HELD
    assert [notice for notice, _ in notices(alice.verifier)] == ["card_ordered"]


def test_submitting_twice_is_one_order_and_one_deposit(alice: Holder) -> None:
    order = alice.filled()

    def submit(_: int) -> Any:
        return alice.call("POST", path(order, "submit"))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(submit, range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.text for answer in answers}) == 1
    assert alice.books() == HELD
    assert len(notices(alice.verifier)) == 1


def test_a_submitted_order_is_not_changed_any_more(alice: Holder) -> None:
    order = alice.order()
    before = alice.call("GET", path(order)).json()
    assert alice.call("PUT", path(order, "address"), ADDRESS | {"city": "X"}).status_code == 409
    body = {"pin": "6180", "again": "6180"}
    assert alice.call("PUT", path(order, "pin"), body).status_code == 409
    assert alice.call("POST", "/card-requests", {"reason": "first"}).status_code == 409
    assert alice.call("GET", path(order)).json() == before


def test_what_is_not_filled_in_is_not_submitted(alice: Holder) -> None:
    order = alice.draft()
    assert alice.call("POST", path(order, "submit")).status_code == 422
    assert alice.books() == (0, 0, 0)


def test_cancelling_frees_the_deposit_once_and_another_can_be_asked_for(alice: Holder) -> None:
    order = alice.order()
    assert alice.call("POST", path(order, "cancel")).json()["state"] == "cancelled"
    assert alice.books() == (0, 0, 0)
    assert alice.call("POST", path(order, "cancel")).status_code == 409
    assert alice.call("POST", path(order, "submit")).status_code == 409
    assert alice.books() == (0, 0, 0)
    assert alice.order() != order


def test_an_order_that_is_being_made_is_not_cancelled_and_a_made_one_takes_its_card_along(
    alice: Holder, verifier: Verifier, api: Api
) -> None:
    order = alice.order()
    bench = Bench(verifier, api)
    bench.take()
    assert alice.call("POST", path(order, "cancel")).status_code == 409
    card = bench.make()
    assert alice.call("POST", path(order, "cancel")).status_code == 200
    assert alice.state(card.serial) == "revoked"
    assert alice.books() == (0, 0, 0)


def test_somebody_elses_order_is_not_there(alice: Holder, verifier: Verifier, api: Api) -> None:
    order = alice.filled()
    bob = add_holder(verifier, api, "bob", person=BOB)
    body = {"pin": NEW_PIN, "again": NEW_PIN}
    for number in (order, 0, "x", "9" * 30, "１"):
        assert bob.call("GET", path(number)).status_code == 404  # type: ignore[arg-type]
        for step in ("submit", "cancel"):
            assert bob.call("POST", path(number, step)).status_code == 404  # type: ignore[arg-type]
    assert bob.call("PUT", path(order, "address"), ADDRESS).status_code == 404
    assert bob.call("PUT", path(order, "pin"), body).status_code == 404
    assert alice.call("GET", path(order)).json()["state"] == "draft"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "because"},
        {"reason": 1},
        {"reason": "first", "more": 1},
        {"reason": "lost", "replaces": "1"},
        {"reason": "lost", "replaces": 2**70},
        [],
        None,
    ],
)
def test_a_malformed_request_is_told_as_such(alice: Holder, body: Any) -> None:
    assert alice.call("POST", "/card-requests", body).status_code == 422


# --- the pages


class Wizard(Browser):
    """Goes through the pages of a request."""

    def start(self) -> str:
        self.password()
        self.get("/cards/request")
        self.send("/cards/request", reason="first")
        return str(self.page.url.path).removesuffix("/address")

    def choose_pin(self, place: str, pin: str = NEW_PIN) -> None:
        self.get(f"{place}/pin")
        self.send(f"{place}/pin", pin=pin, again=pin, account="")


def test_the_pages_lead_from_the_address_to_the_confirmation(
    alice: Holder, verifier: Verifier
) -> None:
    browser = Wizard(verifier)
    place = browser.start()
    assert "1 Main Street" in browser.page.text
    browser.get(f"{place}/address/change")
    refused = browser.send(f"{place}/address/change", **ADDRESS | {"city": "", "street": "2 Side"})
    assert refused.status_code == 422
    assert 'id="city-problem"' in refused.text
    assert "2 Side" in refused.text  # what was typed is not lost
    browser.send(f"{place}/address/change", **ADDRESS | {"street": "2 Side Street"})
    assert browser.page.url.path == f"{place}/address"
    assert "2 Side Street" in browser.page.text
    browser.choose_pin(place)
    assert browser.page.url.path == f"{place}/summary"
    assert NEW_PIN not in browser.page.text
    browser.send(f"{place}/submit")
    assert browser.page.url.path == place
    assert "Your card is ordered" in browser.page.text
    assert "2 Side Street" in browser.page.text
    assert "4 March 2026" in browser.page.text or "March 4, 2026" in browser.page.text


def test_going_back_and_sending_again_harms_nothing(alice: Holder, verifier: Verifier) -> None:
    browser = Wizard(verifier)
    place = browser.start()
    browser.choose_pin(place)
    summary = browser.page
    browser.send(f"{place}/submit")
    browser.page = summary  # the browser's own back button, and Continue once more
    browser.send(f"{place}/submit")
    assert "Your card is ordered" in browser.page.text
    for step in ("address", "address/change", "pin", "summary"):
        assert browser.get(f"{place}/{step}").url.path == place
    assert browser.get("/cards/request").url.path == place
    assert alice.books() == HELD


def test_a_form_from_before_the_submission_changes_nothing(
    alice: Holder, verifier: Verifier
) -> None:
    browser = Wizard(verifier)
    place = browser.start()
    browser.choose_pin(place)
    address = browser.get(f"{place}/address/change")
    pin = browser.get(f"{place}/pin")
    browser.get(f"{place}/summary")
    browser.send(f"{place}/submit")
    browser.page = address
    browser.send(f"{place}/address/change", **ADDRESS | {"city": "Elsewhere"})
    assert "submitted already" in browser.page.text
    assert "Elsewhere" not in browser.page.text
    browser.page = pin
    browser.send(f"{place}/pin", pin="6180", again="6180")
    assert "submitted already" in browser.page.text


def test_a_page_that_comes_too_early_leads_to_what_is_missing(
    alice: Holder, verifier: Verifier
) -> None:
    browser = Wizard(verifier)
    place = browser.start()
    assert browser.get(f"{place}/summary").url.path == f"{place}/pin"
    assert browser.get(place).url.path == f"{place}/address"


def test_who_may_not_is_told_why_on_the_page(verifier: Verifier, api: Api) -> None:
    held = Card()
    add_holder(verifier, api, card=held, equity=1)
    browser = Browser(verifier)
    browser.password()
    browser.send(answer=held.shows(browser.challenge()))
    page = browser.get("/cards/request")
    assert page.status_code == 200
    assert "500,000 USD" in page.text
