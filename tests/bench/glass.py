"""Bytes on the I2C bus: per key pressed, per screen, beside luma's own full frame."""

from __future__ import annotations

import tempfile
from pathlib import Path

from device.keystore import CardKey, FileKeyStore
from device.settings import parse
from device.simulated import OK, SimulatedCard
from protocol import serial
from protocol.ocra import DEFAULT_SUITE
from tests.bench import Figure, Figures

HZ = 400_000


def figures() -> Figures:
    """Bytes with addresses and control bytes; time at 400 kHz, nine clocks a byte."""
    with tempfile.TemporaryDirectory() as folder:
        store = FileKeyStore(Path(folder) / "card")
        store.add("A", CardKey(serial.make(1), DEFAULT_SUITE, bytes(range(32)), 0, "bench"))
        card = SimulatedCard(parse({}, "defaults"), store)
        bus = card.world.bus

        def cost(press: str) -> int:
            bus.reset()
            if press == "press":
                card.press()
            else:
                card.type(press)
            return bus.bytes

        screens = {"PIN> on a dark glass": cost("press")}
        pin = [cost(digit) for digit in "7305"]
        screens["CHALLNG> after the PIN"] = cost(OK)
        challenge = [cost(digit) for digit in "123456"]
        screens["the response after the challenge"] = cost(OK)
        bus.reset()
        card.run(1.0)
        idle = bus.bytes
        card.close()
    yield Figure("bus, one digit of the PIN, most", max(pin), "bytes")
    yield Figure("bus, one digit of the challenge, most", max(challenge), "bytes")
    for name, count in screens.items():
        yield Figure(f"bus, {name}", count, "bytes")
        yield Figure(f"bus, {name}, at 400 kHz", count * 9 / HZ * 1000, "ms")
    yield Figure("bus, a second in which nothing changes", idle, "bytes")
    yield Figure("bus, luma's own full frame", luma_frame(), "bytes")


def luma_frame() -> int:
    """What luma.oled itself sends for one picture, over the same simulated bus."""
    from luma.core.interface.serial import i2c
    from luma.oled.device import ssd1306
    from PIL import Image

    from drivers.sim.world import SimWorld

    settings = parse({}, "defaults").board
    world = SimWorld(settings)
    world.bus.attach()
    try:
        device = ssd1306(i2c(port=settings.display.bus, address=settings.display.address))
        device.persist = True
        world.bus.reset()
        device.display(Image.new("1", device.size, 1))
        return world.bus.bytes
    finally:
        world.bus.detach()
