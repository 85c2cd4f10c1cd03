"""The terminal card, its keys pressed by keyboard and mouse, its glass read off the pixels."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from device.blocks import braille, half_blocks
from device.errors import DeviceError
from device.fingers import PRESS
from device.keystore import FileKeyStore
from device.reading import read
from device.settings import Settings
from device.settings import parse as settings_of
from device.simulated import seen
from device.terminal import Card, KeyCap, TerminalCard, note_from
from drivers.frame import Frame
from drivers.sim.cable import PtyCable
from tests.device.conftest import card_key

Story = Callable[[Pilot[None], TerminalCard], Awaitable[None]]
SMALL = (80, 24)


def play(
    store: FileKeyStore,
    story: Story,
    size: tuple[int, int] = SMALL,
    note: str = "",
    cable: PtyCable | None = None,
    **pad: object,
) -> None:
    settings: Settings = settings_of({"press": {"open_seconds": 0.2}, **pad}, "test")
    card = Card(settings, store, cable)

    async def run() -> None:
        app = TerminalCard(card, settings, note)
        async with app.run_test(size=size) as pilot:
            await story(pilot, app)

    try:
        asyncio.run(run())
    finally:
        card.close()
    assert card.trouble is None
    assert not card.world.glass.on


async def until(pilot: Pilot[None], app: TerminalCard, *lines: str) -> None:
    """Wait until the glass shows just these lines."""
    deadline = time.monotonic() + 30
    while (shown := read(seen(app.card.world))) != list(lines):
        assert time.monotonic() < deadline, f"expected {lines} on the glass, got {shown}"
        await pilot.pause(0.02)


async def until_any(pilot: Pilot[None], app: TerminalCard, line: str) -> None:
    """Wait until the glass shows this line, whatever else."""
    deadline = time.monotonic() + 30
    while line not in (shown := read(seen(app.card.world))):
        assert time.monotonic() < deadline, f"expected {line} on the glass, got {shown}"
        await pilot.pause(0.02)


async def press(pilot: Pilot[None], app: TerminalCard, key: str) -> None:
    """Press a key when no other is down: two at a time count as none."""
    while app.fingers.closed:
        await pilot.pause(0.02)
    await pilot.press(key)


async def typed(pilot: Pilot[None], app: TerminalCard, prompt: str, keys: str, length: int) -> None:
    """Type characters, each when the one before it is on the glass."""
    for number, key in enumerate(keys, start=1):
        await press(pilot, app, key)
        shown = ("*" * number) if prompt == "PIN>" else keys[:number]
        await until(pilot, app, prompt, shown[:length] + ("_" if number < length else ""))


def picture(app: TerminalCard) -> str:
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


def test_a_login_typed_on_the_keyboard(store: FileKeyStore) -> None:
    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        await press(pilot, app, "space")
        await until(pilot, app, "PIN>", "_")
        await typed(pilot, app, "PIN>", "73059", 4)
        await press(pilot, app, "backspace")
        await until(pilot, app, "PIN>", "***_")
        await press(pilot, app, "5")
        await until(pilot, app, "PIN>", "****")
        await press(pilot, app, "enter")
        await until(pilot, app, "CHALLNG>", "_")
        await typed(pilot, app, "CHALLNG>", "248690", 6)
        await press(pilot, app, "enter")
        await until(pilot, app, "3201 7761")
        await press(pilot, app, "backspace")
        await until(pilot, app)

    play(store, story)


def test_a_login_pressed_with_the_mouse(store: FileKeyStore) -> None:
    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        caps = {cap.key: cap for cap in app.query(KeyCap)}
        await pilot.mouse_down(caps[PRESS])
        await until(pilot, app, "PIN>", "_")
        assert app.fingers.closed == {PRESS}
        await pilot.mouse_up(caps[PRESS])
        for number, key in enumerate("7305", start=1):
            await pilot.click(caps[key])
            await until(pilot, app, "PIN>", "*" * number + ("_" if number < 4 else ""))
            while app.fingers.closed:
                await pilot.pause(0.02)
        await pilot.click(caps["#"])
        await until(pilot, app, "CHALLNG>", "_")

    play(store, story)


def test_a_letter_chooses_a_slot(store: FileKeyStore) -> None:
    store.add("B", card_key(key=b"b" * 32))

    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        await press(pilot, app, "p")
        await until(pilot, app, "SLOT A", "PIN>", "_")
        await press(pilot, app, "b")
        await until(pilot, app, "SLOT B", "PIN>", "_")

    play(store, story)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_it_quits(store: FileKeyStore, key: str) -> None:
    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        await press(pilot, app, key)
        await pilot.pause(0.05)
        assert not app.is_running

    play(store, story)


def test_everything_fits_80_by_24(store: FileKeyStore) -> None:
    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        await press(pilot, app, "space")
        await until(pilot, app, "PIN>", "_")
        await pilot.pause(0.1)
        for widget in (*app.query(KeyCap), app.query_one("#glass"), app.query_one("#help")):
            assert app.screen.region.contains_region(widget.region), widget
        shown = picture(app)
        for row in braille(seen(app.card.world)):
            assert row in shown
        assert "CLR" in shown
        assert "quit" in shown

    play(store, story)


def test_a_note_stands_above_the_card_and_still_all_fits(
    store: FileKeyStore, tmp_path: Path
) -> None:
    file = tmp_path / "note"
    file.write_text("Open [the page]\nUser name ada\nCard PIN\na fourth line\n")
    note = note_from(file)

    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        await pilot.pause()
        shown = picture(app)
        for line in ("Open [the page]", "User name ada", "Card PIN", "Backspace"):
            assert line in shown
        assert "fourth" not in shown

    play(store, story, note=note)


def test_a_note_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cannot be read"):
        note_from(tmp_path / "none")


def test_a_large_terminal_shows_every_pixel_in_half_blocks(store: FileKeyStore) -> None:
    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        await press(pilot, app, "space")
        await until(pilot, app, "PIN>", "_")
        await pilot.pause(0.1)
        shown = picture(app)
        for row in half_blocks(seen(app.card.world)):
            assert row in shown

    play(store, story, (150, 44))


def test_blocks_keep_every_pixel() -> None:
    frame = Frame(8, 8)
    frame.set(0, 0)
    frame.set(1, 3)
    frame.set(7, 7)
    assert half_blocks(frame) == ["▀       ", " ▄      ", "        ", "       ▄"]
    assert braille(frame) == ["\u2881\u2800\u2800\u2800", "\u2800\u2800\u2800\u2880"]


def test_a_key_of_the_keyboard_holds_ok_for_pairing(store: FileKeyStore, tmp_path: Path) -> None:
    cable = PtyCable(tmp_path / "cable")

    async def story(pilot: Pilot[None], app: TerminalCard) -> None:
        assert "hold OK" in picture(app)
        await press(pilot, app, "space")
        await until(pilot, app, "PIN>", "_")
        await press(pilot, app, "h")
        await until_any(pilot, app, "PAIRING BY CABLE")
        deadline = time.monotonic() + 30
        while read(seen(app.card.world)):  # a key that comes before OK is up counts for nothing
            assert time.monotonic() < deadline
            if not app.fingers.closed:
                await press(pilot, app, "backspace")
            await pilot.pause(0.2)

    play(store, story, cable=cable)
    cable.unplug()
