"""What `add`, `list` and `revoke` are for every kind of credential."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Generic

from ..audit.events import Event
from ..credentials.tokens import C, Tokens
from ..crypto import files
from ..errors import NoSuchUser, SettingsRefused
from ..verifier import Verifier
from .context import operator, say


@dataclass(frozen=True)
class Kind(Generic[C]):
    """A kind of credential: its table, what it is called, its command, and its events."""

    tokens: Tokens[C]
    called: str
    command: str
    added: Event
    revoked: Event


def add(verifier: Verifier, given: Namespace, kind: Kind[C], **more: object) -> int:
    """Make a credential; its token stands in the file alone."""
    token = kind.tokens.new()
    now = verifier.clock.now()
    written = False
    try:
        with verifier.database.writing() as connection:
            kind.tokens.add(connection, given.name, token, now, **more)
            files.write_new(given.out, f"{token}\n".encode("ascii"))
            written = True
            told = {name: has for name, has in more.items() if isinstance(has, bool)}
            verifier.audit.write(connection, now, kind.added, operator(), given.name, **told)
    except FileExistsError:
        raise SettingsRefused(
            f"{given.out} is there already: nothing is changed. Name a new file with --out."
        ) from None
    except BaseException:
        if written:
            given.out.unlink(missing_ok=True)
        raise
    say(f"The {kind.called} {given.name} is added; its token is in {given.out}, and nowhere else.")
    return 0


def revoke(verifier: Verifier, given: Namespace, kind: Kind[C]) -> int:
    """End a credential at once."""
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        if not kind.tokens.revoke(connection, given.name, now):
            raise NoSuchUser(
                f"There is no {kind.called} {given.name} in use: "
                f"`challng-server {kind.command} list` shows which there are."
            )
        verifier.audit.write(connection, now, kind.revoked, operator(), given.name)
    say(f"The {kind.called} {given.name} is revoked.")
    return 0
