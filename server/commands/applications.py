"""`application add|list|revoke`."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from ..applications.applications import TOKENS, May, columns
from ..audit.events import Event
from ..verifier import Verifier
from . import credentials
from .context import say

_KIND = credentials.Kind(
    TOKENS, "application", "application", Event.APPLICATION_ADDED, Event.APPLICATION_REVOKED
)


def parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    text = "The programs that log users in here, or have actions confirmed."
    group = commands.add_parser(
        "application", help="the programs that use this verifier", description=text
    ).add_subparsers(metavar="COMMAND", required=True)
    each = group.add_parser(
        "add",
        help="make a credential for a program, and write its token to a file",
        description="Make a credential for a program, and write its token to a file.",
    )
    each.add_argument("name", metavar="NAME", help="what it is called, such as cloud or keycloak")
    each.add_argument(
        "--may",
        action="append",
        required=True,
        choices=[may.value for may in May],
        help="validate: begin logins of users whose password it has checked, and see their "
        "devices; confirm: have actions confirmed. May be given twice",
    )
    each.add_argument("--out", required=True, type=Path, metavar="FILE", help="a new file, 0600")
    each.set_defaults(on_verifier=add)
    each = group.add_parser("list", help="list them", description="List the applications.")
    each.set_defaults(on_verifier=show)
    each = group.add_parser("revoke", help="end one at once", description="End one at once.")
    each.add_argument("name", metavar="NAME")
    each.set_defaults(on_verifier=revoke)


def add(verifier: Verifier, given: Namespace) -> int:
    """Make an application's credential; its token stands in the file alone."""
    return credentials.add(verifier, given, _KIND, **columns({May(each) for each in given.may}))


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the applications, with what each may do."""
    with verifier.database.reading() as connection:
        for each in TOKENS.all_of_them(connection):
            may = ",".join(sorted(each.may))
            say(f"{each.name}\t{'revoked' if each.revoked else 'active'}\t{may}")
    return 0


def revoke(verifier: Verifier, given: Namespace) -> int:
    """End an application's credential, and its passes, at once."""
    return credentials.revoke(verifier, given, _KIND)
