"""The booth's card: a key made for one day's simulated card, or the record of a real one.

A real card's counter goes on from day to day, so the booth keeps it: one number in a file beside
the record. It is all that a booth ever keeps.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from protocol import pskc
from protocol.errors import ProtocolError
from protocol.pskc import CardRecord

from ..errors import BoothRefused
from ..factors import cards

_SECONDS = 120
_MOST = 1 << 63


def simulated(folder: Path) -> CardRecord:
    """Make a new key, put it into a card's store in `folder`/card, and return its record.

    `challng-provision` does it, as for every card; the key file is not kept.
    """
    passphrase, record = folder / "passphrase", folder / "record"
    text = secrets.token_hex(16)
    passphrase.touch(mode=0o600)
    passphrase.write_text(text, "ascii")
    try:
        _run(
            *("provisioning", "new", "--store", folder / "card", "--out", record),
            *("--passphrase-file", passphrase),
        )
        return _read(record, text)
    finally:
        for file in (passphrase, record):
            file.unlink(missing_ok=True)


def real(record: Path, passphrase: str, counter: Path) -> CardRecord:
    """Return the record of a real card, with the counter that the booth has seen last."""
    found = _read(record, passphrase)
    try:
        text = counter.read_text("ascii").strip()
    except FileNotFoundError:
        return found
    except (OSError, UnicodeDecodeError):
        text = ""
    if not (text.isdigit() and int(text) < _MOST):
        raise BoothRefused(
            f"The counter in {counter} is no number: write there what `challng-card info` says "
            "on the card, or delete the file for a card that was never used."
        )
    return replace(found, counter=max(found.counter, int(text)))


def keep(counter: Path, number: int) -> None:
    """Write a real card's counter down: the new number or the old one, whatever happens."""
    beside = counter.with_name(f"{counter.name}.new")
    with beside.open("w", encoding="ascii") as file:
        file.write(f"{number}\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(counter)


def _read(record: Path, passphrase: str) -> CardRecord:
    try:
        return cards.choose(pskc.read(record.read_bytes(), pskc.Passphrase(passphrase)), None)
    except OSError as error:
        raise BoothRefused(
            f"The card record {record} cannot be read ({error.strerror}): check its name."
        ) from None
    except ProtocolError as error:
        raise BoothRefused(
            f"The card record {record} is refused: {error}. Check the file and its passphrase."
        ) from None


def _run(module: str, *arguments: object) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise BoothRefused(
            f"A simulated card cannot be made ({why[0]}): install it with "
            "`pip install 'challng[card,server]'`, or name a real card with --card."
        )
