"""Where secrets come from: a file, a descriptor, a systemd credential, or a prompt.

Never a command line: others read those in the process list, and shells keep them.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from getpass import getpass
from pathlib import Path

from provisioning.errors import SecretRefused

LONGEST = 1024
CREDENTIALS = "CREDENTIALS_DIRECTORY"


def add_options(container: argparse._ActionsContainer, name: str, help: str) -> None:
    """Add `--NAME-file`, `--NAME-fd`, `--NAME-credential`, of which one may be given.

    `help` says what the secret is. A mutually exclusive group is used as it is, so that two
    kinds of secret can exclude each other.
    """
    group = (
        container
        if isinstance(container, argparse._MutuallyExclusiveGroup)
        else container.add_mutually_exclusive_group()
    )
    group.add_argument(
        f"--{name}-file",
        metavar="FILE",
        help=f"read {help} from FILE (its owner's alone, mode 0600), or from standard input (-)",
    )
    group.add_argument(
        f"--{name}-fd",
        metavar="N",
        type=int,
        help=f"read {help} from file descriptor N",
    )
    group.add_argument(
        f"--{name}-credential",
        metavar="NAME",
        help=f"read {help} from the systemd credential NAME",
    )


def given(arguments: argparse.Namespace, name: str) -> bool:
    """Whether one of the secret's options is there."""
    return any(_option(arguments, name, kind) is not None for kind in ("file", "fd", "credential"))


def read(arguments: argparse.Namespace, name: str, *, ask_twice: bool = False) -> str:
    """The secret from where the options say, or asked for at the terminal.

    One line end at the end does not count. `ask_twice` is for a secret that is new. Raises
    SecretRefused.
    """
    what = name.replace("-", " ")
    file, fd = _option(arguments, name, "file"), _option(arguments, name, "fd")
    credential = _option(arguments, name, "credential")
    if file is not None:
        text = _decoded(_file(str(file), what), what)
    elif fd is not None:
        text = _decoded(_descriptor(int(str(fd)), what), what)
    elif credential is not None:
        text = _decoded(_credential(str(credential), what), what)
    else:
        text = _ask(name, what, ask_twice)
    if not text:
        raise SecretRefused(f"the {what} is empty: give one")
    if len(text) > LONGEST:
        raise SecretRefused(f"the {what} is longer than {LONGEST} characters: give a shorter one")
    return text


def _option(arguments: argparse.Namespace, name: str, kind: str) -> object:
    return getattr(arguments, f"{name.replace('-', '_')}_{kind}", None)


_LIMIT = 4 * LONGEST + 2


def _file(source: str, what: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(_LIMIT)
    try:
        with Path(source).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                raise SecretRefused(
                    f"others may read the {what} file {source}: run `chmod 600 {source}`, and "
                    f"choose a new {what} if others use this machine"
                )
            return file.read(_LIMIT)
    except OSError as error:
        raise SecretRefused(
            f"the {what} file {source} cannot be read ({error.strerror}): name another"
        ) from None


def _descriptor(number: int, what: str) -> bytes:
    data = b""
    try:
        while len(data) < _LIMIT and (piece := os.read(number, _LIMIT - len(data))):
            data += piece
    except (OSError, OverflowError):
        raise SecretRefused(
            f"the {what} cannot be read from descriptor {number}: open it, as in {number}<FILE"
        ) from None
    return data


def _credential(name: str, what: str) -> bytes:
    directory = os.environ.get(CREDENTIALS)
    if not directory:
        raise SecretRefused(
            f"there is no {CREDENTIALS}, so no credential {name}: run under a systemd unit with "
            f"LoadCredential=, or give the {what} another way"
        )
    if "/" in name or name in {"", ".", ".."}:
        raise SecretRefused("a credential's name has no / in it: give the name alone")
    try:
        with (Path(directory) / name).open("rb") as file:
            return file.read(_LIMIT)
    except OSError as error:
        raise SecretRefused(
            f"the credential {name} cannot be read ({error.strerror}): look at LoadCredential="
        ) from None


def _decoded(data: bytes, what: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretRefused(f"the {what} is not UTF-8 text: give another") from None
    return text.removesuffix("\n").removesuffix("\r")


def _ask(name: str, what: str, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise SecretRefused(f"there is no terminal to ask for the {what} at: use --{name}-file")
    text = getpass(f"{what.capitalize()}: ")
    if twice and text != getpass("Once more: "):
        raise SecretRefused(f"the {what} was typed in two ways: nothing was made, start again")
    return text
