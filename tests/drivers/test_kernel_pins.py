"""The card on gpiozero's pins over the kernel's lines, which are simulated here.

The lines themselves are tested on a real kernel: `make test-kernel`.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero.exc import PinFixedPull, PinInvalidEdges, PinInvalidFunction, PinInvalidPull

from drivers import hardware, kernel_pins, lines
from drivers.board import Mode, open_board
from drivers.edges import EdgeReader
from drivers.errors import PinError
from drivers.hardware import real_pins
from drivers.lines import (
    BOTH_EDGES,
    HEADER_LABELS,
    NO_PULL,
    OUTPUT,
    PULL_DOWN,
    PULL_UP,
    header_chip,
)
from drivers.sim.clock import VirtualClock
from drivers.sim.electrical import Circuit, Drive
from drivers.sim.world import SimWorld
from tests.drivers.rig import SETTINGS, Rig

CHIP = Path("/dev/gpiochip7")


class SimLine:
    """One line on a simulated circuit."""

    circuit: Circuit
    calls = 0

    def __init__(self, chip: Path, offset: int) -> None:
        assert chip == CHIP
        self.handle = offset
        self.flags = 0

    def become(self, flags: int, high: bool = False) -> None:
        SimLine.calls += 1
        self.flags = flags
        if flags & OUTPUT:
            drive = Drive.HIGH if high else Drive.LOW
        elif flags & PULL_UP:
            drive = Drive.PULL_UP
        elif flags & PULL_DOWN:
            drive = Drive.PULL_DOWN
        else:
            assert flags & NO_PULL, "the kernel leaves a pull as it was unless it is told"
            drive = Drive.FLOATING
        self.circuit.drive(self.handle, drive)

    def read(self) -> bool:
        SimLine.calls += 1
        return bool(self.circuit.level(self.handle))

    def write(self, high: bool) -> None:
        assert self.flags & OUTPUT
        SimLine.calls += 1
        self.circuit.drive(self.handle, Drive.HIGH if high else Drive.LOW)

    def forget_edges(self) -> None:
        pass

    def close(self) -> None:
        pass


class SimEdges:
    """Calls at once, where the real one has a thread."""

    def __init__(self) -> None:
        self.watched: dict[SimLine, Callable[[], None]] = {}

    def add(self, line: SimLine, call: Callable[[], None]) -> None:
        self.watched[line] = call

        def edge(_level: bool) -> None:
            if line in self.watched and line.flags & BOTH_EDGES == BOTH_EDGES:
                self.watched[line]()

        SimLine.circuit.listen(line.handle, edge)

    def remove(self, line: SimLine) -> None:
        del self.watched[line]

    def close(self) -> None:
        assert self.watched == {}, "every line is let go of first"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimWorld]:
    world = SimWorld(SETTINGS, VirtualClock())
    SimLine.circuit, SimLine.calls = world.circuit, 0
    monkeypatch.setattr(kernel_pins, "Line", SimLine)
    monkeypatch.setattr(kernel_pins, "EdgeReader", SimEdges)
    monkeypatch.setattr(hardware, "header_chip", lambda: CHIP)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0x902120)
    world.bus.attach()
    yield world
    world.bus.detach()


def test_the_card_types_and_then_leaves_the_lines_alone(world: SimWorld) -> None:
    rig = Rig()
    rig.world = world
    rig.clock = world.clock  # type: ignore[assignment]
    rig.board = open_board(SETTINGS, Mode.HARDWARE, clock=rig.clock, wake=lambda: None)
    with rig:
        rig.run(0.1)
        for key in "7305#":
            world.tap(key, 0.025, 0.005)
            rig.run(0.05)
        world.hold_press(0.3, 0.02)
        rig.run(1)
        assert rig.typed == "7305#"
        assert len(rig.presses) == 2
        calls = SimLine.calls
        rig.run(3600)
        assert SimLine.calls == calls
        assert rig.board.keypad.due() is None


def test_asking_a_pin_for_what_it_cannot_be_is_refused(world: SimWorld) -> None:
    factory = real_pins()
    pin = factory.pin(5)
    with pytest.raises(PinInvalidFunction):
        pin.function = "clock"
    with pytest.raises(PinInvalidPull):
        pin.pull = "sideways"
    with pytest.raises(PinInvalidEdges):
        pin.edges = "rising"
    with pytest.raises(PinFixedPull, match="resistor"):
        factory.pin(3).pull = "down"
    pin.function = "output"
    with pytest.raises(PinFixedPull, match="output"):
        pin.pull = "up"
    factory.close()


def test_an_output_is_at_its_level_from_the_first_moment(world: SimWorld) -> None:
    factory = real_pins()
    pin = factory.pin(5)
    seen: list[bool] = []
    world.circuit.listen(5, seen.append)
    pin.output_with_state(1)
    assert pin.state
    assert False not in seen
    pin.state = 0
    assert not pin.state
    pin.function = "input"
    pin.pull = "up"
    assert pin.state
    assert (pin.function, pin.pull) == ("input", "up")
    factory.close()


def test_a_machine_without_a_pi_s_revision_is_a_pin_error(
    world: SimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_chip: Path) -> None:
        raise RuntimeError("unable to locate Pi revision")

    monkeypatch.setattr(kernel_pins, "KernelFactory", refuse)
    with pytest.raises(PinError, match="unable to locate Pi revision"):
        real_pins()


@pytest.mark.parametrize("label", HEADER_LABELS)
def test_the_chip_is_found_by_its_label_not_by_its_number(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {"gpiochip0": "raspberrypi-exp-gpio", "gpiochip1": None, "gpiochip4": label}
    for name in (*labels, "gpiomem"):
        (tmp_path / name).touch()

    def info(device: int, _request: int, into: bytearray) -> None:
        known = labels[Path(f"/proc/self/fd/{device}").readlink().name]
        if known is None:
            raise OSError
        into[:] = struct.pack("=32s32sI", b"chip", known.encode(), 54)

    monkeypatch.setattr(lines, "ioctl", info)
    assert header_chip(tmp_path) == tmp_path / "gpiochip4"
    labels["gpiochip4"] = "pcf8574"
    assert header_chip(tmp_path) is None


class Pipe:
    """Something to watch: one end of a pipe."""

    def __init__(self) -> None:
        self.handle, self.writer = os.pipe()
        self.edges = threading.Semaphore(0)

    def forget_edges(self) -> None:
        os.read(self.handle, 1)

    def close(self) -> None:
        os.close(self.handle)
        os.close(self.writer)


def test_an_edge_of_a_watched_line_is_told_and_of_no_other() -> None:
    reader, one, other = EdgeReader(), Pipe(), Pipe()
    reader.add(one, one.edges.release)
    reader.add(other, other.edges.release)
    os.write(one.writer, b"e")
    assert one.edges.acquire(timeout=30)
    reader.remove(one)
    os.write(one.writer, b"e")
    os.write(other.writer, b"e")
    assert other.edges.acquire(timeout=30)
    reader.remove(other)
    reader.close()
    reader.close()
    assert not one.edges.acquire(blocking=False)
    assert not other.edges.acquire(blocking=False)
    one.close()
    other.close()


def test_a_reader_that_watched_nothing_has_no_thread() -> None:
    before = threading.active_count()
    reader = EdgeReader()
    assert threading.active_count() == before
    reader.close()
