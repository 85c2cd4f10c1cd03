"""The display driver against what is on the glass: luma and smbus2 over a simulated bus."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from drivers.display import Display
from drivers.errors import DisplayError, SettingError
from drivers.frame import Frame, Glyph
from drivers.settings import DisplaySettings
from drivers.sim.sh1106 import Sh1106
from drivers.sim.world import SimWorld
from tests.drivers.rig import settings

STAR = Glyph.from_rows(
    "...##...", "#..##..#", ".######.", "..####..", "..####..", ".######.", "#..##..#", "...##...",
)  # fmt: skip
KINDS = [
    {"driver": driver, "height": height, "rotate": rotate}
    for driver in ("ssd1306", "sh1106")
    for height in (64, 32)
    for rotate in (0, 180)
]


@pytest.fixture
def world() -> Iterator[SimWorld]:
    world = SimWorld(settings(), seed=1)
    world.bus.attach()
    yield world
    world.bus.detach()


def opened(world: SimWorld) -> Display:
    return Display(world.settings.display)


def noise(height: int, seed: int) -> Frame:
    frame = Frame(128, height)
    frame.data[:] = random.Random(seed).randbytes(len(frame.data))
    return frame


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_is_what_the_eye_sees(kind: dict[str, object]) -> None:
    world = SimWorld(settings(**kind), seed=7)
    world.bus.attach()
    try:
        display = opened(world)
        assert world.glass.on
        assert world.glass.frame() == Frame(display.width, display.height)
        for seed in range(4):
            frame = noise(display.height, seed)
            display.show(frame)
            frame.fill(20, 9, 30, 9, seed % 2 == 0)
            frame.draw(STAR, 100, 3 * seed)
            display.show(frame)
            seen = world.glass.frame()
            assert (seen.rotated() if kind["rotate"] else seen) == frame
    finally:
        world.bus.detach()


def test_the_noise_of_power_on_is_dark_before_the_glass_shines(world: SimWorld) -> None:
    assert any(any(page) for page in world.controller.ram)
    lit: list[int] = []
    write = world.controller.write

    def watched(payload: bytes) -> None:
        write(payload)
        lit.append(sum(byte.bit_count() for byte in world.glass.frame().data))

    world.controller.write = watched  # type: ignore[method-assign]
    opened(world)
    assert set(lit) == {0}


def test_luma_sends_nothing_that_the_controller_does_not_know(world: SimWorld) -> None:
    opened(world).show(noise(64, 1))
    assert world.controller.unknown == []


def test_nothing_changed_is_nothing_sent(world: SimWorld) -> None:
    display = opened(world)
    frame = noise(64, 1)
    display.show(frame)
    world.bus.reset()
    assert display.show(frame) == 0
    assert display.power(True) == 0
    assert display.contrast(world.settings.display.contrast) == 0
    assert world.bus.transactions == 0


@pytest.mark.parametrize("y", [0, 8, 24, 27])
def test_one_more_star_is_at_most_64_bytes_on_the_wire(world: SimWorld, y: int) -> None:
    display = opened(world)
    frame = Frame(128, 64)
    for x in range(0, 80, 20):
        frame.draw(STAR, x, y)
        world.bus.reset()
        sent = display.show(frame)
        assert sent == world.bus.bytes
        assert sent <= 64


def test_a_full_frame_goes_as_one_window_in_pieces_that_are_soon_over(world: SimWorld) -> None:
    """24 bytes of picture with address and control byte: 2.4 ms at 100 kHz."""
    display = opened(world)
    frame = Frame(128, 64)
    frame.fill(0, 0, 128, 64)
    world.bus.reset()
    pieces = -(-1024 // 24)
    assert display.show(frame) == world.bus.bytes == 8 + 1024 + 2 * pieces
    assert world.bus.transactions == 1 + pieces


@pytest.mark.parametrize("driver", ["ssd1306", "sh1106"])
def test_others_get_their_turn_before_each_piece_of_a_picture(driver: str) -> None:
    world = SimWorld(settings(driver=driver))
    world.bus.attach()
    try:
        display = opened(world)
        world.bus.reset()
        since: list[int] = []

        def turn() -> None:
            since.append(world.bus.bytes)
            world.bus.reset()

        display.between = turn
        display.show(noise(64, 1))
        turn()
        assert len(since) > 40
        assert max(since) <= 36, "one piece, and the command that says where the next one goes"
        assert world.glass.frame() == noise(64, 1)
    finally:
        world.bus.detach()


def test_two_changes_far_apart_go_as_two_windows(world: SimWorld) -> None:
    display = opened(world)
    frame = Frame(128, 64)
    frame.set(0, 0)
    frame.set(127, 63)
    assert display.show(frame) == 2 * 11


def test_power_and_contrast_reach_the_glass_and_the_picture_stays(world: SimWorld) -> None:
    display = opened(world)
    frame = noise(64, 2)
    display.show(frame)
    display.power(False)
    assert not world.glass.on
    assert world.glass.frame() == Frame(128, 64)
    display.power(True)
    display.contrast(3)
    assert world.glass.frame() == frame
    assert world.glass.contrast == 3


def test_a_contrast_out_of_range_and_a_frame_that_does_not_fit_are_refused(
    world: SimWorld,
) -> None:
    display = opened(world)
    with pytest.raises(SettingError, match="0 to 255, not 256"):
        display.contrast(256)
    with pytest.raises(SettingError, match="128x32 does not fit a display of 128x64"):
        display.show(Frame(128, 32))


@pytest.mark.parametrize(("skip", "after"), [(0, 0), (0, 4), (1, 0), (1, 1), (1, 12), (1, 999)])
@pytest.mark.parametrize("kind", KINDS[::2])
def test_after_an_error_on_the_bus_the_next_frame_is_whole_again(
    kind: dict[str, object], skip: int, after: int
) -> None:
    """Also the frame that was there before: what arrived of the other one must go."""
    world = SimWorld(settings(**kind), seed=3)
    world.bus.attach()
    try:
        display = opened(world)
        frame = noise(display.height, 1)
        display.show(frame)
        world.bus.fail_next(after=after, skip=skip)
        with pytest.raises(DisplayError):
            display.show(noise(display.height, 2))
        display.show(frame)
        seen = world.glass.frame()
        assert (seen.rotated() if kind["rotate"] else seen) == frame
    finally:
        world.bus.detach()


def test_a_display_that_lost_its_supply_is_set_up_again(world: SimWorld) -> None:
    display = opened(world)
    display.contrast(9)
    frame = noise(64, 4)
    display.show(frame)
    chip = world.bus.devices.pop(0x3C)
    with pytest.raises(DisplayError, match="no display answers"):
        display.power(False)
    world.power_cycle()
    world.bus.devices[0x3C] = chip
    display.power(True)
    assert world.glass.frame() == frame
    assert world.glass.contrast == 9


def test_a_sleeping_display_that_is_set_up_again_stays_dark(world: SimWorld) -> None:
    display = opened(world)
    display.power(False)
    world.bus.fail_next()
    with pytest.raises(DisplayError):
        display.show(noise(64, 5))
    lit: list[bool] = []
    write = world.controller.write

    def watched(payload: bytes) -> None:
        write(payload)
        lit.append(world.glass.on)

    world.controller.write = watched  # type: ignore[method-assign]
    display.show(noise(64, 6))
    assert lit
    assert not any(lit)
    display.power(True)
    assert world.glass.frame() == noise(64, 6)


def test_a_missing_display_is_told_in_words_for_the_builder(world: SimWorld) -> None:
    world.bus.devices.clear()
    with pytest.raises(DisplayError, match=r"0x3c on I2C bus 1: check SDA .* ground") as told:
        opened(world)
    assert isinstance(told.value, OSError)


def test_a_display_at_another_address_does_not_answer(world: SimWorld) -> None:
    with pytest.raises(DisplayError, match="0x3d"):
        Display(DisplaySettings(address=0x3D))


def test_a_missing_bus_is_told_with_its_path(world: SimWorld) -> None:
    world.bus.present = False
    with pytest.raises(DisplayError, match=r"no I2C bus /dev/i2c-1: switch I2C on"):
        opened(world)


def test_an_sh1106_driven_as_an_ssd1306_shows_something_else(world: SimWorld) -> None:
    impostor = Sh1106(128, 64, seed=1)
    world.bus.devices[0x3C] = impostor
    world.glass.__init__(impostor)  # type: ignore[misc]
    display = opened(world)
    frame = Frame(128, 64)
    frame.draw(STAR, 8, 8)
    display.show(frame)
    assert world.glass.frame() != frame
    assert impostor.unknown


def test_the_picture_survives_the_end_of_the_program() -> None:
    """luma switches a display off at exit unless told to let it persist."""
    program = """
import atexit
from drivers.board import BoardSettings, Mode, PadLayout, open_board
from drivers.frame import Frame
from drivers.sim.world import SimWorld
pad = PadLayout((5, 6, 13, 19), (12, 16, 20, 21), ("123A", "456B", "789C", "*0#D"))
world = SimWorld(BoardSettings(pad, 26))
atexit.register(lambda: print("lit" if world.glass.lit(3, 3) else "dark"))
board = open_board(world.settings, Mode.SIM, clock=world.clock, wake=lambda: None, world=world)
frame = Frame(128, 64)
frame.set(3, 3)
board.display.show(frame)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout, run.returncode) == ("lit\n", 0), run.stderr
