"""Where a GPIO comes out: BCM numbers and the pins of the 40-pin header, alike on every Pi."""

from __future__ import annotations

HEADER_PINS = {
    2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16,
    24: 18, 10: 19, 9: 21, 25: 22, 11: 23, 8: 24, 7: 26, 0: 27, 1: 28, 5: 29,
    6: 31, 12: 32, 13: 33, 19: 35, 16: 36, 26: 37, 20: 38, 21: 40,
}  # fmt: skip
"""Header pin of each BCM number."""


def place(gpio: int) -> str:
    """Say where a GPIO is, in both numberings: `GPIO 6 (pin 31)`."""
    return f"GPIO {gpio} (pin {HEADER_PINS[gpio]})"
