"""An application on another site logs its user in here, in Chromium and with the card's keys.

The application is `relying_party`, a process of its own with another library. It lies on another
site than the verifier (localhost and 127.0.0.1), so the browser withholds our cookies as it does
in the world.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from server.settings import Settings
from server.verifier import open_verifier
from tests.doors import Household, free_port
from tests.server import counter

from .cast import Cast
from .test_login_in_a_browser import answer, challenge

PHONE = {"width": 390, "height": 844}
WAIT = 60_000


@dataclass
class House:
    """A household whose verifier is a provider, an application beside it, and a code for ada."""

    household: Household
    application: str
    code: str

    def give_password(self, page: Page) -> None:
        page.get_by_label("User name").fill(self.household.user)
        page.get_by_label("Password").fill(self.household.password)
        page.get_by_role("button", name="Continue").click()

    def press_the_card(self, page: Page) -> None:
        others = page.get_by_label("Use another device")
        expect(page.locator("#challenge").or_(others).first).to_be_visible()
        if page.locator("#challenge").count() == 0:
            others.select_option("card")
            page.get_by_role("button", name="Use this device").click()
        answer(page, self.household.card.response(self.household.pin, challenge(page)))

    def type_the_code(self, page: Page) -> None:
        page.get_by_label("Use another device").select_option("temporary-code")
        page.get_by_role("button", name="Use this device").click()
        page.locator("#answer").fill(self.code)
        page.get_by_role("button", name="Log in").click()

    def told(self, page: Page) -> dict[str, Any]:
        """What the application was told, once the browser is back there."""
        page.wait_for_url(f"{self.application}/", timeout=WAIT)
        return dict(json.loads(page.locator("#told").inner_text()))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    household = Household(folder, workers=2)
    household.set_up()
    verifier, port = household.verifier, free_port()
    verifier.environment["CHALLNG_PUBLIC_URL"] = verifier.url
    application, secret = f"http://localhost:{port}", folder / "secret"
    verifier.command("user", "groups", household.user, "editors")
    verifier.command(
        *("openid", "client", "add", "wiki", "--name", "The Wiki", "--out", secret),
        *("--redirect-uri", f"{application}/callback", "--group", "editors"),
        *("--post-logout-uri", f"{application}/bye"),
    )
    opened = open_verifier(Settings(data=verifier.data))
    try:
        code = counter.issue(opened, household.user)
    finally:
        opened.close()
    verifier.start()
    command = [sys.executable, "-m", "tests.e2e.relying_party", str(port), verifier.url]
    with (folder / "application.log").open("wb") as log:
        process = subprocess.Popen([*command, "wiki", str(secret)], stdout=log, stderr=log)
    for _ in range(1_200):
        assert process.poll() is None, (folder / "application.log").read_text()
        try:
            httpx.get(application)
            break
        except httpx.TransportError:
            time.sleep(0.05)
    yield House(household, application, code)
    process.terminate()
    process.wait(30)
    assert verifier.stop() == 0


def accessible(page: Page) -> None:
    """Fail with axe-core's own report where it finds anything."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_an_application_logs_a_user_in_asks_for_more_refreshes_and_logs_out(
    house: House, visit: Callable[..., Page], pictures: Path
) -> None:
    page = visit(viewport=PHONE)
    page.goto(house.application)
    page.get_by_role("link", name="Log in", exact=True).click()
    expect(page.locator("#wanted")).to_have_text("After this you go on to The Wiki.")
    accessible(page)
    page.screenshot(path=pictures / "openid-login.png")
    house.give_password(page)
    house.type_the_code(page)

    expect(page.get_by_role("heading", name="Go on to The Wiki")).to_be_visible(timeout=WAIT)
    accessible(page)
    page.screenshot(path=pictures / "openid-consent.png", full_page=True)
    page.get_by_role("button", name="Agree", exact=True).click()
    told = house.told(page)
    assert (told["acr"], told["amr"]) == ("urn:challng:temporary", ["pwd", "otp"])
    assert told["preferred_username"] == house.household.user
    assert told["groups"] == ["editors"]
    assert told["limits"]["device_kind"] == "temporary_code"

    # What it wants now is worth more than the code: the card has to be pressed.
    page.get_by_role("link", name="Delete everything").click()
    stronger = page.get_by_role("heading", name="A stronger login is needed")
    expect(stronger).to_be_visible(timeout=WAIT)
    accessible(page)
    page.screenshot(path=pictures / "openid-stronger.png", full_page=True)
    page.get_by_role("link", name="Log in again").click()
    house.give_password(page)
    expect(page.get_by_label("Use another device")).to_be_visible()
    page.go_back()  # the browser's own button must not break it
    expect(page.locator("#wanted")).to_be_visible()
    house.give_password(page)
    house.press_the_card(page)
    page.get_by_role("button", name="Agree", exact=True).click(timeout=WAIT)
    told = house.told(page)
    assert (told["acr"], told["amr"]) == ("urn:challng:card", ["pwd", "otp", "hwk"])

    # Whoever is logged in goes straight through, though our cookies are withheld at first.
    page.get_by_role("link", name="Log in", exact=True).click()
    again = house.told(page)
    assert again["auth_time"] == told["auth_time"]

    page.get_by_role("link", name="Refresh").click()
    refreshed = house.told(page)
    assert refreshed["auth_time"] == told["auth_time"]
    assert refreshed["sub"] == told["sub"]

    page.get_by_role("link", name="Log out", exact=True).click()
    expect(page.locator("#told")).to_have_text("bye", timeout=WAIT)
    page.goto(house.household.verifier.url)
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"{house.application}/refresh")
    expect(page.locator("#told")).to_have_text("invalid_grant", timeout=WAIT)


def test_the_same_without_javascript_and_logging_out_with_a_question(
    house: House, visit: Callable[..., Page], pictures: Path
) -> None:
    page = visit(javascript=False, viewport=PHONE)
    page.goto(house.application)
    page.get_by_role("link", name="Delete everything").click()
    house.give_password(page)
    house.press_the_card(page)
    page.get_by_role("button", name="Agree", exact=True).click(timeout=WAIT)
    assert house.told(page)["acr"] == "urn:challng:card"

    page.get_by_role("link", name="Log out, without a hint").click()
    expect(page.get_by_text("The Wiki asks to log you out.")).to_be_visible(timeout=WAIT)
    page.screenshot(path=pictures / "openid-logout.png")
    page.get_by_role("link", name="Stay logged in").click()
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    page.goto(f"{house.application}/logout?ask=1")
    page.get_by_role("button", name="Log out").click(timeout=WAIT)
    expect(page.locator("#told")).to_have_text("bye", timeout=WAIT)


def test_whoever_does_not_agree_is_back_at_the_application(
    house: House, visit: Callable[..., Page]
) -> None:
    page = visit(viewport=PHONE, color_scheme="dark")
    page.goto(f"{house.application}/login?acr_values=urn:challng:card")
    house.give_password(page)
    house.press_the_card(page)
    expect(page.get_by_role("button", name="Do not agree")).to_be_visible(timeout=WAIT)
    accessible(page)
    page.get_by_role("button", name="Do not agree").click()
    expect(page.locator("#told")).to_have_text("access_denied", timeout=WAIT)
    page.goto(f"{house.application}/logout?ask=1")
    expect(page.get_by_role("button", name="Log out")).to_be_visible(timeout=WAIT)
    accessible(page)


def test_an_admin_keeps_the_applications_at_the_desk(
    house: House, visit: Callable[..., Page], pictures: Path
) -> None:
    admin = Cast(house.household).staff("kim", "admin")
    page = visit(viewport={"width": 1100, "height": 800})
    admin.log_in(page)
    page.get_by_role("link", name="Applications").click()
    expect(page.locator("#issuer")).to_have_text(house.household.verifier.url)
    page.screenshot(path=pictures / "openid-desk.png", full_page=True)
    page.get_by_label("Client ID").fill("board")
    page.get_by_label("Name that users are shown").fill("The Board")
    page.get_by_label("Addresses to come back to").fill("https://board.example.com/callback")
    page.get_by_role("button", name="Add the application").click()
    expect(page.locator("#secret")).to_contain_text("cho_")
    accessible(page)
    page.get_by_role("link", name="Done").click()
    ended = page.locator("section", has=page.get_by_role("heading", name="The Board"))
    ended.get_by_label("Reason").fill("a trial that is over")
    ended.get_by_role("button", name="End the application").click()
    expect(page.get_by_role("status")).to_be_visible()
    expect(ended).to_have_count(0)
