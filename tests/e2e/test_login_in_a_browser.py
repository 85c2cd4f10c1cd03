"""A person logs in: pages in Chromium, keys pressed on a card, the response read off its glass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.doors import Household

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1100, "height": 800}


def accessible(page: Page) -> None:
    """Fail with axe-core's own report where it finds anything."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def give_password(page: Page, household: Household, password: str | None = None) -> None:
    page.goto(f"{household.verifier.url}/login")
    page.get_by_label("User name").fill(household.user)
    page.get_by_label("Password").fill(household.password if password is None else password)
    page.get_by_role("button", name="Continue").click()


def answer(page: Page, response: str) -> None:
    page.get_by_label("Response").fill(response)
    page.get_by_role("button", name="Log in").click()


def challenge(page: Page) -> str:
    text = page.locator("#challenge").inner_text().strip()
    assert len(text) == 6
    assert text.isascii()
    assert text.isdigit()
    return text


def log_in(page: Page, household: Household) -> None:
    give_password(page, household)
    answer(page, household.card.response(household.pin, challenge(page)))
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_pressed_key_to_an_accepted_login(
    household: Household,
    visit: Callable[..., Page],
    pictures: Path,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = visit(viewport=viewport, color_scheme=scheme)
    folder = pictures if (scheme, viewport) == ("light", PHONE) else pictures / "others"

    page.goto(f"{household.verifier.url}/login")
    accessible(page)
    page.screenshot(path=folder / "login.png")

    give_password(page, household)
    expect(page.get_by_text("Valid until")).to_be_visible()
    accessible(page)
    asked = challenge(page)
    page.screenshot(path=folder / "challenge.png")

    response = household.card.response(household.pin, asked)
    answer(page, f"{response[:4]} {response[4:]}")  # as the glass groups it
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    expect(page.locator("#user")).to_have_text(household.user)
    expect(page.locator("#device")).to_contain_text(household.serial)
    accessible(page)
    page.screenshot(path=folder / "signed-in.png")

    page.get_by_role("button", name="Log out", exact=True).click()
    page.goto(household.verifier.url)
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_login_works_without_javascript(household: Household, visit: Callable[..., Page]) -> None:
    page = visit(javascript=False)
    log_in(page, household)


def test_the_remaining_time_counts_down(household: Household, visit: Callable[..., Page]) -> None:
    page = visit()
    page.clock.install()
    give_password(page, household)
    page.wait_for_load_state()  # its script runs from here on
    before = page.locator("#left").inner_text()
    page.clock.fast_forward(30_000)
    expect(page.locator("#left")).not_to_have_text(before)
    page.clock.fast_forward(100_000)
    expect(page.locator("#expired")).to_be_visible()
    accessible(page)


def test_a_wrong_password_and_an_unknown_user_look_the_same(
    household: Household, visit: Callable[..., Page]
) -> None:
    texts = []
    for name, password in ((household.user, "not the password"), ("nobody", household.password)):
        page = visit()
        page.goto(f"{household.verifier.url}/login")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert")).to_be_visible()
        accessible(page)
        texts.append(page.locator("main").inner_text())
    assert texts[0] == texts[1]


def test_the_wrong_pin_gives_an_ordinary_response_that_is_refused(
    household: Household, visit: Callable[..., Page], pictures: Path
) -> None:
    page = visit(viewport=PHONE)
    give_password(page, household)
    wrong_pin = "9517" if household.pin != "9517" else "9518"
    answer(page, household.card.response(wrong_pin, challenge(page)))
    expect(page.get_by_role("alert").first).to_be_visible()
    accessible(page)
    page.screenshot(path=pictures / "others" / "refused.png")
    answer(page, household.card.response(household.pin, challenge(page)))
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_the_third_wrong_answer_ends_the_login(
    household: Household, visit: Callable[..., Page]
) -> None:
    page = visit()
    give_password(page, household)
    for _ in range(3):
        answer(page, "00000000")
    expect(page.get_by_label("Response")).to_have_count(0)
    accessible(page)
    page = visit()
    log_in(page, household)  # and sets the run of wrong answers back


def test_a_response_is_worth_nothing_a_second_time(
    household: Household, visit: Callable[..., Page]
) -> None:
    page = visit()
    give_password(page, household)
    response = household.card.response(household.pin, challenge(page))
    answer(page, response)
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()

    page.go_back()
    if page.get_by_label("Response").count():
        answer(page, response)
    expect(page.locator("main")).not_to_contain_text("Traceback")

    other = visit()
    give_password(other, household)
    answer(other, response)
    expect(other.get_by_role("alert").first).to_be_visible()
    log_in(visit(), household)


def test_the_pages_load_nothing_from_anywhere_else(
    household: Household, visit: Callable[..., Page]
) -> None:
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    log_in(page, household)
    assert asked
    assert all(url.startswith(household.verifier.url) for url in asked)


def test_a_keyboard_alone_is_enough(household: Household, visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(f"{household.verifier.url}/login")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(household.user)
    page.keyboard.press("Tab")
    page.keyboard.type(household.password)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Response")).to_be_focused()
    page.keyboard.type(household.card.response(household.pin, challenge(page)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_the_pages_forbid_inline_code_and_framing(household: Household) -> None:
    headers = httpx.get(f"{household.verifier.url}/login").headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "no-store" in headers["cache-control"]
