"""The first screen: `PIN>` before anything heavy is imported, and the card that takes it over."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from device import first as first_module
from device.first import first_screen, picture
from device.keystore import FileKeyStore
from device.layout import layout_for
from device.screens import CARET, screen
from device.settings import Settings, parse
from device.state import Phase, State
from drivers.errors import PinError
from drivers.mode import Mode
from drivers.sim.world import SimWorld
from tests.device.starting import HEAVY


@pytest.mark.parametrize("height", [64, 32])
@pytest.mark.parametrize("driver", ["ssd1306", "sh1106"])
def test_pin_is_on_the_glass_before_anything_heavy_is_imported(
    store: FileKeyStore, driver: str, height: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.device.starting", store.directory, driver, str(height)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["heavy"] == [], f"of {HEAVY}"
    assert seen["first lines"] == ["PIN>"]
    # The whole card adds the caret, one window, and never sets the display up again.
    assert seen["lit throughout"]
    assert seen["messages until ready"] <= 4
    assert (seen["code"], seen["dark at the end"]) == (0, True)


@pytest.mark.parametrize("height", [64, 32])
def test_the_first_picture_is_the_pin_screen_without_its_caret(height: int) -> None:
    layout = layout_for(128, height)
    whole = screen(State(phase=Phase.PIN), layout)
    assert whole is not None
    x, y = next(layout.field.positions())
    caret = layout.field.font.glyphs[CARET]
    whole.fill(x, y, caret.width, caret.height, False)
    assert picture(128, height) == whole


def shown(settings: Settings, mode: Mode = Mode.HARDWARE) -> bool:
    """Whether PIN> comes up, over a bus with a display on it."""
    world = SimWorld(settings.board)
    world.bus.attach()
    try:
        first = first_screen(settings, mode)
        if first is None:
            return False
        first.hand_over()
        return world.glass.on
    finally:
        world.bus.detach()


def press(monkeypatch: pytest.MonkeyPatch, down: bool) -> None:
    monkeypatch.setattr(first_module, "line_closed", lambda *_: down)


def test_a_card_started_without_its_button_stays_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    press(monkeypatch, down=True)
    assert shown(parse({}, "test"))
    press(monkeypatch, down=False)
    assert not shown(parse({}, "test"))


def test_a_card_whose_button_wakes_the_pi_starts_with_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    press(monkeypatch, down=False)
    assert shown(parse({"press": {"pin": 3}, "display": {"bus": 3}}, "test"))


def test_a_simulated_card_has_no_first_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    press(monkeypatch, down=True)
    assert not shown(parse({}, "test"), Mode.SIM)


@pytest.mark.parametrize("error", [PinError("no chip"), PermissionError()])
def test_pins_that_cannot_be_read_are_left_for_the_whole_card_to_name(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object) -> bool:
        raise error

    monkeypatch.setattr(first_module, "line_closed", refuse)
    assert not shown(parse({}, "test"))


def test_a_display_that_does_not_answer_is_too(monkeypatch: pytest.MonkeyPatch) -> None:
    press(monkeypatch, down=True)
    assert first_screen(parse({"display": {"bus": 98}}, "test"), Mode.HARDWARE) is None
    settings = parse({}, "test")
    world = SimWorld(settings.board)
    world.bus.devices.clear()
    world.bus.attach()
    try:
        assert first_screen(settings, Mode.HARDWARE) is None
    finally:
        world.bus.detach()


def test_a_store_that_cannot_be_opened_leaves_no_pin_on_the_glass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever ends the start after the first screen darkens it."""
    from device import cli

    press(monkeypatch, down=True)
    settings = parse({}, "test")
    world = SimWorld(settings.board)
    lit: list[bool] = []

    def broken(*_: object) -> None:
        lit.append(world.glass.on)
        raise KeyboardInterrupt

    monkeypatch.setattr("device.service.serve", broken)
    monkeypatch.setattr(cli, "load", lambda _: settings)
    world.bus.attach()
    try:
        assert cli.main(["--store", str(tmp_path), "--driver", "hardware", "run"]) == 0
    finally:
        world.bus.detach()
    assert (lit, world.glass.on) == ([True], False)
