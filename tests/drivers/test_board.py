"""Choosing a card's parts by opening them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import board as board_module
from drivers.board import Board, Mode, open_board
from drivers.errors import DisplayError, DriverError, MissingLibrary, NoFallback, PinError
from drivers.hardware import is_raspberry_pi, real_pins, runtime_directory
from drivers.keypad import Keypad
from drivers.settings import BoardSettings
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld
from tests.drivers.fake_lgpio import FakeLgpio
from tests.drivers.rig import PAD_4X4, SETTINGS, Rig

NO_PI = Path("/nonexistent/model")


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi Zero 2 W Rev 1.0\0")
    return model


@pytest.fixture
def no_lgpio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setenv("LG_WD", "/tmp")


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimWorld]:
    """A world whose pins are reached through gpiozero's real lgpio back end."""
    world = SimWorld(SETTINGS, VirtualClock())
    monkeypatch.setitem(sys.modules, "lgpio", FakeLgpio(world.circuit))
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0x902120)
    monkeypatch.setattr("drivers.hardware.header_chip", lambda: None)
    monkeypatch.setenv("LG_WD", "/tmp")
    world.bus.attach()
    yield world
    world.bus.detach()
    sys.modules.pop("gpiozero.pins.lgpio", None)


def opening(mode: Mode, model: Path = NO_PI, world: SimWorld | None = None) -> Board:
    return open_board(
        SETTINGS, mode, clock=VirtualClock(), wake=lambda: None, world=world, model=model
    )


def test_sim_is_a_whole_card_in_a_world_of_its_own() -> None:
    board = opening(Mode.SIM)
    assert (board.mode, board.reason) == (Mode.SIM, "")
    assert isinstance(board.keypad, Keypad)
    assert board.world is not None
    assert board.world.glass.on
    board.close()


@pytest.mark.usefixtures("no_lgpio")
def test_hardware_without_lgpio_names_the_extra_to_install() -> None:
    with pytest.raises(MissingLibrary, match=r"install challng\[pi\]") as told:
        opening(Mode.HARDWARE)
    assert isinstance(told.value, ImportError)


@pytest.mark.usefixtures("no_lgpio")
def test_auto_falls_back_and_says_why() -> None:
    board = opening(Mode.AUTO)
    assert board.mode is Mode.SIM
    assert "challng[pi]" in board.reason
    assert board.reason.endswith(".")
    board.close()


@pytest.mark.usefixtures("no_lgpio")
def test_auto_never_falls_back_on_a_raspberry_pi(pi: Path) -> None:
    with pytest.raises(NoFallback, match=r"challng\[pi\].*This is a Raspberry Pi"):
        opening(Mode.AUTO, pi)


def test_auto_takes_the_hardware_where_it_is_there(lgpio: SimWorld) -> None:
    board = opening(Mode.AUTO)
    assert (board.mode, board.reason, board.world) == (Mode.HARDWARE, "", None)
    board.close()


def test_auto_falls_back_when_only_the_display_is_missing(lgpio: SimWorld) -> None:
    lgpio.bus.devices.clear()
    board = opening(Mode.AUTO)
    assert board.mode is Mode.SIM
    assert "no display answers" in board.reason
    board.close()


def test_hardware_with_a_missing_display_says_so_and_gives_the_pins_back(lgpio: SimWorld) -> None:
    lgpio.bus.devices.clear()
    with pytest.raises(DisplayError, match="no display answers"):
        opening(Mode.HARDWARE)
    lgpio.bus.devices[0x3C] = lgpio.controller
    opening(Mode.HARDWARE).close()


def test_pins_that_cannot_be_opened_are_a_pin_error(
    lgpio: SimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_chip: int) -> int:
        raise RuntimeError("can not open gpiochip")

    monkeypatch.setattr(sys.modules["lgpio"], "gpiochip_open", refuse)
    with pytest.raises(PinError, match=r"can not open gpiochip.*group gpio"):
        opening(Mode.HARDWARE)


def test_a_pull_that_a_pin_cannot_have_is_a_pin_error() -> None:
    wiring = BoardSettings(PAD_4X4, press_pin=3, press_active_low=False)
    with pytest.raises(PinError, match="GPIO3"):
        open_board(wiring, Mode.SIM, clock=VirtualClock(), wake=lambda: None)


def test_the_card_types_through_gpiozeros_real_lgpio_pins(lgpio: SimWorld) -> None:
    """LGPIOFactory itself: what it forgets when a line is claimed anew would show here."""
    rig = Rig()
    rig.world = lgpio
    rig.clock = lgpio.clock  # type: ignore[assignment]
    rig.board = open_board(SETTINGS, Mode.HARDWARE, clock=rig.clock, wake=lambda: None, model=NO_PI)
    with rig:
        rig.run(0.1)
        for key in "7305#":
            lgpio.tap(key, 0.025, 0.005)
            rig.run(0.05)
        lgpio.hold_press(0.3, 0.02)
        rig.run(1)
        assert rig.typed == "7305#"
        assert len(rig.presses) == 2
        calls = sys.modules["lgpio"].calls
        rig.run(3600)
        assert sys.modules["lgpio"].calls == calls
        assert rig.board.keypad.due() is None


def test_a_raspberry_pi_is_known_by_its_device_tree(pi: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"Radxa ROCK 5B\0")
    assert is_raspberry_pi(pi)
    assert not is_raspberry_pi(other)
    assert not is_raspberry_pi(NO_PI)


def test_lgpio_gets_a_directory_of_its_own_unless_told_otherwise(
    lgpio: SimWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LG_WD")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    real_pins().close()
    assert os.environ["LG_WD"] == str(tmp_path)
    monkeypatch.setenv("LG_WD", "/elsewhere")
    real_pins().close()
    assert os.environ["LG_WD"] == "/elsewhere"


def test_the_runtime_directory_is_the_units_then_the_users_then_a_temporary_one(
    tmp_path: Path,
) -> None:
    unit, user = tmp_path / "unit", tmp_path / "user"
    unit.mkdir()
    user.mkdir()
    both = {"RUNTIME_DIRECTORY": f"{unit}:/other", "XDG_RUNTIME_DIR": str(user)}
    assert runtime_directory(both) == str(unit)
    assert runtime_directory({**both, "RUNTIME_DIRECTORY": ""}) == str(user)
    assert Path(runtime_directory({"XDG_RUNTIME_DIR": "/nonexistent"})).is_dir()


def test_every_error_of_the_package_has_one_root() -> None:
    for kind, builtin in [
        (MissingLibrary, ImportError),
        (PinError, OSError),
        (DisplayError, OSError),
        (NoFallback, RuntimeError),
    ]:
        assert issubclass(kind, DriverError)
        assert issubclass(kind, builtin)


def loaded_by(program: str) -> set[str]:
    """Return the modules that are loaded after a program ran in a fresh interpreter."""
    program += "\nimport sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(board_module.__file__).parents[1],
        check=True,
    )
    return set(run.stdout.split())


def test_looking_at_the_drivers_loads_none_of_the_big_libraries() -> None:
    loaded = loaded_by(
        "import drivers.board, drivers.frame, drivers.keypad, drivers.press_button, drivers.windows"
    )
    heavy = {"gpiozero", "luma", "PIL", "smbus2", "adafruit_matrixkeypad", "digitalio", "board"}
    assert loaded & heavy == set()
    assert not any(name.startswith("drivers.sim") for name in loaded)


def test_a_card_on_hardware_loads_nothing_of_the_simulation_and_no_blinka() -> None:
    """The display is opened and fails for want of a bus: by then everything is loaded."""
    loaded = loaded_by("""
from drivers.board import *
from drivers import board
class Pins:
    close = lambda self: None
board.real_pins = Pins
pad = PadLayout((5, 6), (12, 16), ("12", "34"))
settings = BoardSettings(pad, 26, display=DisplaySettings(bus=941))
try:
    open_board(settings, Mode.HARDWARE, clock=float, wake=print)
except board.DriverError as error:
    assert "/dev/i2c-941" in str(error), error
""")
    assert {"luma.oled.device", "adafruit_matrixkeypad"} <= loaded
    assert not any(name.startswith("drivers.sim") for name in loaded)
    assert (
        loaded & {"board", "busio", "digitalio", "microcontroller", "gpiozero.pins.mock"} == set()
    )
