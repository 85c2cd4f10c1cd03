"""`provisioner add|list|revoke`."""

from __future__ import annotations

from argparse import Namespace

from ..audit.events import Event
from ..provisioning.provisioners import TOKENS
from ..verifier import Verifier
from . import credentials
from .context import say

_KIND = credentials.Kind(
    TOKENS, "credential", "provisioner", Event.PROVISIONER_ADDED, Event.PROVISIONER_REVOKED
)


def add(verifier: Verifier, given: Namespace) -> int:
    """Make a credential; its token stands in the file alone."""
    return credentials.add(verifier, given, _KIND)


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the credentials."""
    with verifier.database.reading() as connection:
        for each in TOKENS.all_of_them(connection):
            say(f"{each.name}\t{'revoked' if each.revoked else 'active'}")
    return 0


def revoke(verifier: Verifier, given: Namespace) -> int:
    """End a credential at once; the cards that it put here stay."""
    return credentials.revoke(verifier, given, _KIND)
