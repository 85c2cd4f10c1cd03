"""More people of a household: each made by the operator's commands, with a card of his own."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.doors import Card, Household, secret_file

DOE: dict[str, Any] = {
    "name": "Alice Doe",
    "date_of_birth": "1980-02-29",
    "citizenship": "US",
    "residence": "DE",
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
SAID = {
    "date_of_birth": "1980-02-29",
    "document_number": "X 1234567",
    "ssn": "219-09-9999",
    "citizenship": "US",
    "residence": "DE",
    "postal_code": "01101",
    "phone": "+1 202 555 0123",
    "mail": "alice@example.net",
}
"""What alice says when the desk asks; her account number is her own."""


def accessible(page: Page) -> None:
    """Fail with axe-core's own report where it finds anything."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@dataclass
class Actor:
    """Somebody who logs in: his name, password, and card."""

    household: Household
    name: str
    password: str
    pin: str
    card: Card | None = None
    serial: str = ""

    def give_password(self, page: Page) -> None:
        page.goto(f"{self.household.verifier.url}/login")
        page.get_by_label("User name").fill(self.name)
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Continue").click()

    def log_in(self, page: Page) -> None:
        self.give_password(page)
        if self.card is not None:
            self.respond(page)
            page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()

    def respond(self, page: Page, pin: str = "") -> None:
        """Type the card's response to the challenge on the page."""
        assert self.card
        challenge = page.locator("#challenge").inner_text().strip()
        page.get_by_label("Response").fill(self.card.response(pin or self.pin, challenge))


class Cast:
    """Makes people."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._folder = household.folder / "cast"
        self._folder.mkdir(exist_ok=True)

    def customer(
        self, name: str, number: str, person: dict[str, Any] | None = None, *, card: bool = True
    ) -> Actor:
        """A primary user with an account of his own."""
        actor = self._user(name)
        self.account(number, person or DOE)
        self._command("account", "join", number, "--user", name, "--primary")
        contact = self._file(json.dumps(CONTACT))
        self._command("user", "contact", name, "--file", contact)
        return self._with_card(actor) if card else actor

    def another(self, name: str, number: str, *options: str, card: bool = False) -> Actor:
        """One more user of an account."""
        actor = self._user(name)
        self._command("account", "join", number, "--user", name, *options)
        return self._with_card(actor) if card else actor

    def staff(self, name: str, role: str, *, card: bool = True) -> Actor:
        """Somebody at the desk."""
        actor = Actor(self._household, name, secrets.token_hex(8), "7305")
        file = self._file(actor.password)
        self._command("staff", "add", name, "--role", role, "--password-file", file)
        return self._with_card(actor) if card else actor

    def account(self, number: str, person: dict[str, Any]) -> None:
        """An account, for a person."""
        file = self._file(json.dumps(person))
        self._command("account", "open", number, "--person", file, "--equity", "750000")

    def _user(self, name: str) -> Actor:
        actor = Actor(self._household, name, secrets.token_hex(8), "7305")
        self._command("user", "add", name, "--password-file", self._file(actor.password))
        return actor

    def _with_card(self, actor: Actor) -> Actor:
        actor.card = Card(self._folder / f"card-{actor.name}")
        passphrase = self._file(secrets.token_hex(16))
        record = self._folder / f"{actor.name}.pskc"
        actor.serial = actor.card.provision(record, passphrase)
        self._command(
            *("card", "import", record, "--passphrase-file", passphrase),
            *("--user", actor.name, "--pin-file", self._file(actor.pin)),
        )
        return actor

    def _file(self, text: str) -> Any:
        return secret_file(self._folder / secrets.token_hex(8), text)

    def _command(self, *arguments: object) -> str:
        return self._household.verifier.command(*arguments)
