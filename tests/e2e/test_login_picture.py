"""The moving picture of the README: a real login, from the first key to the last."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from device.keystore import FileKeyStore
from device.settings import parse
from device.simulated import CLEAR, OK, SimulatedCard
from tests.doors import Household
from tests.manual.moving import SIZE, Moving

LARGEST = 300_000
README = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "login.gif"


def test_a_whole_login_is_a_moving_picture(
    household: Household, visit: Callable[..., Page], pictures: Path
) -> None:
    settings = parse({}, "the picture")
    card = SimulatedCard(settings, FileKeyStore(household.card.store))
    moving = Moving(settings.board.pad.keys)
    page = visit(viewport={"width": 390, "height": 726})

    def typed(keys: str) -> None:
        for key in keys:
            card.type(key)
            moving.add(card.picture(), key)
        moving.add(card.picture(), milliseconds=500)

    page.goto(f"{household.verifier.url}/login")
    moving.see(page.screenshot())
    moving.add(card.picture(), milliseconds=900)
    page.get_by_label("User name").fill(household.user)
    page.get_by_label("Password").fill(household.password)
    moving.see(page.screenshot())
    moving.add(card.picture(), milliseconds=1000)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Valid until")).to_be_visible()
    moving.see(page.screenshot())
    moving.add(card.picture(), milliseconds=1800)

    card.press()
    moving.add(card.picture(), "press", milliseconds=900)
    typed(household.pin)
    typed(OK)
    typed(page.locator("#challenge").inner_text().strip())
    typed(OK)
    (response,) = card.lines()
    assert re.fullmatch(r"\d{4} \d{4}", response)
    moving.add(card.picture(), milliseconds=1500)

    page.get_by_label("Response").fill(response)
    moving.see(page.screenshot())
    moving.add(card.picture(), milliseconds=1200)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    moving.see(page.screenshot())
    card.type(CLEAR)
    assert card.lines() == []
    card.close()
    moving.add(card.picture(), milliseconds=3000)

    moving.save(pictures / "login.gif")
    with Image.open(pictures / "login.gif") as made:
        assert made.size == SIZE
        assert made.n_frames > 20
    assert (pictures / "login.gif").stat().st_size < LARGEST


def test_the_picture_that_the_readme_shows_is_not_heavy() -> None:
    assert README.stat().st_size < LARGEST
    assert "(docs/pictures/login.gif)" in (README.parents[2] / "README.md").read_text()
