"""A card's settings file: the defaults' own, with what a way of building it needs changed."""

import json
import re

from hardware.locked import ROOT

#: What the halt unit watches, and the pairing cable's port.
HALT_REQUEST = "/run/challng/halt"
CABLE_PORT = "/dev/ttyGS0"


def card_toml(**changes: str) -> str:
    """`device/card.toml` with these text values, by key; each key must be there once."""
    text = (ROOT / "device/card.toml").read_text()
    for key, value in changes.items():
        line = f"{key} = {json.dumps(value)}"
        text, found = re.subn(rf'^{key} = ".*"$', line, text, flags=re.MULTILINE)
        if found != 1:
            raise ValueError(f"device/card.toml has {found} lines {key} = ..., expected one")
    return text
