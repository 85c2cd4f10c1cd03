"""Sharing in a browser: the same person's second user name uses the card of the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.doors import Household

from .cast import DOE, Actor, Cast, accessible

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def cast(household: Household) -> Cast:
    return Cast(household)


@pytest.fixture(scope="module")
def alice(cast: Cast) -> Actor:
    return cast.customer("alice", "U100")


def ask(page: Page, owner: Actor) -> None:
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Share a device").click()
    page.get_by_label("User name of the device's owner").fill(owner.name)
    page.get_by_label("Password of that user name").fill(owner.password)
    page.get_by_role("button", name="Continue").click()


def test_a_second_user_name_shares_the_card_and_cancels_it(
    visit: Callable[..., Page], cast: Cast, alice: Actor, pictures: Path
) -> None:
    second = cast.another("alice2", "U100")
    page = visit(viewport=PHONE)
    second.log_in(page)
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Share a device").click()
    accessible(page)
    page.screenshot(path=pictures / "sharing-owner.png", full_page=True)
    page.get_by_label("User name of the device's owner").fill(alice.name)
    page.get_by_label("Password of that user name").fill("not the password")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    expect(page.get_by_label("Password of that user name")).to_have_value("")
    accessible(page)
    page.get_by_label("Password of that user name").fill(alice.password)
    page.get_by_role("button", name="Continue").click()

    page.get_by_label("Response").fill("00000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("2 more tries")
    accessible(page)
    alice.respond(page)
    page.screenshot(path=pictures / "sharing-answer.png", full_page=True)
    page.get_by_role("button", name="Continue").click()

    expect(page.locator("#status")).to_have_text("Not submitted yet")
    accessible(page)
    page.screenshot(path=pictures / "sharing-review.png", full_page=True)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#status")).to_have_text("Approved")
    accessible(page)
    page.screenshot(path=pictures / "sharing-approved.png", full_page=True)

    with_the_card = visit()
    second.card, second.pin = alice.card, alice.pin
    second.log_in(with_the_card)
    expect(with_the_card.locator("#device")).to_contain_text(alice.serial)

    page.get_by_role("button", name="Cancel sharing").click()
    page.goto(page.url)
    expect(page.get_by_label("Password")).to_be_visible()  # the session was the card's


def test_another_entity_waits_for_compliance_which_decides_on_the_desk(
    visit: Callable[..., Page], cast: Cast, alice: Actor, pictures: Path
) -> None:
    same = DOE | {"document_number": "C01X00T47", "document_type": "national_id"}
    third = cast.customer("alice3", "U300", same, card=False)
    page = visit(viewport=PHONE)
    third.log_in(page)
    ask(page, alice)
    alice.respond(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#status")).to_have_text("Pending: compliance looks at it")
    accessible(page)
    page.screenshot(path=pictures / "sharing-pending.png", full_page=True)

    desk = visit(viewport={"width": 1100, "height": 800})
    cast.staff("dan", "compliance").log_in(desk)
    desk.get_by_role("link", name="Shares").click()
    accessible(desk)
    desk.get_by_label("Reason, for alice3").fill("both are the same person's")
    desk.screenshot(path=pictures / "desk-shares.png")
    desk.get_by_role("button", name="Approve").click()
    expect(desk.get_by_role("status")).to_contain_text("decided")
    accessible(desk)

    # She has a device from now on, and what her password alone had opened is over.
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_another_person_is_told_in_the_words_of_the_rules(
    visit: Callable[..., Page], cast: Cast, alice: Actor, pictures: Path
) -> None:
    other = DOE | {"name": "Bob Doe", "date_of_birth": "1975-11-03", "ssn": None}
    bob = cast.customer("bob", "U200", other, card=False)
    page = visit(viewport=PHONE, javascript=False)
    bob.log_in(page)
    ask(page, alice)
    expect(page.get_by_role("alert")).to_have_text("Different identification information")
    accessible_enough = page.get_by_label("User name of the device's owner")
    expect(accessible_enough).to_have_value(alice.name)  # nothing typed is lost but the password
    page.screenshot(path=pictures / "sharing-refused.png", full_page=True)


def test_who_may_not_change_it_is_sent_to_the_primary_user(
    household: Household, visit: Callable[..., Page], cast: Cast, alice: Actor, pictures: Path
) -> None:
    page = visit(viewport=PHONE)
    cast.another("erin", "U100", "--no-security").log_in(page)
    page.goto(f"{household.verifier.url}/share")
    expect(page.locator("#notice")).to_contain_text("alice, has it")
    expect(page.get_by_label("Password of that user name")).to_have_count(0)
    accessible(page)
    page.screenshot(path=pictures / "sharing-notice.png", full_page=True)
