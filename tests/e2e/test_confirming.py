"""An application has a payment confirmed: Chromium, and a card whose keys are pressed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.sync_api import Page, expect

from protocol import serial
from tests.doors import Household, run, secret_file

from .cast import Actor, Cast, accessible

SUITE = "OCRA-1:HOTP-SHA256-8:C-QN10-PSHA256"

PHONE = {"width": 390, "height": 844}
PAYMENT = {
    "title": "Pay 250.00 EUR",
    "lines": [
        {"label": "To", "value": "Zoë Müller"},
        {"label": "Account", "value": "DE89 3704 0044 0532 0130 00"},
        {"label": "For", "value": "Invoice 2026-117"},
    ],
}


class Bank:
    """The application, from outside: it has its token, and HTTP."""

    def __init__(self, household: Household) -> None:
        out = household.folder / "bank.token"
        command = ("application", "add", "bank", "--may", "confirm", "--out", out)
        household.verifier.command(*command)
        token = out.read_text().strip()
        self.url = f"{household.verifier.url}/api/v1/confirmations"
        self.http = httpx.Client(headers={"Authorization": f"Bearer {token}"})

    def ask(self, user: str) -> dict[str, Any]:
        response = self.http.post(self.url, json={"user": user, "action": PAYMENT})
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    def state(self, asked: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.url}/{asked['id']}").json()
        return found

    def receipt(self, told: dict[str, Any]) -> dict[str, Any]:
        keys = KeySet.import_key_set(httpx.get(f"{self.url}/keys").json())
        return dict(jwt.decode(told["receipt"], keys, algorithms=["ES256"]).claims)


@pytest.fixture(scope="module")
def bank(household: Household) -> Bank:
    return Bank(household)


@pytest.fixture(scope="module")
def alice(household: Household) -> Actor:
    return Cast(household).customer("alice", "U100")


def test_a_payment_is_confirmed_with_the_card(
    household: Household,
    visit: Callable[..., Page],
    bank: Bank,
    alice: Actor,
    pictures: Path,
) -> None:
    page = visit(viewport=PHONE)
    alice.log_in(page)
    asked = bank.ask("alice")
    page.goto(f"{household.verifier.url}/")
    expect(page.get_by_text("bank asks you to confirm an action.")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", name="Pay 250.00 EUR")).to_be_visible()
    expect(page.locator("#action")).to_contain_text("DE89 3704 0044 0532 0130 00")
    expect(page.locator("#challenge")).to_have_text(asked["challenge"])
    accessible(page)
    page.screenshot(path=pictures / "confirming.png", full_page=True)
    alice.respond(page)
    page.get_by_role("button", name="Confirm this action").click()
    expect(page.locator("#over")).to_have_text("You have confirmed this action.")
    accessible(page)
    page.screenshot(path=pictures / "confirming-done.png", full_page=True)

    told = bank.state(asked)
    assert told["state"] == "confirmed"
    claims = bank.receipt(told)
    assert (claims["sub"], claims["device"]) == ("alice", alice.serial)
    assert claims["action_sha256"] == asked["action_sha256"]


def test_without_javascript_a_payment_is_denied(
    household: Household, visit: Callable[..., Page], bank: Bank, alice: Actor
) -> None:
    page = visit(javascript=False)
    alice.log_in(page)
    asked = bank.ask("alice")
    page.goto(f"{household.verifier.url}/confirmations/{asked['id']}")
    page.get_by_role("button", name="Deny this action").click()
    expect(page.locator("#over")).to_contain_text("You have denied this action")
    assert bank.state(asked)["state"] == "denied"


def test_the_page_is_accessible_in_the_dark_in_chinese_and_with_a_wrong_response(
    household: Household, visit: Callable[..., Page], bank: Bank, alice: Actor
) -> None:
    page = visit(viewport=PHONE, color_scheme="dark")
    alice.log_in(page)
    asked = bank.ask("alice")
    page.goto(f"{household.verifier.url}/confirmations/{asked['id']}")
    page.locator('.languages button[value="zh_Hant"]').click()
    expect(page.get_by_role("button", name="確認這項操作")).to_be_visible()
    page.locator("#answer").fill("0000 0000")
    page.get_by_role("button", name="確認這項操作").click()
    expect(page.locator("#problem")).to_be_visible()
    accessible(page)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    page.locator('.languages button[value="en"]').click()  # as it was


def test_a_slot_of_its_own_confirms_with_ten_digits(household: Household, bank: Bank) -> None:
    bob = Cast(household).customer("bob", "U200")
    assert bob.card
    passphrase = secret_file(household.folder / "slot.passphrase", "slot of its own")
    record = household.folder / "slot.pskc"
    run(
        "challng-provision",
        *("new", "--store", bob.card.store, "--slot", "B", "--serial", serial.make(4_711)),
        *("--suite", SUITE, "--out", record, "--passphrase-file", passphrase),
    )
    household.verifier.command(
        *("card", "import", record, "--passphrase-file", passphrase, "--user", "bob"),
        *("--pin-file", secret_file(household.folder / "slot.pin", bob.pin)),
    )
    asked = bank.ask("bob")
    assert (len(asked["challenge"]), asked["challenge"][0]) == (10, "0")
    keys = ["press", "B", bob.pin, "ok", asked["challenge"], "ok", "show", "off"]
    found = re.search(r"\b([0-9]{4}) ([0-9]{4})\b", bob.card.play(keys))
    assert found
    answer = {"answer": found[1] + found[2]}
    told = bank.http.post(f"{bank.url}/{asked['id']}/answer", json=answer).json()
    assert bank.receipt(told)["device"] == serial.make(4_711)
