"""From the start of the process to `PIN>` on the glass, beside importing all libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic

from tests.bench import Figure, Figures

RUNS = 9

# What the command `challng-card run` does on simulated parts, with the button already on its way
# down; it tells when `PIN>` stands on the glass. The monotonic clock is the same in all processes.
FIRST_SCREEN = """
import sys, time
from device.settings import parse
from device.simulated import SimulatedCard
from device.keystore import FileKeyStore
from pathlib import Path
card = SimulatedCard(parse({}, "defaults"), FileKeyStore(Path(sys.argv[1])))
card.press()
shown = time.monotonic()
assert card.lines()[0].startswith("PIN>"), card.lines()
print(shown)
"""
EVERYTHING = """
import gpiozero, gpiozero.pins.mock, luma.oled.device, PIL.Image, smbus2, cryptography, time
import cryptography.hazmat.primitives.ciphers.aead
print(time.monotonic())
"""
NOTHING = "import time; print(time.monotonic())"


def since_start(code: str, *arguments: str) -> float:
    """Milliseconds from just before a fresh Python is started to the moment that it prints."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    begun = monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return 1000 * (float(done.stdout) - begun)


def figures() -> Figures:
    """Medians of warm starts, byte code compiled."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "card"
        passphrase = Path(folder) / "passphrase"
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
        for name, code in (
            ("start to PIN> on the glass (simulated parts)", FIRST_SCREEN),
            ("start to all libraries imported", EVERYTHING),
            ("start of a bare Python", NOTHING),
        ):
            since_start(code, str(store))
            runs = [since_start(code, str(store)) for _ in range(RUNS)]
            yield Figure(name, median(runs), "ms")
