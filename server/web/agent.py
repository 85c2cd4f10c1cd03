"""What is asking, in a few words: whoever approves a login is shown "Firefox on Linux"."""

from __future__ import annotations

import re
from functools import lru_cache

_BROWSERS = (  # the first that fits: most of them name others too
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_LOOKED_AT = 512
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}")


def shortened(agent: str) -> str:
    """Return the browser and the system that a User-Agent names, or another program's name.

    Nothing of it is believed: whoever asks writes what he likes. Empty where it says nothing.
    """
    return _shortened(agent[:_LOOKED_AT])


@lru_cache(maxsize=1024)
def _shortened(agent: str) -> str:
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    if browser and system:
        return f"{browser} on {system}"
    if browser or system:
        return browser or system or ""
    product = _PRODUCT.match(agent)
    return product[0] if product else ""
