"""A card is lost: from the temporary code to the online code card, and to a code card for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.lifecycle import devices, revocation
from server.settings import Settings
from server.states.device import DeviceMove
from server.verifier import open_verifier
from tests.doors import Household
from tests.server import counter, people
from tests.server.printed import Print, read

from .test_login_in_a_browser import DESKTOP, PHONE, accessible, answer, challenge, give_password


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    """A household of its own for each story: what is done to its devices stays done."""
    household = Household(tmp_path / "household")
    household.folder.mkdir()
    household.set_up()
    household.verifier.start()
    yield household
    assert household.verifier.stop() == 0


def temporary_code(household: Household, *, suspended: bool = False) -> str:
    """Call the desk: it has checked who is calling, suspends the card, and reads a code out."""
    verifier = open_verifier(Settings(data=household.verifier.data))
    try:
        if suspended:
            people.add_account(verifier, "U1000001", people.ALICE, household.user)
            with verifier.database.writing() as connection:
                card = revocation.get(connection, household.serial)
                now = verifier.clock.now()
                devices.move(connection, card.device_id, DeviceMove.SUSPENDED, now)
        return counter.issue(verifier, household.user)
    finally:
        verifier.close()


def paper(page: Page, words: str) -> Print:
    """Print what a link leads to, and read it."""
    path = page.get_by_role("link", name=words).get_attribute("href")
    assert path is not None
    pdf = page.context.request.get(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}{path}")
    assert pdf.headers["content-type"] == "application/pdf"
    return read(pdf.body())


def indexes(page: Page) -> dict[str, list[int]]:
    found = page.locator("#indexes .challenge").all_inner_texts()
    return {"indexes": [int(text) for text in found]}


def look_at(page: Page, path: Path) -> None:
    accessible(page)
    page.screenshot(path=path, full_page=True)


def in_the_menu(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def use(page: Page, device: str) -> None:
    """Choose a device in the drop-down, as it is called there."""
    options = page.get_by_label("Use another device").locator("option").all_inner_texts()
    (label,) = [text for text in options if text.startswith(device)]
    page.get_by_label("Use another device").select_option(label=label)
    page.get_by_role("button", name="Use this device").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_lost_card_is_bridged_by_the_online_code_card(
    household: Household, visit: Callable[..., Page], pictures: Path, javascript: bool
) -> None:
    page = visit(viewport=PHONE if javascript else DESKTOP, javascript=javascript)
    shots = pictures if javascript else pictures / "others"
    shots.mkdir(exist_ok=True)

    def shot(name: str) -> None:
        if javascript:  # axe is a script
            look_at(page, shots / f"{name}.png")
        else:
            page.screenshot(path=shots / f"{name}-plain.png", full_page=True)

    code = temporary_code(household, suspended=True)

    # 1. The temporary code logs in: it was given last, so it is asked for first.
    give_password(page, household)
    expect(page.get_by_role("heading", name="Type the temporary code")).to_be_visible()
    shot("lost-card-1-temporary-code")
    page.get_by_label("Temporary code").fill(code.lower())
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#access")).to_have_text("Everything")

    # 2. Get the online code card, and print it.
    in_the_menu(page, "Online code card")
    shot("lost-card-2-get")
    page.get_by_role("button", name="Get the online code card").click()
    expect(page.get_by_role("heading", name="1. Print it")).to_be_visible()
    shot("lost-card-3-print")
    printed = paper(page, "As a page, A4")
    assert printed.values == paper(page, "For the wallet").values
    assert len(printed.values) == 224

    # 3. It prints clearly: answer two index numbers.
    page.get_by_label("I have printed it").check()
    page.get_by_role("button", name="Go on to activate it").click()
    asked = indexes(page)
    shot("lost-card-4-two-values")
    right = printed.answer(asked)
    page.get_by_label("The two values").fill("333333" if right != "333333" else "444444")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("alert").first).to_contain_text("2 more tries")
    assert indexes(page) == asked
    page.get_by_label("The two values").fill(f"{right[:3]} {right[3:]}".lower())
    page.get_by_role("button", name="Activate").click()

    # 4. It is active: until when, and what comes next.
    expect(page.get_by_role("status")).to_contain_text("Your card is active")
    expect(page.locator("#valid-until")).to_contain_text("UTC")
    expect(page.locator("#options h3")).to_have_text(
        [
            "Request a new device",
            f"Reactivate your card {household.serial}",
            "Keep using the online code card for now",
        ]
    )
    shot("lost-card-5-what-next")
    in_the_menu(page, "Devices")
    expect(page.locator(".devices")).to_contain_text("Active until")
    shot("devices")

    # 5. From now on it logs in; every device stays beside it, in the drop-down.
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    give_password(page, household)
    if not page.locator("#indexes").count():
        use(page, "Online code card")
    shot("code-card-login")
    page.get_by_label("The two values").fill(printed.answer(indexes(page)))
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#device")).to_contain_text("online code card")
    expect(page.locator("#access")).to_have_text("Everything")

    # 6. The card turns up: it answers, and the temporary devices end.
    in_the_menu(page, "Devices")
    page.get_by_role("link", name="Reactivate").click()
    page.get_by_role("button", name="Continue").click()
    page.locator("#answer").fill(household.card.response(household.pin, challenge(page)))
    page.get_by_role("button", name="Reactivate").click()
    in_the_menu(page, "Devices")
    expect(page.locator(".serial")).to_have_text([household.serial])


def test_a_code_card_for_good_ends_the_temporary_devices(
    household: Household, visit: Callable[..., Page], pictures: Path
) -> None:
    page = visit(viewport=PHONE)
    code = temporary_code(household)
    give_password(page, household)
    page.get_by_label("Temporary code").fill(code)
    page.get_by_role("button", name="Log in").click()
    in_the_menu(page, "Devices")
    page.get_by_role("link", name="Get a code card").click()
    look_at(page, pictures / "code-card-1-get.png")
    page.get_by_role("button", name="Get a code card").click()
    printed = paper(page, "For the wallet")
    page.get_by_role("button", name="Make other values").click()
    assert paper(page, "For the wallet").values != printed.values
    printed = paper(page, "As a page, A4")
    page.get_by_label("I have printed it").check()
    page.get_by_role("button", name="Go on to activate it").click()
    page.get_by_label("The two values").fill(printed.answer(indexes(page)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your card is active")
    look_at(page, pictures / "code-card-2-active.png")
    in_the_menu(page, "Devices")
    headings = page.locator(".devices h2").all_inner_texts()
    assert [re.sub(r" \w\w\d{8}", "", text) for text in headings] == ["Card", "Code card"]

    # The card has turned up: both work side by side.
    other = visit(viewport=PHONE)
    give_password(other, household)
    use(other, "Card")
    answer(other, household.card.response(household.pin, challenge(other)))
    expect(other.locator("#device")).to_contain_text(household.serial)
