"""One look at the press button before any library is loaded."""

from __future__ import annotations

from pathlib import Path

from drivers.lines import DEVICES, INPUT, PULL_DOWN, PULL_UP, Line, header_chip


def line_closed(line: int, active_low: bool, devices: Path = DEVICES) -> bool:
    """Read the contact on one line once, with the pull it needs; OSError if that cannot be done."""
    chip = header_chip(devices)
    if chip is None:
        raise FileNotFoundError("no GPIO chip is labelled as a Raspberry Pi's")
    contact = Line(chip, line)
    try:
        contact.become(INPUT | (PULL_UP if active_low else PULL_DOWN))
        return contact.read() is not active_low
    finally:
        contact.close()
