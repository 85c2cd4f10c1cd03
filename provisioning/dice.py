"""Rolls of real dice, mixed into the operating system's randomness.

    random(64) + rolls -> HKDF-SHA512 -> key

The operating system's 64 bytes are always in it, so that rolls that are bad, few or known to
others leave the key as good as it would be without them.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from getpass import getpass
from math import log2

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provisioning.errors import RollsRefused

ENOUGH = 50
"""Rolls that are worth 128 bits: 50 * log2(6) = 129.2."""
LABEL = b"challng key with dice 1"
_OS_BYTES = 64


def worth(rolls: int) -> int:
    """Whole bits that so many rolls of a fair die are worth."""
    return int(rolls * log2(6))


def mixed(
    rolls: str, random: Callable[[int], bytes] = secrets.token_bytes
) -> Callable[[int], bytes]:
    """A source of key bytes from `random` and the rolls, new ones at every call."""

    def draw(length: int) -> bytes:
        material = random(_OS_BYTES) + rolls.encode("ascii")
        return HKDF(SHA512(), length, salt=None, info=LABEL).derive(material)

    return draw


def ask(
    hidden: Callable[[str], str] | None = None, say: Callable[[str], None] | None = None
) -> str:
    """Ask for rolls at the terminal, line by line, until an empty line; nothing is echoed.

    `hidden` asks for a line (getpass), `say` tells how many there are.
    """
    if hidden is None:
        if not sys.stdin.isatty():
            raise RollsRefused("there is no terminal to ask for rolls at: leave --dice out")
        hidden = getpass
    tell = say if say is not None else _print
    tell(
        f"Type the rolls of your dice, 1 to 6, as many on a line as you like ({ENOUGH} are worth "
        "128 bits); they are not shown. An empty line ends."
    )
    rolls = ""
    while line := "".join(hidden(f"Rolls ({len(rolls)} of {ENOUGH}): ").split()):
        if set(line) <= set("123456"):
            rolls += line
            tell(f"{len(rolls)} rolls, worth {worth(len(rolls))} bits.")
        else:
            tell(
                "A roll is 1 to 6; that line had something else and is left out. "
                f"The {len(rolls)} rolls before it stand: type the line again."
            )
    if len(rolls) < ENOUGH:
        tell(
            f"{len(rolls)} of {ENOUGH} rolls: the operating system's randomness is in the key "
            "in any case."
        )
    return rolls


def _print(text: str) -> None:
    print(text, file=sys.stderr)
