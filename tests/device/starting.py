"""`python -m tests.device.starting STORE [CONFIG]`: `challng-card run` with `press` down, measured.

Until the display is switched on, its bus only notes what is sent and the press button is just
closed: nothing of the simulation is loaded. Then the rest of the world is put under the card, which
goes on to be a whole one and is ended once it takes keys. What was seen is printed as JSON.
"""

import os
import signal
import sys
import time
from pathlib import Path

import drivers.first_look
import drivers.wire

HEAVY = ("luma", "PIL", "gpiozero", "cryptography", "textual", "importlib.metadata", "smbus2")
seen: dict[str, object] = {}
sent: list[bytes] = []


class NotedBus:
    """Module `os` as `drivers.wire` sees it: the bus takes everything."""

    O_RDWR = os.O_RDWR

    def open(self, path: str, flags: int) -> int:
        assert path == "/dev/i2c-1"
        return os.open(os.devnull, flags)

    def write(self, file: int, payload: bytes) -> int:
        sent.append(payload)
        if payload[0] == 0x40 and any(payload[1:]):
            seen.setdefault("first", time.monotonic())
            seen.setdefault("heavy", [name for name in HEAVY if name in sys.modules])
        if payload == b"\0\xaf":
            begun = time.monotonic()
            put_the_world_under_it()
            seen["simulation"] = time.monotonic() - begun
        return len(payload)

    def close(self, file: int) -> None:
        os.close(file)


def put_the_world_under_it() -> None:
    """A whole simulated card, whose display has taken what was sent so far."""
    from device.reading import read
    from drivers import hardware
    from drivers.sim.electrical import GND, Circuit
    from drivers.sim.i2c import SimBus
    from drivers.sim.oled import Glass
    from drivers.sim.sh1106 import Sh1106
    from drivers.sim.ssd1306 import Ssd1306
    from tests.drivers.fake_lgpio import FakeLgpio

    circuit = Circuit()
    circuit.join(26, GND)
    sys.modules["lgpio"] = FakeLgpio(circuit)
    os.environ["LG_WD"] = "/tmp"
    vars(hardware)["header_chip"] = a_pi_zero_2
    driver, height = sys.argv[2], int(sys.argv[3])
    controller = {"ssd1306": Ssd1306, "sh1106": Sh1106}[driver](128, height)
    glass = Glass(controller)
    for payload in sent:
        controller.write(payload)
    controller.write(b"\0\xaf")
    bus = SimBus(1)
    bus.devices[0x3C] = controller
    bus.attach()
    seen["first lines"] = read(glass.frame())
    write = controller.write
    later: list[list[int]] = []

    def watched(payload: bytes) -> None:
        write(payload)
        later.append(list(payload[:2]))
        if read(glass.frame()) == ["PIN>", "_"] and "ready" not in seen:
            seen["ready"] = time.monotonic()
            seen["lit throughout"] = [0, 0xAE] not in later
            seen["messages until ready"] = len(later)
            signal.raise_signal(signal.SIGTERM)

    controller.write = watched  # type: ignore[method-assign]
    seen["dark at the end"] = lambda: not glass.on


def a_pi_zero_2() -> None:
    """Called when gpiozero is imported, which asks next what board this is."""
    from gpiozero.pins import local

    vars(local)["get_pi_revision"] = lambda: 0x902120


def main() -> None:
    vars(drivers.wire).update(os=NotedBus(), ioctl=lambda *_: 0)
    vars(drivers.first_look)["line_closed"] = lambda *_: True
    from device.cli import main as card

    store, driver, height = sys.argv[1:4]
    config = Path(store).parent / "card.toml"
    config.write_text(f'[display]\ndriver = "{driver}"\nsize = "128x{height}"\n')
    seen["code"] = card(["--driver", "hardware", "--config", str(config), "--store", store, "run"])
    dark = seen["dark at the end"]
    seen["dark at the end"] = dark() if callable(dark) else dark
    import json

    print(json.dumps(seen))


if __name__ == "__main__":
    main()
