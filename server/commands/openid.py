"""`openid client add|list|show|secret|remove`, `openid key rotate|list`."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from ..clock import written
from ..crypto import files
from ..errors import NoSuchUser, NotTaken, NotThere, Refusal, SettingsRefused, UserRefused
from ..login.access import Access
from ..openid.client import ACCESS, SCOPES, Client
from ..verifier import Verifier
from .context import operator, say

T = TypeVar("T")
_Commands = argparse._SubParsersAction


def parsers(commands: _Commands[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    openid = _group(commands, "openid", "the OpenID Connect provider")
    client = _group(openid, "client", "the applications that log users in here")
    each = _add(client, "add", "register an application, and write its secret to a file", add)
    each.add_argument("id", metavar="ID", help="its client_id, such as gitea")
    each.add_argument("--name", help="what users are shown (else ID)")
    _many(each, "--redirect-uri", "URI", "an address to come back to; again for another")
    _many(each, "--post-logout-uri", "URI", "an address to go to after logging out")
    each.add_argument(
        "--scope", nargs="+", choices=SCOPES, default=SCOPES, help="the scopes (else all)"
    )
    _many(each, "--group", "GROUP", "a group whose users may use it (else everybody)")
    each.add_argument(
        "--access",
        nargs="+",
        choices=[access.value for access in ACCESS],
        default=[Access.FULL.value],
        help="the access levels that it lets in (else full)",
    )
    each.add_argument("--first-party", action="store_true", help="users are not asked to agree")
    secret = each.add_mutually_exclusive_group(required=True)
    secret.add_argument("--out", type=Path, metavar="FILE", help="a new file for the secret, 0600")
    secret.add_argument("--public", action="store_true", help="it can keep no secret")
    _add(client, "list", "list the applications", show_all)
    each = _add(client, "show", "show an application, and what it is to be told", show)
    each.add_argument("id", metavar="ID")
    each = _add(client, "secret", "give an application another secret", renew)
    each.add_argument("id", metavar="ID")
    each.add_argument("--out", required=True, type=Path, metavar="FILE", help="a new file, 0600")
    each = _add(client, "remove", "end an application, and all that it was given", remove)
    each.add_argument("id", metavar="ID")

    key = _group(openid, "key", "the keys that sign tokens")
    each = _add(key, "rotate", "make the next key; it is published before it signs", rotate)
    each.add_argument(
        "--now", action="store_true", help="it signs at once, and all others are withdrawn"
    )
    _add(key, "list", "list the keys: id, algorithm, state, since when it signs", list_keys)


def add(verifier: Verifier, given: Namespace) -> int:
    """Register an application; its secret stands in the file alone."""
    client = Client(
        client_id=given.id,
        name=given.name or given.id,
        redirect_uris=tuple(given.redirect_uri),
        logout_uris=tuple(given.post_logout_uri),
        scopes=tuple(given.scope),
        groups=tuple(given.group),
        access=tuple(Access(value) for value in given.access),
        first_party=given.first_party,
    )
    clients = verifier.openid.clients
    if given.public:
        _plainly(lambda: clients.add(client, operator(), public=True))
        say(f"The public client {client.client_id} is added.")
        return 0

    def make(connection: Connection) -> str:
        secret = clients.add_in(connection, client, operator())
        assert secret is not None  # noqa: S101 - it is not public
        return secret

    _with_secret(verifier, given.out, make)
    say(f"The client {client.client_id} is added; its secret is in {given.out}, and nowhere else.")
    return 0


def show_all(verifier: Verifier, _given: Namespace) -> int:
    """List the applications."""
    for client in verifier.openid.clients.all_of_them():
        kind = "ended" if client.ended else "public" if client.public else "confidential"
        say(f"{client.client_id}\t{kind}\t{client.name}")
    return 0


def show(verifier: Verifier, given: Namespace) -> int:
    """Show an application."""
    client = verifier.openid.clients.find(given.id)
    if client is None:
        raise NoSuchUser(_missing(given.id))
    issuer = verifier.settings.public_url or "none: set CHALLNG_PUBLIC_URL"
    for name, value in (
        ("issuer", issuer),
        ("client_id", client.client_id),
        ("name", client.name),
        ("secret", "none: public" if client.public else "kept as a hash"),
        ("redirect_uris", " ".join(client.redirect_uris)),
        ("post_logout_redirect_uris", " ".join(client.logout_uris) or "none"),
        ("scopes", " ".join(client.scopes)),
        ("groups", " ".join(client.groups) or "everybody"),
        ("access", " ".join(client.access)),
        ("consent", "not asked" if client.first_party else "asked once in a session"),
    ):
        say(f"{name}\t{value}")
    return 0


def renew(verifier: Verifier, given: Namespace) -> int:
    """Give an application another secret; the old one is worth nothing from then on."""
    clients = verifier.openid.clients
    _with_secret(
        verifier,
        given.out,
        lambda connection: clients.renew_secret(connection, given.id, operator()),
    )
    say(f"The client {given.id} has another secret; it is in {given.out}, and nowhere else.")
    return 0


def remove(verifier: Verifier, given: Namespace) -> int:
    """End an application, and all that it was given."""
    _plainly(lambda: verifier.openid.clients.end(given.id, operator()))
    say(f"The client {given.id} is ended.")
    return 0


def rotate(verifier: Verifier, given: Namespace) -> int:
    """Make the next signing key."""
    row = verifier.openid.keys.rotate(operator(), at_once=given.now)
    if given.now:
        say(f"The key {row.kid} signs; all others are withdrawn.")
    else:
        say(
            f"The key {row.kid} is published; it signs from {row.signs_from:%Y-%m-%dT%H:%M:%SZ} on."
        )
    return 0


def list_keys(verifier: Verifier, _given: Namespace) -> int:
    """List the signing keys."""
    for row in verifier.openid.keys.rows():
        say(f"{row.kid}\t{row.algorithm}\t{row.state}\t{written(row.signs_from)}")
    return 0


def _with_secret(verifier: Verifier, out: Path, make: Callable[[Connection], str]) -> None:
    """Write a secret to a new file, and keep its hash, or do neither."""
    written = False
    try:
        with verifier.database.writing() as connection:
            secret = _plainly(lambda: make(connection))
            files.write_new(out, f"{secret}\n".encode("ascii"))
            written = True
    except FileExistsError:
        raise SettingsRefused(
            f"{out} is there already: nothing is changed. Name a new file with --out."
        ) from None
    except BaseException:
        if written:
            out.unlink(missing_ok=True)
        raise


def _plainly(act: Callable[[], T]) -> T:
    """Do it, and say what is refused as a command does."""
    try:
        return act()
    except NotTaken as refusal:
        raise UserRefused(f"{refusal.field}: {refusal}") from None
    except NotThere:
        raise NoSuchUser(
            "There is no such client in use: `challng-server openid client list` shows which "
            "there are."
        ) from None
    except Refusal as refusal:
        raise UserRefused(str(refusal)) from None


def _missing(client_id: str) -> str:
    return (
        f"There is no client {client_id} in use: `challng-server openid client list` shows which "
        "there are."
    )


def _group(
    commands: _Commands[argparse.ArgumentParser], name: str, text: str
) -> _Commands[argparse.ArgumentParser]:
    group = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return group.add_subparsers(metavar="COMMAND", required=True)


def _add(
    commands: _Commands[argparse.ArgumentParser],
    name: str,
    text: str,
    action: Callable[[Verifier, Namespace], int],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(on_verifier=action, on_settings=None)
    return parser


def _many(parser: argparse.ArgumentParser, option: str, metavar: str, text: str) -> None:
    parser.add_argument(option, action="append", default=[], metavar=metavar, help=text)
