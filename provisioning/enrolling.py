"""Card records straight into a verifier: the place, and the options of every command that has it.

A command calls `add_options` in its `add`, and `place` in its `run`. Only then httpx is imported.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.pskc import CardRecord
from provisioning import secret_source
from provisioning.errors import ProvisioningError, SecretRefused
from provisioning.place import Place

if TYPE_CHECKING:
    from provisioning.verifier import Verifier

_PIN = re.compile(r"[0-9]{4}")


class EnrolmentRefused(ProvisioningError, ValueError):
    """Options for the verifier that do not go together."""


class VerifierPlace(Place):
    """A verifier: pending when prepared, active when confirmed."""

    def __init__(self, verifier: Verifier, user: str, pin: str) -> None:
        self._verifier = verifier
        self._user = user
        self._pin = pin

    def prepare(self, record: CardRecord) -> None:
        """Put the card there, pending; raises VerifierUnreachable or VerifierRefused."""
        self._verifier.prepare(record, self._user, self._pin)

    def confirm(self, record: CardRecord) -> None:
        """Make it active."""
        self._verifier.confirm(record.serial, record.key_id)

    def abandon(self, record: CardRecord) -> None:
        """Have it forgotten, if it is still pending with this key."""
        self._verifier.abandon(record.serial, record.key_id)


def add_options(
    parser: argparse.ArgumentParser, flag: str = "--enrol", *, required: bool = False
) -> None:
    """Add `--enrol URL`, `--user`, `--pin-...`, `--token-...` and `--ca`."""
    add_verifier_options(parser, flag, required=required)
    parser.add_argument(
        "--user", required=required, metavar="NAME", help="whose card it is, at the verifier"
    )
    secret_source.add_options(parser, "pin", "the card's soft PIN (4 digits)")


def add_verifier_options(
    parser: argparse.ArgumentParser, flag: str, *, required: bool = False
) -> None:
    """Add what says which verifier it is: the address, the credential, whom to trust."""
    parser.add_argument(
        flag,
        dest="url",
        metavar="URL",
        required=required,
        help="the verifier's address, https (http only on this machine)",
    )
    secret_source.add_options(parser, "token", "the provisioning credential")
    parser.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="trust the certificates in FILE (PEM) in place of the system's",
    )


def verifier(arguments: argparse.Namespace) -> Verifier:
    """The verifier of the options; raises UrlRefused or SecretRefused."""
    from provisioning.verifier import Verifier, checked

    checked(arguments.url)  # before any secret is asked for
    return Verifier(arguments.url, secret_source.read(arguments, "token"), ca=arguments.ca)


def place(arguments: argparse.Namespace) -> VerifierPlace | None:
    """The place of the options, None without a verifier; raises ProvisioningError.

    Of several places it comes last: a record is confirmed in its file before it is active.
    """
    if not arguments.url:
        if arguments.user is not None:
            raise EnrolmentRefused("--user says whose card it is at a verifier: add --enrol URL")
        return None
    if arguments.user is None:
        raise EnrolmentRefused("--enrol needs --user NAME: whose card it is")
    there = verifier(arguments)
    pin = checked_pin(secret_source.read(arguments, "pin", ask_twice=True))
    return VerifierPlace(there, arguments.user, pin)


@contextmanager
def saying_what_stands(out: Path, url: str | None) -> Iterator[None]:
    """Where all but the verifier's confirmation came through, say so, and what finishes it.

    `out` is no file before; it becomes one when the card surely has the key.
    """
    try:
        yield
    except (ProvisioningError, KeyboardInterrupt):
        if url and out.exists():
            print(f"card     it has the key, and {out} is its record", file=sys.stderr)
            print("verifier perhaps pending still, which opens nothing", file=sys.stderr)
            again = shlex.join(["challng-provision", "enrol", str(out), "--url", url])
            print(f"next     {again} --user NAME", file=sys.stderr)
        raise


def checked_pin(pin: str) -> str:
    """A soft PIN by its shape; the verifier knows which are too easy. Raises SecretRefused."""
    if not _PIN.fullmatch(pin):
        raise SecretRefused("a PIN has exactly 4 digits: choose another")
    return pin
