"""`provisioner add|list|revoke`."""

from __future__ import annotations

from argparse import Namespace

from ..audit.events import Event
from ..crypto import files
from ..errors import NoSuchUser, SettingsRefused
from ..provisioning import provisioners
from ..verifier import Verifier
from .context import operator, say


def add(verifier: Verifier, given: Namespace) -> int:
    """Make a credential; its token stands in the file alone."""
    token = provisioners.new_token()
    now = verifier.clock.now()
    written = False
    try:
        with verifier.database.writing() as connection:
            provisioners.add(connection, given.name, token, now)
            files.write_new(given.out, f"{token}\n".encode("ascii"))
            written = True
            verifier.audit.write(connection, now, Event.PROVISIONER_ADDED, operator(), given.name)
    except FileExistsError:
        raise SettingsRefused(
            f"{given.out} is there already: nothing is changed. Name a new file with --out."
        ) from None
    except BaseException:
        if written:
            given.out.unlink(missing_ok=True)
        raise
    say(f"The credential {given.name} is added; its token is in {given.out}, and nowhere else.")
    return 0


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the credentials."""
    with verifier.database.reading() as connection:
        for each in provisioners.all_of_them(connection):
            say(f"{each.name}\t{'revoked' if each.revoked else 'active'}")
    return 0


def revoke(verifier: Verifier, given: Namespace) -> int:
    """End a credential at once; the cards that it put here stay."""
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        if not provisioners.revoke(connection, given.name, now):
            raise NoSuchUser(
                f"There is no credential {given.name} in use: "
                "`challng-server provisioner list` shows which there are."
            )
        verifier.audit.write(connection, now, Event.PROVISIONER_REVOKED, operator(), given.name)
    say(f"The credential {given.name} is revoked.")
    return 0
