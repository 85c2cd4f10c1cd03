"""Where a passphrase comes from: a file, standard input, or a prompt. Never a command line."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from provisioning.errors import PassphraseRefused

SHORT = 12
_LONGEST = 1024


def read(source: str | None) -> str:
    """The passphrase from file `source`, from standard input (`-`), or asked for twice (None).

    One line end at the end does not count. Raises PassphraseRefused.
    """
    passphrase = _ask() if source is None else _from_file(source)
    if not passphrase:
        raise PassphraseRefused("the passphrase is empty: give one of a few words")
    if len(passphrase) > _LONGEST:
        raise PassphraseRefused(f"the passphrase is longer than {_LONGEST} characters")
    return passphrase


def _from_file(source: str) -> str:
    limit = 4 * _LONGEST + 2
    try:
        if source == "-":
            data = sys.stdin.buffer.read(limit)
        else:
            with Path(source).open("rb") as file:
                data = file.read(limit)
        text = data.decode("utf-8")
    except OSError as error:
        raise PassphraseRefused(
            f"the passphrase file {source} cannot be read ({error.strerror}): name another"
        ) from None
    except UnicodeDecodeError:
        raise PassphraseRefused("the passphrase is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


def _ask() -> str:
    if not sys.stdin.isatty():
        raise PassphraseRefused("there is no terminal to ask at: use --passphrase-file")
    passphrase = getpass("Passphrase for the key file: ")
    if passphrase != getpass("Once more: "):
        raise PassphraseRefused("the two passphrases differ: nothing was made, start again")
    return passphrase
