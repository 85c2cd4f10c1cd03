"""`backup FILE`, `restore FILE`."""

from __future__ import annotations

import argparse
import base64
import binascii
from argparse import Namespace
from pathlib import Path

from ..backup import making, restoring
from ..backup.sealed import Passphrase, RawKey, Secret
from ..clock import SystemClock
from ..errors import SettingsRefused
from ..settings import Settings
from ..verifier import Verifier
from .context import complain, operator, read_secret, say

_SHORTEST = 12
_KEY_BYTES = 32


def parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the two commands."""
    each = commands.add_parser(
        "backup",
        help="write the whole verifier into one encrypted file, while it serves",
        description="Write the whole verifier into one encrypted file, while it serves.",
    )
    each.set_defaults(on_verifier=backup)
    each.add_argument("file", type=Path, metavar="FILE", help="a new file, 0600")
    _secret(each)
    each.add_argument(
        "--with-master-key",
        action="store_true",
        help="put the master key in too: then the file and its passphrase open everything",
    )
    each = commands.add_parser(
        "restore",
        help="make a verifier of a backup, in a new data directory",
        description="Make a verifier of a backup, in a new data directory.",
    )
    each.set_defaults(on_settings=restore)
    each.add_argument("file", type=Path, metavar="FILE", help="the backup")
    _secret(each)
    each.add_argument(
        "--master-key",
        metavar="FILE",
        help="the master key of the verifier, which becomes master.key of the new directory",
    )


def backup(verifier: Verifier, given: Namespace) -> int:
    """Make a backup."""
    secret = _read(given)
    if isinstance(secret, Passphrase) and len(secret.text) < _SHORTEST:
        raise SettingsRefused(
            f"The passphrase is too short: a backup's has at least {_SHORTEST} characters."
        )
    made = making.make(verifier, given.file, secret, operator(), with_key=given.with_master_key)
    say(f"{given.file}: {made.rows} rows, {made.size} bytes.")
    if given.with_master_key:
        complain("warning: the master key is in it: the file and its secret open everything.")
    else:
        say("The master key is not in it: without your copy of it the backup opens nothing.")
    return 0


def restore(settings: Settings, given: Namespace) -> int:
    """Make a verifier of a backup."""
    key = None
    if given.master_key is not None:
        key = _text(given.master_key)
    done = restoring.restore(
        settings, given.file, _read(given), SystemClock(), operator(), master_key=key
    )
    out = done.quarantined
    say(f"The backup of {done.made} is in {settings.data}: {done.rows} rows.")
    say(
        f"{out.sessions} sessions and {out.logins} logins are ended, {out.temporary_codes} "
        "temporary codes are over."
    )
    say(
        f"{out.cards} cards and phones answer twice at their first login, because their counters "
        "are those of the backup: the first answer is refused."
    )
    say("What was changed since then is not in it: see docs/backup.md for what to do again.")
    return 0


def _secret(parser: argparse.ArgumentParser) -> None:
    under = parser.add_mutually_exclusive_group(required=True)
    under.add_argument(
        "--passphrase-file", metavar="FILE", help="a file with the passphrase; -: standard input"
    )
    under.add_argument(
        "--key-file",
        metavar="FILE",
        help="a file with 32 random bytes in base64; -: standard input",
    )


def _read(given: Namespace) -> Secret:
    if given.passphrase_file is not None:
        return Passphrase(read_secret(given.passphrase_file, "passphrase"))
    text = read_secret(given.key_file, "key").strip()
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsRefused(
            f"The key file {given.key_file} does not hold a key: put one line of 32 random bytes "
            "in base64 into it (openssl rand -base64 32)."
        )
    return RawKey(key)


def _text(name: str) -> str:
    return read_secret(name, "master key") + "\n"
