"""Pin libraries that cannot stand together are refused at start, with the reason."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from drivers.board import Mode, open_board
from drivers.compatible import Machine, refuse_conflicts, refuse_rpigpio, this_machine
from drivers.errors import DriverError, LibraryConflict, MissingLibrary
from drivers.hardware import real_pins
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld
from tests.drivers.fake_rpigpio import FakeRPiGPIO
from tests.drivers.rig import SETTINGS, Rig

OLD = Machine(frozenset({"rpi-gpio"}), model="Raspberry Pi 3 Model B Plus Rev 1.3", kernel=(6, 1))


@pytest.fixture
def rpigpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimWorld]:
    """A world whose pins are reached through gpiozero's real RPi.GPIO back end."""
    world = SimWorld(SETTINGS, VirtualClock())
    package = ModuleType("RPi")
    vars(package)["GPIO"] = FakeRPiGPIO(world.circuit)
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.setitem(sys.modules, "RPi", package)
    monkeypatch.setitem(sys.modules, "RPi.GPIO", vars(package)["GPIO"])
    for name in ("lgpio", "rpigpio"):
        monkeypatch.delitem(sys.modules, f"gpiozero.pins.{name}", raising=False)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0xA020D3)
    monkeypatch.setenv("LG_WD", "/tmp")
    world.bus.attach()
    yield world
    world.bus.detach()
    sys.modules.pop("gpiozero.pins.rpigpio", None)


@pytest.mark.parametrize(
    ("packages", "reason"),
    [
        ({"rpi-gpio", "rpi-lgpio"}, r"both installed .*overwrites the other's module RPi"),
        ({"rpi-gpio", "rpi-lgpio", "lgpio"}, r"uninstall both, then install challng\[pi\]"),
    ],
)
def test_two_libraries_of_one_name_are_refused(packages: set[str], reason: str) -> None:
    with pytest.raises(LibraryConflict, match=reason) as told:
        real_pins(Machine(frozenset(packages)))
    assert isinstance(told.value, RuntimeError)
    assert isinstance(told.value, DriverError)


def test_a_package_that_asks_for_lumas_pins_is_named() -> None:
    with pytest.raises(LibraryConflict, match=r"some-hat asks for luma with its extra \[gpio\]"):
        refuse_conflicts(Machine(frozenset({"lgpio"}), luma_gpio="some-hat"))


@pytest.mark.parametrize("packages", [set(), {"lgpio"}, {"lgpio", "rpi-lgpio"}, {"rpi-gpio"}])
def test_everything_else_stands_together(packages: set[str]) -> None:
    refuse_conflicts(Machine(frozenset(packages)))


@pytest.mark.parametrize(
    ("model", "kernel", "reason"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", (6, 1), "does not know the pins of a Raspberry Pi 5"),
        ("Raspberry Pi Zero 2 W Rev 1.0", (6, 6), r"no edges .* this is 6\.6, .* never wake"),
        ("Raspberry Pi 4 Model B Rev 1.5", (6, 12), r"this is 6\.12"),
    ],
)
@pytest.mark.usefixtures("rpigpio")
def test_rpigpio_is_refused_where_it_does_not_work(
    model: str, kernel: tuple[int, int], reason: str
) -> None:
    with pytest.raises(LibraryConflict, match=reason) as told:
        real_pins(Machine(frozenset({"rpi-gpio"}), model=model, kernel=kernel))
    assert "install challng[pi]" in str(told.value)


def test_the_extra_for_older_boards_is_taken_where_lgpio_is_not(rpigpio: SimWorld) -> None:
    refuse_rpigpio(OLD)
    factory = real_pins(OLD)
    assert type(factory).__name__ == "RPiGPIOFactory"
    factory.close()


@pytest.mark.usefixtures("rpigpio")
def test_without_either_library_the_usual_extra_is_named() -> None:
    with pytest.raises(MissingLibrary, match=r"install challng\[pi\]"):
        real_pins(Machine(frozenset(), model=OLD.model, kernel=OLD.kernel))


def test_the_card_types_through_gpiozeros_real_rpigpio_pins(
    rpigpio: SimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.hardware.this_machine", lambda: OLD)
    rig = Rig()
    rig.world = rpigpio
    rig.clock = rpigpio.clock  # type: ignore[assignment]
    rig.board = open_board(SETTINGS, Mode.HARDWARE, clock=rig.clock, wake=lambda: None)
    with rig:
        rig.run(0.1)
        for key in "7305#":
            rpigpio.tap(key, 0.025, 0.005)
            rig.run(0.05)
        rpigpio.hold_press(0.3, 0.02)
        rig.run(1)
        assert rig.typed == "7305#"
        assert len(rig.presses) == 2
        library = vars(sys.modules["RPi"])["GPIO"]
        calls = library.calls
        rig.run(3600)
        assert library.calls == calls


@pytest.mark.parametrize(
    ("installed", "packages", "luma"),
    [
        ({"RPi.GPIO-0.7.1.egg-info": "", "rpi_lgpio-0.6": ""}, {"rpi-gpio", "rpi-lgpio"}, ""),
        ({"rpi_lgpio-0.6": "", "Hat-1": "luma.core[gpio]>=2"}, {"rpi-lgpio", "hat"}, "hat"),
        ({"rpi_lgpio-0.6": "", "Hat-1": "luma.oled[emu,gpio]"}, {"rpi-lgpio", "hat"}, "hat"),
        ({"rpi_lgpio-0.6": "", "Hat-1": "luma.core>=2"}, {"rpi-lgpio", "hat"}, ""),
        (
            {"rpi_lgpio-0.6": "", "Hat-1": "luma_core[gpio]; extra == 'x'"},
            {"rpi-lgpio", "hat"},
            "",
        ),
        ({"Hat-1": "luma.core[gpio]"}, {"hat"}, ""),
    ],
)
def test_names_and_requirements_are_read_off_the_installed_metadata(
    tmp_path: Path, installed: dict[str, str], packages: set[str], luma: str
) -> None:
    for name, requires in installed.items():
        if name.endswith(".egg-info"):
            (tmp_path / name).write_text("Metadata-Version: 1.1\n")
            continue
        (tmp_path / f"{name}.dist-info").mkdir()
        text = f"Metadata-Version: 2.1\nRequires-Dist: {requires}\nRequires-Dist: pillow\n"
        (tmp_path / f"{name}.dist-info" / "METADATA").write_text(text)
    machine = this_machine([str(tmp_path), "/nonexistent", __file__])
    assert (machine.packages, machine.luma_gpio) == (packages, luma)


def test_this_machine_says_what_it_is() -> None:
    machine = this_machine()
    assert {"gpiozero", "luma-core", "smbus2"} <= machine.packages
    assert machine.kernel > (2, 6)
    refuse_conflicts(machine)
