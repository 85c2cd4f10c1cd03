"""A card from its request to its return: pages in Chromium, commands at the bench, keys pressed."""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Page, expect

from tests.doors import Card, Verifier, run, secret_file

from .test_login_in_a_browser import PHONE, accessible, challenge

PERSON = {
    "name": "Alice Doe",
    "date_of_birth": "1980-02-29",
    "citizenship": "US",
    "residence": "US",
    "document_type": "passport",
    "document_number": "X1234567",
    "ssn": "219099999",
}
CONTACT = {
    "mail": "alice@example.net",
    "phone": "+12025550123",
    "address": {
        "name": "Alice Doe",
        "street": "1 Main Street",
        "city": "Springfield",
        "postal_code": "01101",
        "region": "MA",
        "country": "US",
    },
}
IN_HELP = {
    *("request-2-address", "request-4-pin", "request-5-summary", "request-6-ordered"),
    *("activate-2-challenge", "pin-1-refused", "pin-2-challenge"),
    *("return-1-where", "return-2-announced"),
}
FIRST_PIN, NEXT_PIN, STAFF_PIN = "8152", "4926", "7305"


class Town:
    """A served verifier with alice, who has no card yet, dan at the desk, and a bench."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.verifier = Verifier(folder / "verifier")
        self.passwords = {name: secrets.token_hex(8) for name in ("alice", "dan")}
        self.dan = Card(folder / "dan")
        self.stores, self.papers = folder / "stores", folder / "papers"
        self.token = folder / "token"

    def set_up(self) -> None:
        command, folder = self.verifier.command, self.folder
        files = {
            name: secret_file(folder / name.replace(" ", "-"), text)
            for name, text in (
                ("alice password", self.passwords["alice"]),
                ("dan password", self.passwords["dan"]),
                ("passphrase", secrets.token_hex(16)),
                ("pin", STAFF_PIN),
                ("person", json.dumps(PERSON)),
                ("contact", json.dumps(CONTACT)),
            )
        }
        command("init")
        command("user", "add", "alice", "--password-file", files["alice password"])
        command("account", "open", "U1000001", "--person", files["person"], "--equity", 600_000)
        command("account", "join", "U1000001", "--user", "alice", "--primary")
        command("user", "contact", "alice", "--file", files["contact"])
        command(
            "staff", "add", "dan", "--role", "logistics", "--password-file", files["dan password"]
        )
        self.dan.provision(folder / "dan.pskc", files["passphrase"])
        command(
            *("card", "import", folder / "dan.pskc", "--passphrase-file", files["passphrase"]),
            *("--user", "dan", "--pin-file", files["pin"]),
        )
        command("provisioner", "add", "bench", "--out", self.token)

    def fulfil(self) -> Card:
        """Make the card of the next order; returns it."""
        before = set(self.stores.iterdir()) if self.stores.exists() else set()
        run(
            "challng-provision",
            *("fulfil", "--url", self.verifier.url, "--token-file", self.token),
            *("--stores", self.stores, "--papers", self.papers),
        )
        (made,) = set(self.stores.iterdir()) - before
        return Card(made)

    def give_password(self, page: Page, user: str) -> None:
        page.goto(f"{self.verifier.url}/login")
        page.get_by_label("User name").fill(user)
        page.get_by_label("Password").fill(self.passwords[user])
        page.get_by_role("button", name="Continue").click()

    def log_in(self, page: Page, user: str, card: Card | None = None, pin: str = "") -> None:
        self.give_password(page, user)
        if card is not None:
            page.get_by_label("Response").fill(card.response(pin, challenge(page)))
            page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("town"))
    town.set_up()
    town.verifier.start()
    yield town
    assert town.verifier.stop() == 0


def picture(page: Page, pictures: Path, name: str) -> None:
    """Look for barriers, and keep a picture: for the help pages, or to be looked at."""
    accessible(page)
    folder = pictures if name in IN_HELP else pictures / "others"
    page.locator("main").screenshot(path=folder / f"{name}.png")


def proved(page: Page, card: Card, pin: str, button: str) -> None:
    page.get_by_label("Response that the card shows").fill(card.response(pin, challenge(page)))
    page.get_by_role("button", name=button).click()


def requests_a_card(town: Town, visit: Callable[..., Page], pictures: Path) -> None:
    page = visit(viewport=PHONE)
    town.log_in(page, "alice")
    page.get_by_role("link", name="Request a card").click()
    picture(page, pictures, "request-1-why")
    page.get_by_role("button", name="Request physical device").click()
    expect(page.locator("#address")).to_contain_text("1 Main Street")
    picture(page, pictures, "request-2-address")

    page.get_by_role("link", name="Change address").click()
    page.get_by_label("Street and number").fill("2 Side Street")
    page.get_by_label("Country").fill("XX")
    page.get_by_role("button", name="Use this address").click()
    expect(page.locator("#country-problem")).to_be_visible()
    expect(page.get_by_label("Street and number")).to_have_value("2 Side Street")
    picture(page, pictures, "request-3-change-address")
    page.get_by_label("Country").fill("US")
    page.get_by_role("button", name="Use this address").click()
    expect(page.locator("#address")).to_contain_text("2 Side Street")
    page.get_by_role("link", name="Continue").click()

    page.get_by_label("PIN for the card").fill("1234")
    page.get_by_label("The PIN again").fill("1234")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#pin-problem")).to_be_visible()
    page.get_by_label("PIN for the card").fill(FIRST_PIN)
    page.get_by_label("The PIN again").fill(FIRST_PIN)
    picture(page, pictures, "request-4-pin")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(FIRST_PIN)
    picture(page, pictures, "request-5-summary")
    page.go_back()  # the browser's own back button, to the page where a PIN was refused
    expect(page.get_by_role("heading", name="PIN and deposit")).to_be_visible()
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Your card is ordered")).to_be_visible()
    expect(page.locator("#address")).to_contain_text("2 Side Street")
    expect(page.locator("#ships-by")).to_have_text(re.compile(r"\w+ \d"))
    picture(page, pictures, "request-6-ordered")

    number = page.locator("#order").inner_text()
    page.go_back()  # to the summary, which leads to the order that stands
    page.reload()
    expect(page.get_by_role("heading", name="Your card is ordered")).to_be_visible()
    expect(page.locator("#order")).to_have_text(number)


def sends_the_form_twice(town: Town, visit: Callable[..., Page]) -> None:
    """Without JavaScript nothing on the page keeps anybody from clicking twice."""
    page = visit(javascript=False)
    town.log_in(page, "alice")
    page.goto(f"{town.verifier.url}/cards/request")
    expect(page.get_by_role("heading", name="Your card is ordered")).to_be_visible()
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", name="The order is cancelled")).to_be_visible()
    page.get_by_role("link", name="Request a card").last.click()
    page.get_by_role("button", name="Request physical device").click()
    page.get_by_role("link", name="Continue").click()
    page.get_by_label("PIN for the card").fill(FIRST_PIN)
    page.get_by_label("The PIN again").fill(FIRST_PIN)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").dblclick()
    expect(page.get_by_role("heading", name="Your card is ordered")).to_be_visible()
    number = page.locator("#order").inner_text()
    page.goto(f"{town.verifier.url}/cards/request")
    expect(page.locator("#order")).to_have_text(number)


def is_made_and_shipped(town: Town, visit: Callable[..., Page], pictures: Path) -> Card:
    card = town.fulfil()
    serial = card.store.name
    slip = next(town.papers.glob("order-*-slip.pdf"))
    (sheet,) = pypdf.PdfReader(slip).pages
    assert "1 Main Street" in sheet.extract_text()
    assert FIRST_PIN not in sheet.extract_text().replace(serial, "")

    page = visit()
    town.log_in(page, "dan", town.dan, STAFF_PIN)
    page.get_by_role("link", name="Orders").click()
    expect(page.locator("main")).to_contain_text(serial)
    picture(page, pictures, "desk-orders")
    page.get_by_role("button", name="Mark shipped").click()
    expect(page.locator("main")).to_contain_text("No card is on order")
    return card


def activates_it(town: Town, visit: Callable[..., Page], pictures: Path, card: Card) -> None:
    page = visit(viewport=PHONE)
    town.log_in(page, "alice")
    page.goto(f"{town.verifier.url}/cards/request")
    page.goto(f"{town.verifier.url}/devices")
    page.get_by_role("link", name="Activate").click()
    picture(page, pictures, "activate-1")
    page.get_by_role("button", name="Continue").click()
    proved(page, card, STAFF_PIN, "Activate")  # not the PIN of the order
    expect(page.get_by_role("alert").first).to_be_visible()
    picture(page, pictures, "activate-2-challenge")
    proved(page, card, FIRST_PIN, "Activate")
    expect(page.locator("main")).to_contain_text("This device is in use")
    picture(page, pictures, "activate-3-done")
    town.log_in(visit(), "alice", card, FIRST_PIN)


def changes_its_pin(town: Town, visit: Callable[..., Page], pictures: Path, card: Card) -> None:
    page = visit(viewport=PHONE)
    town.log_in(page, "alice", card, FIRST_PIN)
    page.goto(f"{town.verifier.url}/devices")
    page.get_by_role("link", name=re.compile("PIN")).click()
    page.get_by_label("New PIN, 4 digits").fill("0229")
    page.get_by_label("The new PIN again").fill("0229")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#pin-problem")).to_contain_text("known about you")
    picture(page, pictures, "pin-1-refused")
    page.get_by_label("New PIN, 4 digits").fill(NEXT_PIN)
    page.get_by_label("The new PIN again").fill(NEXT_PIN)
    page.get_by_role("button", name="Continue").click()
    picture(page, pictures, "pin-2-challenge")
    proved(page, card, NEXT_PIN, "Change the PIN")
    expect(page.get_by_role("status")).to_contain_text("The new PIN is in force")
    picture(page, pictures, "pin-3-done")
    town.log_in(visit(), "alice", card, NEXT_PIN)


def sends_it_back(town: Town, visit: Callable[..., Page], pictures: Path, card: Card) -> None:
    page = visit(viewport=PHONE)
    town.log_in(page, "alice", card, NEXT_PIN)
    page.goto(f"{town.verifier.url}/devices")
    page.get_by_role("link", name=re.compile("[Rr]eturn|back")).click()
    picture(page, pictures, "return-1-where")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("status")).to_contain_text("announced")
    picture(page, pictures, "return-2-announced")
    form = page.get_by_role("link", name="Print the return form").get_attribute("href")
    printed = page.request.get(f"{town.verifier.url}{form}")
    assert printed.headers["content-type"] == "application/pdf"
    (sheet,) = pypdf.PdfReader(io.BytesIO(printed.body())).pages
    assert card.store.name in sheet.extract_text()

    desk = visit()
    town.log_in(desk, "dan", town.dan, STAFF_PIN)
    desk.get_by_role("link", name="Returns").click()
    expect(desk.locator("main")).to_contain_text(card.store.name)
    desk.get_by_label("Serial of the card that arrived").fill(card.store.name)
    picture(desk, pictures, "desk-returns")
    desk.get_by_role("button", name="Record the return").click()
    expect(desk.get_by_role("status")).to_contain_text("It is recorded")

    page.goto(f"{town.verifier.url}/devices")
    expect(page.get_by_label("User name")).to_be_visible()  # her session ended with the card


def test_a_card_from_its_request_to_its_return(
    town: Town, visit: Callable[..., Page], pictures: Path
) -> None:
    requests_a_card(town, visit, pictures)
    sends_the_form_twice(town, visit)
    card = is_made_and_shipped(town, visit, pictures)
    activates_it(town, visit, pictures, card)
    changes_its_pin(town, visit, pictures, card)
    sends_it_back(town, visit, pictures, card)
