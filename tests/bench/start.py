"""From the start of the process to `PIN>` on the bus, beside importing all libraries.

The card is started as `challng-card run` with `press` down. Its bus notes the bytes; what the
simulation under it costs to load is measured and left out (`tests.device.starting`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic

from tests.bench import Figure, Figures

RUNS = 9

EVERYTHING = """
import gpiozero, gpiozero.pins.mock, luma.oled.device, PIL.Image, smbus2, cryptography, time
import cryptography.hazmat.primitives.ciphers.aead
print(time.monotonic())
"""
NOTHING = "import time; print(time.monotonic())"


def output(*arguments: str) -> tuple[float, str]:
    """When a fresh Python was started, by the clock that all processes share; what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    begun = monotonic()
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment
    )
    return begun, done.stdout


def since_start(code: str) -> float:
    """Milliseconds from just before a fresh Python is started to the moment that it prints."""
    begun, printed = output("-c", code)
    return 1000 * (float(printed) - begun)


def card_start(store: Path) -> tuple[float, float]:
    """Milliseconds to the first byte of the first picture, and until the card takes keys."""
    begun, printed = output("-m", "tests.device.starting", str(store), "ssd1306", "64")
    seen = json.loads(printed)
    ready = seen["ready"] - begun - seen["simulation"]
    return 1000 * (seen["first"] - begun), 1000 * ready


def figures() -> Figures:
    """Medians of warm starts, byte code compiled."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "card"
        passphrase = Path(folder) / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text("correct horse battery staple")
        subprocess.run(
            [
                *(sys.executable, "-m", "provisioning", "new", "--store", str(store)),
                *("--out", str(Path(folder) / "card.pskc")),
                *("--passphrase-file", str(passphrase)),
            ],
            check=True,
            capture_output=True,
        )
        card_start(store)
        starts = [card_start(store) for _ in range(RUNS)]
        yield Figure(
            "start to the first glyph of PIN> on the bus", median(s[0] for s in starts), "ms"
        )
        yield Figure("start to a card that takes keys", median(s[1] for s in starts), "ms")
    for name, code in (
        ("start to all libraries imported", EVERYTHING),
        ("start of a bare Python", NOTHING),
    ):
        since_start(code)
        yield Figure(name, median(since_start(code) for _ in range(RUNS)), "ms")
