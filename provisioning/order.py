"""What is wanted on one card.

Where orders come from is not their concern: a command line, a list of names, or a verifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from device.keystore import SLOTS
from provisioning.errors import NoSuchSlot

KEY_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}
"""A key is as long as the output of its HMAC's hash (RFC 4226 R6, RFC 6287 section 5.1)."""


@dataclass(frozen=True)
class Order:
    """Which slot, for whom, under which suite.

    `slot` None leaves it to `slot_for`, once the card is known. `serial` None takes the serial that
    the card has in another slot, or draws a new one.
    """

    slot: str | None
    issuer: str
    suite: str
    serial: str | None = None
    replace: bool = False


def slot_for(wanted: str | None, loaded: Sequence[str], *, replace: bool) -> str:
    """The slot that is asked for; else the only loaded one to replace, else the first free one.

    `loaded`: the card's slots that hold keys. Raises NoSuchSlot.
    """
    if wanted is not None:
        return wanted
    if replace:
        if len(loaded) > 1:
            raise NoSuchSlot(
                f"slots {', '.join(loaded)} hold keys: say with --slot which is to be replaced"
            )
        return (*loaded, SLOTS[0])[0]
    free = [slot for slot in SLOTS if slot not in loaded]
    if not free:
        raise NoSuchSlot("all four slots hold keys: give --slot and --replace, or wipe one")
    return free[0]
