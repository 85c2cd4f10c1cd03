"""Pictures of the card: in a terminal, and beside the page at a login, from the first key on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from device.keystore import FileKeyStore
from device.reading import read
from device.settings import parse
from device.simulated import CLEAR, OK, SimulatedCard, seen
from device.terminal import Card, TerminalCard
from tests.doors import Household
from tests.manual.moving import LARGEST, SIZE, Moving


def test_the_terminal_card_can_be_seen(
    household: Household, browser: Browser, pictures: Path
) -> None:
    settings = parse({"press": {"open_seconds": 0.2}}, "test")
    card = Card(settings, FileKeyStore(household.card.store))

    async def drawn() -> str:
        app = TerminalCard(card, settings)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("space")
            while read(seen(card.world)) != ["PIN>", "_"]:
                await pilot.pause(0.02)
            await pilot.press("7", "3")
            while read(seen(card.world)) != ["PIN>", "**_"]:
                await pilot.pause(0.02)
            await pilot.pause(0.3)
            return app.export_screenshot(title="challng-card sim")

    try:
        with ThreadPoolExecutor() as pool:  # Playwright's loop runs in this thread already
            picture = pool.submit(lambda: asyncio.run(drawn())).result()
    finally:
        card.close()
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    try:
        page.set_content(f"<style>body{{margin:0}}</style>{picture}")
        page.locator("svg").first.screenshot(path=pictures / "terminal.png")
    finally:
        page.close()
    with Image.open(pictures / "terminal.png") as shot:
        assert shot.width > 900


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
