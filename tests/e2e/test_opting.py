"""Opting out and in, and a closed account, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.doors import Household

from .cast import Actor, Cast, accessible

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def cast(household: Household) -> Cast:
    return Cast(household)


@pytest.fixture(scope="module")
def alice(cast: Cast) -> Actor:
    return cast.customer("alice", "U100")


def settings(page: Page) -> None:
    page.get_by_role("link", name="Settings").first.click()
    expect(page.get_by_role("heading", name="Secure Login System")).to_be_visible()


def test_out_and_in_again(visit: Callable[..., Page], alice: Actor, pictures: Path) -> None:
    page = visit(viewport=PHONE)
    alice.log_in(page)
    settings(page)
    expect(page.locator("#restrictions")).to_contain_text("Pink Sheet and OTCBB")
    accessible(page)
    page.screenshot(path=pictures / "opting-out.png", full_page=True)
    page.get_by_label("I understand the restrictions").check()
    page.get_by_role("button", name="Continue").click()
    alice.respond(page)
    accessible(page)
    page.screenshot(path=pictures / "opting-answer.png", full_page=True)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#status")).to_have_text("Secure Login settings: not required for alice")

    again = visit(viewport=PHONE)
    alice.give_password(again)
    expect(again.locator("#device")).to_have_text("password alone")
    settings(again)
    accessible(again)
    again.screenshot(path=pictures / "opting-in.png", full_page=True)
    again.get_by_label("I want to always use my Secure Login device when logging in").check()
    again.get_by_role("button", name="Continue").click()
    alice.respond(again)
    again.get_by_role("button", name="Confirm").click()
    expect(again.get_by_role("status")).to_contain_text("at each login from now on")
    accessible(again)
    again.screenshot(path=pictures / "opting-done.png", full_page=True)
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()  # that session is over


def test_without_a_tick_the_form_says_so(visit: Callable[..., Page], alice: Actor) -> None:
    page = visit(javascript=False)
    alice.log_in(page)
    settings(page)
    page.get_by_role("button", name="Continue").evaluate("button => button.form.noValidate = true")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box")


def test_a_closed_account_opens_its_documents_alone(
    household: Household, visit: Callable[..., Page], cast: Cast, pictures: Path
) -> None:
    bob = cast.customer("bob", "U500")
    household.verifier.command("account", "close", "U500")
    page = visit(viewport=PHONE)
    bob.give_password(page)
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    page.get_by_role("link", name="Documents").click()
    expect(page.locator("#closed")).to_be_visible()
    accessible(page)
    page.screenshot(path=pictures / "closing-documents.png", full_page=True)
    link = page.get_by_role("link", name="(PDF)").first
    answer = page.request.get(f"{household.verifier.url}{link.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    page.goto(f"{household.verifier.url}/share")
    expect(page.locator("main")).to_contain_text("does not open this page")
