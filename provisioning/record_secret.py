"""What card records are encrypted under, from the command line's options: passphrase or key."""

from __future__ import annotations

import argparse
import binascii
import sys
from base64 import b64decode

from protocol.pskc import Passphrase, PreSharedKey, Secret
from protocol.pskc.secret import DEFAULT_NAME, KEY_BYTES
from provisioning import secret_source
from provisioning.errors import SecretRefused

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
        return PreSharedKey(_key(secret_source.read(arguments, "key")), arguments.key_name)
    passphrase = secret_source.read(arguments, "passphrase", ask_twice=new)
    if new and len(passphrase) < SHORT:
        print(
            f"challng-provision: a passphrase under {SHORT} characters protects little",
            file=sys.stderr,
        )
    return Passphrase(passphrase)


def _key(text: str) -> bytes:
    text = "".join(text.split())
    if len(text) in {2 * size for size in KEY_BYTES}:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass  # base64 of 24 bytes is as long as 16 bytes in hex
    try:
        key = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in KEY_BYTES:
        raise SecretRefused("the key must be 16, 24 or 32 bytes in hex or base64: give another")
    return key
