"""A card that came back damaged on purpose, in a browser: the desk settles its deposit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.doors import Household

from .cast import Cast, accessible


def test_the_desk_takes_the_fee_of_a_card_that_was_damaged_on_purpose(
    household: Household, visit: Callable[..., Page], pictures: Path
) -> None:
    cast = Cast(household)
    bob, larry = cast.customer("bob", "U300"), cast.staff("larry", "logistics")
    page = visit(viewport={"width": 1100, "height": 900})
    larry.log_in(page)
    page.get_by_role("link", name="Returns").first.click()
    page.get_by_role("link", name="Deposits to settle").click()
    accessible(page)
    page.get_by_label("Serial of another card").fill(bob.serial)
    page.get_by_role("button", name="Find it").click()
    page.get_by_label("How it is settled").select_option("stolen")
    page.get_by_label("Reason").fill("the keypad was cut out with a knife")
    accessible(page)
    page.get_by_role("button", name="Settle it").click()
    expect(page.get_by_role("alert")).to_contain_text("This card is not over")
    accessible(page)
    page.get_by_label("How it is settled").select_option("damaged")
    page.screenshot(path=pictures / "desk-deposits.png", full_page=True)
    page.get_by_role("button", name="Settle it").click()
    expect(page.get_by_role("status")).to_contain_text("It is settled")

    other = visit()
    bob.give_password(other)
    expect(other.locator("#challenge")).to_have_count(0)
