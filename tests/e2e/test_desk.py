"""The support desk in a browser: a caller is found, known, and helped; compliance; the auditor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.doors import Household

from .cast import SAID, Actor, Cast, accessible

DESKTOP = {"width": 1100, "height": 900}


@pytest.fixture(scope="module")
def cast(household: Household) -> Cast:
    return Cast(household)


@pytest.fixture(scope="module")
def alice(cast: Cast) -> Actor:
    return cast.customer("alice", "U100")


@pytest.fixture(scope="module")
def carol(cast: Cast) -> Actor:
    return cast.staff("carol", "support")


def find(page: Page, wanted: str) -> None:
    page.get_by_role("link", name="Find a user").first.click()
    page.get_by_label("User name, account number or serial").fill(wanted)
    page.get_by_role("button", name="Find").click()


def say_what_alice_knows(page: Page, wrong: str = "") -> None:
    for each in page.locator("main input[type=text]").all():
        fact = each.get_attribute("name") or ""
        each.fill(wrong or (SAID | {"account": "U100"})[fact])
    page.get_by_role("button", name="Compare").click()


def identify(page: Page) -> None:
    page.get_by_role("button", name="Check identity").click()
    say_what_alice_knows(page)
    expect(page.locator("#checked")).to_be_visible()


def act(page: Page, button: str, reason: str = "she has called about it") -> None:
    form = page.locator("form").filter(has=page.get_by_role("button", name=button))
    form.get_by_role("textbox").fill(reason)
    form.get_by_role("button", name=button).click()


def test_a_lost_card_from_the_call_to_the_temporary_code(
    household: Household, visit: Callable[..., Page], alice: Actor, carol: Actor, pictures: Path
) -> None:
    page = visit(viewport=DESKTOP)
    carol.log_in(page)
    find(page, "nobody-at-all")
    expect(page.get_by_role("status")).to_contain_text("Nobody was found")
    accessible(page)
    page.get_by_label("User name, account number or serial").fill("U100")
    page.screenshot(path=pictures / "desk-find.png")
    page.get_by_role("button", name="Find").click()

    expect(page.get_by_role("heading", name="alice", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("•••4567")
    expect(page.locator("main")).not_to_contain_text("X1234567")
    expect(page.get_by_role("button", name="Suspend: lost, stolen or broken")).to_have_count(0)
    accessible(page)
    page.screenshot(path=pictures / "desk-user.png", full_page=True)

    page.get_by_role("button", name="Check identity").click()
    accessible(page)
    page.screenshot(path=pictures / "desk-check.png", full_page=True)
    say_what_alice_knows(page, wrong="something else")
    expect(page.get_by_role("status")).to_contain_text("failed")
    identify(page)
    accessible(page)
    page.screenshot(path=pictures / "desk-checked.png", full_page=True)

    act(page, "Suspend: lost, stolen or broken", "no")
    page.locator("main").press("Tab")  # the browser itself asks for a longer reason
    act(page, "Suspend: lost, stolen or broken")
    expect(page.get_by_role("status")).to_contain_text("suspended")
    act(page, "Issue a temporary code")
    expect(page.locator("#code")).to_be_visible()
    accessible(page)
    page.screenshot(path=pictures / "desk-code.png")
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#checked")).to_have_count(0)  # it was used up


def test_staff_without_a_device_see_no_desk(
    household: Household, visit: Callable[..., Page], cast: Cast, alice: Actor
) -> None:
    page = visit()
    cast.staff("dan", "admin", card=False).log_in(page)
    expect(page.get_by_role("link", name="Find a user")).to_have_count(0)
    page.goto(f"{household.verifier.url}/desk/users/alice")
    expect(page.locator("main")).not_to_contain_text("U100")
    accessible(page)


def test_a_locked_card_is_unlocked_by_the_desk_without_javascript(
    household: Household, visit: Callable[..., Page], cast: Cast, carol: Actor
) -> None:
    erin = cast.customer("erin", "U400")
    locked = visit(javascript=False)
    for _ in range(4):
        erin.give_password(locked)
        for _ in range(3):
            if locked.get_by_label("Response").count():
                locked.get_by_label("Response").fill("00000000")
                locked.get_by_role("button", name="Log in").click()
    page = visit(javascript=False)
    carol.log_in(page)
    find(page, erin.serial)
    expect(page.locator(".state")).to_contain_text("locked by wrong answers")
    page.get_by_role("button", name="Check identity").click()
    for each in page.locator("main input[type=text]").all():
        fact = each.get_attribute("name") or ""
        each.fill((SAID | {"account": "U400"})[fact])
    page.get_by_role("button", name="Compare").click()
    act(page, "Unlock")
    expect(page.get_by_role("status")).to_contain_text("unlocked")
    erin.log_in(visit())


def test_an_auditor_reads_the_log_and_nothing_else(
    household: Household, visit: Callable[..., Page], cast: Cast, alice: Actor, pictures: Path
) -> None:
    page = visit(viewport=DESKTOP)
    cast.staff("frank", "auditor").log_in(page)
    expect(page.get_by_role("link", name="Find a user")).to_have_count(0)
    page.get_by_role("link", name="Audit log").click()
    page.get_by_label("User, serial or account").fill("alice")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("alice")
    accessible(page)
    page.screenshot(path=pictures / "desk-audit.png")
    assert household.verifier.command("audit", "verify")


def test_a_forgotten_pin_is_ended_by_the_desk_and_chosen_anew_by_its_owner(
    household: Household, visit: Callable[..., Page], cast: Cast, carol: Actor, pictures: Path
) -> None:
    grace = cast.customer("grace", "U600")
    desk = visit()
    carol.log_in(desk)
    find(desk, "grace")
    desk.get_by_role("button", name="Check identity").click()
    for each in desk.locator("main input[type=text]").all():
        fact = each.get_attribute("name") or ""
        each.fill((SAID | {"account": "U600"})[fact])
    desk.get_by_role("button", name="Compare").click()
    act(desk, "End the PIN")
    expect(desk.locator(".state")).to_contain_text("waits for a new PIN")
    act(desk, "Issue a temporary code")
    code = desk.locator("#code").inner_text()

    page = visit(viewport={"width": 390, "height": 844})
    grace.give_password(page)
    page.get_by_label("Temporary code").fill(code)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Devices").first.click()
    page.get_by_role("link", name="Choose a new PIN").click()
    accessible(page)
    page.screenshot(path=pictures / "desk-new-pin.png", full_page=True)
    page.get_by_label("New PIN, 4 digits").fill("8152")
    page.get_by_label("The new PIN again").fill("8152")
    page.get_by_role("button", name="Continue").click()
    grace.respond(page, "8152")
    accessible(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("The new PIN is in force")
    accessible(page)

    grace.pin = "8152"
    grace.log_in(visit())
