"""The card in a terminal as a picture; the screens by themselves: tests/manual/screens.py."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from device.keystore import FileKeyStore
from device.reading import read
from device.settings import parse
from device.simulated import seen
from device.terminal import Card, TerminalCard
from tests.doors import Household


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
