"""What card records are encrypted under, from the command line's options: passphrase or key."""

from __future__ import annotations

import argparse
import sys

from protocol.pskc import Passphrase, PreSharedKey, Secret
from protocol.pskc.secret import DEFAULT_NAME
from provisioning import secret_source

SHORT = 12
"""Passphrases below this many characters are taken with a warning."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--passphrase-...` and `--key-...`, of which one may be given, and `--key-name`."""
    group = parser.add_mutually_exclusive_group()
    secret_source.add_options(group, "passphrase", "the key file's passphrase")
    secret_source.add_options(
        group, "key", "the key file's pre-shared AES key (16, 24 or 32 bytes in hex or base64)"
    )
    parser.add_argument(
        "--key-name",
        metavar="NAME",
        default=DEFAULT_NAME,
        help="what the key file calls the pre-shared key (default: %(default)s)",
    )


def read(arguments: argparse.Namespace, *, new: bool) -> Secret:
    """The secret; `new` asks twice for a passphrase and warns of a short one.

    Raises SecretRefused or PskcError.
    """
    if secret_source.given(arguments, "key"):
        return PreSharedKey.parse(secret_source.read(arguments, "key"), arguments.key_name)
    passphrase = secret_source.read(arguments, "passphrase", ask_twice=new)
    if new and len(passphrase) < SHORT:
        print(
            f"challng-provision: a passphrase under {SHORT} characters protects little",
            file=sys.stderr,
        )
    return Passphrase(passphrase)
