"""What commands share: who is at the keyboard, secrets read from files, ports."""

from __future__ import annotations

import argparse
import os
import pwd
import stat
import sys
from pathlib import Path

from ..errors import SettingsRefused

_LONGEST = 4_096


def operator() -> str:
    """Return the actor that the audit log names: the account that runs the command."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"cli:{os.getuid()}"


def say(text: str) -> None:
    """Print a line of the command's answer."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print a sentence on stderr."""
    sys.stderr.write(f"challng-server: {text}\n")


def read_secret(name: str, what: str) -> str:
    """Return the secret in a file (`-`: standard input) without its last line's end."""
    if name == "-":
        content = sys.stdin.buffer.read(_LONGEST + 1)
    else:
        path = Path(name)
        try:
            mode = path.stat().st_mode
            with path.open("rb") as file:
                content = file.read(_LONGEST + 1)
        except OSError as error:
            raise SettingsRefused(
                f"The {what} file {name} cannot be read ({error.strerror}): check its name."
            ) from None
        if stat.S_ISREG(mode) and mode & 0o077:
            complain(
                f"warning: others may read the {what} file {name}: chmod 600 it, or delete it."
            )
    if len(content) > _LONGEST:
        raise SettingsRefused(f"The {what} file {name} is too long to be a {what}: check its name.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsRefused(
            f"The {what} file {name} is not UTF-8 text: check its name."
        ) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SettingsRefused(f"The {what} file {name} is empty: put the {what} into it.")
    return text


def port(text: str) -> int:
    """Return a port that was given as an option."""
    number = int(text)
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return number
