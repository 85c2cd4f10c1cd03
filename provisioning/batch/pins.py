"""The soft PINs of a batch's cards, for the verifier: one for each user, from a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from provisioning.batch.plan import Wanted
from provisioning.enrolling import checked_pin
from provisioning.errors import SecretRefused

_MOST_BYTES = 262_144


def read(path: Path, plan: Sequence[Wanted]) -> dict[str, str]:
    """Read lines `USER,PIN`; every user of the plan has one. Raises SecretRefused."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                raise SecretRefused(f"others may read the PINs in {path}: run `chmod 600 {path}`")
            text = file.read(_MOST_BYTES).decode("utf-8")
    except OSError as error:
        raise SecretRefused(
            f"the PINs in {path} cannot be read ({error.strerror}): name another file"
        ) from None
    except UnicodeDecodeError:
        raise SecretRefused(f"the PINs in {path} are not UTF-8 text: save them as UTF-8") from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        user, comma, pin = line.partition(",")
        user = user.strip().lower()
        if not comma or user in found:
            raise SecretRefused(f"line {number} of {path} is not `USER,PIN`, or a second one")
        try:
            found[user] = checked_pin(pin.strip())
        except SecretRefused:
            raise SecretRefused(
                f"line {number} of {path}: a PIN has exactly 4 digits: choose another"
            ) from None
    missing = sorted({one.user or one.name for one in plan} - set(found))
    if missing:
        raise SecretRefused(f"there is no PIN in {path} for {', '.join(missing)}: add a line")
    return found
