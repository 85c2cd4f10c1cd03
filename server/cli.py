"""`challng-server`: the operator's commands. 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from . import settings as settings_module
from .accounts.roles import Role
from .commands import (
    accounts,
    applications,
    backup,
    booth,
    cards,
    doctor,
    moving,
    openid,
    provisioners,
    radius,
    upkeep,
    users,
)
from .commands.context import complain, port
from .commands.serve import serve
from .errors import ServerError
from .settings import Settings
from .verifier import Verifier, open_verifier

_MOST_WORKERS = 64

_OnVerifier = Callable[[Verifier, argparse.Namespace], int]
_OnSettings = Callable[[Settings, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    try:
        given = parser.parse_args(argv)
    except SystemExit as end:  # argparse has said what is wrong, or given help
        return end.code if isinstance(end.code, int) else 2
    try:
        settings = settings_module.read(given.data)
        if given.on_settings is not None:
            return int(given.on_settings(settings, given))
        with contextlib.closing(open_verifier(settings)) as verifier:
            return int(given.on_verifier(verifier, given))
    except ServerError as error:
        complain(str(error))
    except SQLAlchemyError as error:
        complain(
            f"The database does not do what it should ({type(error).__name__}): check that the "
            "data directory can be written and the disk is not full, or, with "
            "CHALLNG_DATABASE_URL, that its server answers."
        )
    except OSError as error:
        complain(f"{error.filename or 'A file'}: {error.strerror}. Check the data directory.")
    except KeyboardInterrupt:
        complain("Stopped.")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="challng-server",
        description="The verifier: users, cards, logins. Exit codes: 0 done, 1 refused, 2 usage.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the data directory (else CHALLNG_DATA, else ./challng-data)",
    )
    parser.set_defaults(on_settings=None, on_verifier=None)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add(commands, "init", "make a new verifier in the data directory", on_settings=upkeep.init)
    _add(
        commands,
        "upgrade",
        "bring the database to this version's shape",
        on_settings=upkeep.upgrade,
    )
    _user_commands(commands)
    _people_commands(commands)
    _card_commands(commands)
    _provisioner_commands(commands)
    radius.parsers(commands)
    moving.parsers(commands)
    openid.parsers(commands)
    applications.parsers(commands)

    each = _add(commands, "serve", "answer browsers and applications", on_settings=serve)
    each.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    each.add_argument("--port", type=port, default=8600, help="the port to listen at")
    each.add_argument("--workers", type=_workers, default=1, help="how many processes answer")
    each.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="speak TLS: the certificate and its chain"
    )
    each.add_argument("--tls-key", type=Path, metavar="FILE", help="and its private key, 0600")

    _add(commands, "tick", "send the notices that are due; run it every minute", upkeep.tick)

    audit = _group(commands, "audit", "the audit log")
    _add(audit, "verify", "check that the log is what was written", upkeep.audit_verify)
    _add(audit, "seal", "seal the rows that no seal covers yet", upkeep.audit_seal)
    backup.parsers(commands)
    booth.parsers(commands)
    doctor.parsers(commands)
    key = _group(commands, "key", "the master key")
    _add(key, "rotate", "add a master key and seal everything under it", upkeep.key_rotate)
    return parser


def _user_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    user = _group(commands, "user", "the users")
    for name, text, action in (
        ("add", "add a user", users.add),
        ("passwd", "set a user's password and end his sessions", users.passwd),
    ):
        each = _add(user, name, text, action)
        each.add_argument("name", metavar="NAME")
        _secret(each, "--password-file", "the password")
    each = _add(user, "lock", "lock a user out at once", users.lock)
    each.add_argument("name", metavar="NAME")
    each.add_argument("--unlock", action="store_true", help="let the user in again")
    each = _add(user, "groups", "put a user into groups, or list those he is in", users.groups)
    each.add_argument("name", metavar="NAME")
    each.add_argument("groups", metavar="GROUP", nargs="*", help="all groups that he is in")
    each.add_argument("--none", action="store_true", help="take the user out of every group")
    _add(user, "list", "list the users", users.show)
    each = _add(user, "contact", "set how a user is reached", accounts.contact)
    each.add_argument("name", metavar="NAME")
    _secret(each, "--file", "mail address, phone number and postal address, as JSON")


def _people_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    account = _group(commands, "account", "the accounts")
    each = _add(account, "open", "open an account", accounts.open_)
    each.add_argument("number", metavar="NUMBER")
    whose = each.add_mutually_exclusive_group(required=True)
    whose.add_argument("--person", metavar="FILE", help="a JSON file with who it is for; -: stdin")
    whose.add_argument("--same-as", metavar="NUMBER", help="for the entity of this account")
    each.add_argument("--equity", required=True, metavar="USD", help="the equity, such as 750000")
    each = _add(account, "join", "make a user one of an account's", accounts.join)
    each.add_argument("number", metavar="NUMBER")
    each.add_argument("--user", required=True, metavar="NAME", help="who joins")
    each.add_argument("--primary", action="store_true", help="the user is the primary one")
    each.add_argument(
        "--no-security", action="store_true", help="the user may not change security settings"
    )
    each = _add(account, "close", "close an account; its documents stay", accounts.close)
    each.add_argument("number", metavar="NUMBER")
    _add(account, "list", "list the accounts: number, state, users", accounts.show)

    staff = _group(commands, "staff", "who works at the desk")
    each = _add(staff, "add", "add somebody with a role at the desk", accounts.add_staff)
    each.add_argument("name", metavar="NAME")
    each.add_argument("--role", required=True, choices=[*Role][1:], help="what he does there")
    _secret(each, "--password-file", "the password")


def _card_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    card = _group(commands, "card", "the cards")
    each = _add(card, "import", "add the card of a PSKC file to a user", cards.import_)
    each.add_argument("file", metavar="FILE", help="the PSKC file (RFC 6030)")
    under = each.add_mutually_exclusive_group(required=True)
    for option, what in (
        ("--passphrase-file", "the file's passphrase"),
        ("--key-file", "the file's pre-shared AES key, in hex or base64"),
    ):
        under.add_argument(option, metavar="FILE", help=f"a file with {what}; -: standard input")
    each.add_argument("--key-name", metavar="NAME", help="what the file calls the pre-shared key")
    each.add_argument("--user", required=True, metavar="NAME", help="whose card it is")
    _secret(each, "--pin-file", "the card's soft PIN, 4 digits")
    each.add_argument("--serial", help="which card, where the file has several")
    _add(card, "list", "list the cards: serial, user, state, counter, last used", cards.show)
    each = _add(card, "revoke", "take a card away for good: lost, stolen, replaced", cards.revoke)
    each.add_argument("serial", metavar="SERIAL")
    each = _add(card, "unlock", "unlock a card that wrong answers have locked", cards.unlock)
    each.add_argument("serial", metavar="SERIAL")


def _provisioner_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(commands, "provisioner", "the credentials that may put cards here over the API")
    each = _add(group, "add", "make a credential, and write its token to a file", provisioners.add)
    each.add_argument("name", metavar="NAME", help="who will use it, such as desk-2")
    each.add_argument("--out", required=True, type=Path, metavar="FILE", help="a new file, 0600")
    _add(group, "list", "list the credentials", provisioners.show)
    each = _add(group, "revoke", "end a credential; its cards stay", provisioners.revoke)
    each.add_argument("name", metavar="NAME")


def _group(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    group = commands.add_parser(name, help=text, description=f"{text.capitalize()}.")
    return group.add_subparsers(metavar="COMMAND", required=True)


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    on_verifier: _OnVerifier | None = None,
    *,
    on_settings: _OnSettings | None = None,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(on_verifier=on_verifier, on_settings=on_settings)
    return parser


def _secret(parser: argparse.ArgumentParser, option: str, what: str) -> None:
    parser.add_argument(
        option, required=True, metavar="FILE", help=f"a file with {what}; - is standard input"
    )


def _workers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"the number of workers is 1 to {_MOST_WORKERS}")
    return number
