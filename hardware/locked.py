"""The card's part of requirements.lock, for everything that puts a card's software together."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
#: The packages that a card's firmware runs on, with all that these bring.
CARD = (
    *("adafruit-circuitpython-matrixkeypad", "cbor2", "cffi", "colorzero", "cryptography"),
    *("defusedxml", "gpiozero", "luma-core", "luma-oled", "pillow", "pycparser", "smbus2"),
)
_BLOCK = re.compile(r"^([\w.-]+)==(?:.*\\\n)*.*\n", re.MULTILINE)


class NotLocked(ValueError):
    """A package that is asked for is not in the lock file."""


def locked(names: tuple[str, ...] = CARD, lock: Path = LOCK) -> str:
    """The lines of the lock file that are these packages', with their hashes; raises NotLocked."""
    blocks = {match[1]: match[0] for match in _BLOCK.finditer(lock.read_text())}
    if missing := set(names) - set(blocks):
        raise NotLocked(
            f"{lock.name} has no {', '.join(sorted(missing))}: bring hardware/locked.py to what "
            "it has"
        )
    return "".join(blocks[name] for name in sorted(names))
