"""The first screen at the level of the bus: luma's own bytes, and a glass that is taken over."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from luma.core.interface.serial import i2c
from luma.oled.device import sh1106, ssd1306

from drivers.display import Display
from drivers.first import FirstScreen
from drivers.frame import Frame
from drivers.sim.world import SimWorld
from tests.drivers.rig import settings

KINDS = [
    {"driver": driver, "height": height, "rotate": rotate}
    for driver in ("ssd1306", "sh1106")
    for height in (64, 32)
    for rotate in (0, 180)
]
LUMA = {"ssd1306": ssd1306, "sh1106": sh1106}


class Recorded:
    """A display in a world, and every message that it gets."""

    def __init__(self, kind: dict[str, object]) -> None:
        self.settings = settings(**kind)
        self.world = SimWorld(self.settings, seed=5)
        self.messages: list[bytes] = []
        self.lit: list[bool] = []
        write = self.world.controller.write

        def watched(payload: bytes) -> None:
            write(payload)
            self.messages.append(payload)
            self.lit.append(self.world.glass.on)

        self.world.controller.write = watched  # type: ignore[method-assign]

    def seen(self) -> Frame:
        seen = self.world.glass.frame()
        return seen.rotated() if self.settings.display.rotate else seen


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(str(value) for value in kind.values()))
def recorded(request: pytest.FixtureRequest) -> Iterator[Recorded]:
    recorded = Recorded(request.param)
    recorded.world.bus.attach()
    yield recorded
    recorded.world.bus.detach()


def noise(height: int, seed: int = 1) -> Frame:
    frame = Frame(128, height)
    frame.data[:] = random.Random(seed).randbytes(len(frame.data))
    return frame


def test_the_set_up_is_lumas_byte_for_byte(recorded: Recorded) -> None:
    display = recorded.settings.display
    device = LUMA[display.driver](i2c(port=1), width=128, height=display.height)
    device.persist = True
    lumas = recorded.messages.copy()
    recorded.messages.clear()
    FirstScreen(display, Frame(128, display.height)).hand_over()
    ours = recorded.messages
    # Only the contrast is another: luma's is its own, ours is the setting's.
    assert ours[1] == bytes([0x00, 0x81, display.contrast])
    assert [ours[0], *map(spelled, ours[2:])] == [lumas[0], *map(spelled, lumas[2:])]
    assert lumas[1][:2] == ours[1][:2]


def spelled(message: bytes) -> bytes:
    """luma addresses an SH1106 page by 'page, low column, high column' in an order of its own."""
    return bytes(sorted(message)) if message[0] == 0x00 and len(message) == 4 else message


def test_what_is_shown_first_is_what_the_eye_sees(recorded: Recorded) -> None:
    frame = noise(recorded.settings.display.height)
    FirstScreen(recorded.settings.display, frame).hand_over()
    assert recorded.seen() == frame
    assert recorded.lit == [False] * (len(recorded.lit) - 1) + [True]
    assert recorded.world.controller.unknown == (
        [] if recorded.settings.display.driver == "ssd1306" else recorded.world.controller.unknown
    )


def test_a_display_takes_the_glass_over_without_a_word(recorded: Recorded) -> None:
    display = recorded.settings.display
    frame = noise(display.height)
    first = FirstScreen(display, frame)
    recorded.messages.clear()
    whole = Display(display, first.picture)
    first.hand_over()
    assert recorded.messages == []
    assert whole.show(frame) == 0
    assert whole.power(True) == 0
    frame.fill(10, 8, 6, 8, on=False)
    assert 0 < whole.show(frame) <= 64
    assert recorded.seen() == frame


def test_a_display_that_was_taken_over_knows_how_to_set_itself_up_again(recorded: Recorded) -> None:
    display = recorded.settings.display
    first = FirstScreen(display, noise(display.height))
    whole = Display(display, first.picture)
    recorded.world.power_cycle()
    recorded.world.bus.fail_next()
    with pytest.raises(OSError, match="no display answers"):
        whole.power(False)
    whole.power(True)
    assert recorded.seen() == noise(display.height)


def test_a_first_screen_that_nobody_takes_over_goes_dark(recorded: Recorded) -> None:
    display = recorded.settings.display
    first = FirstScreen(display, noise(display.height))
    first.dark()
    assert not recorded.world.glass.on
    first.dark()


def test_one_that_was_taken_over_stays(recorded: Recorded) -> None:
    display = recorded.settings.display
    first = FirstScreen(display, noise(display.height))
    first.hand_over()
    first.dark()
    assert recorded.world.glass.on
