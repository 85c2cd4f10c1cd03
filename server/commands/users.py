"""`user add|passwd|lock|list|groups`."""

from __future__ import annotations

from argparse import Namespace

from ..accounts import groups as user_groups
from ..accounts import names, passwords, users
from ..audit.events import Event
from ..errors import UserRefused
from ..login.ledger import Ledger
from ..mobile import registrations
from ..verifier import Verifier
from .context import operator, read_secret, say


def add(verifier: Verifier, given: Namespace) -> int:
    """Add a user."""
    name = names.check(given.name)
    password_hash = new_hash(verifier, name, given.password_file)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        users.add(connection, name, password_hash, now)
        verifier.audit.write(connection, now, Event.USER_ADDED, operator(), name)
    say(f"The user {name} is added.")
    return 0


def passwd(verifier: Verifier, given: Namespace) -> int:
    """Set a user's password; his sessions and open logins end."""
    name = names.check(given.name)
    with verifier.database.reading() as connection:
        users.get(connection, name)
    password_hash = new_hash(verifier, name, given.password_file)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        users.set_password(connection, user, password_hash)
        Ledger().close_all(connection, user.id, now)
        registrations.end_others(connection, user.id)
        ended = verifier.sessions.end_all(connection, user.id)
        verifier.audit.write(
            connection, now, Event.PASSWORD_SET, operator(), name, sessions_ended=ended
        )
    say(f"The password of {name} is set; {ended} sessions ended.")
    return 0


def lock(verifier: Verifier, given: Namespace) -> int:
    """Lock a user out at once, or let him in again."""
    name = names.check(given.name)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        if user.locked is not given.unlock:
            say(f"The user {name} is {'locked' if user.locked else 'not locked'} already.")
            return 0
        users.set_locked(connection, user, None if given.unlock else now)
        if not given.unlock:
            Ledger().close_all(connection, user.id, now)
            registrations.end_others(connection, user.id)
            verifier.sessions.end_all(connection, user.id)
        event = Event.USER_UNLOCKED if given.unlock else Event.USER_LOCKED
        verifier.audit.write(connection, now, event, operator(), name)
    say(f"The user {name} is {'unlocked' if given.unlock else 'locked'}.")
    return 0


def groups(verifier: Verifier, given: Namespace) -> int:
    """Put a user into groups; list those he is in, where none are named."""
    name = names.check(given.name)
    if not given.groups and not given.none:
        with verifier.database.reading() as connection:
            for each in user_groups.of_user(connection, users.get(connection, name).id):
                say(each)
        return 0
    if given.groups and given.none:
        raise UserRefused("Name groups, or give --none: not both.")
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        user_groups.set_all(connection, user.id, given.groups)
        told = ",".join(sorted(set(given.groups)))
        verifier.audit.write(
            *(connection, verifier.clock.now(), Event.USER_GROUPS_SET, operator(), name),
            groups=told,
        )
    say(f"{name} is in the groups {told}." if told else f"{name} is in no group.")
    return 0


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the users."""
    with verifier.database.reading() as connection:
        for user in users.all_of_them(connection):
            say(f"{user.name}\t{'locked' if user.locked else 'active'}")
    return 0


def new_hash(verifier: Verifier, name: str, password_file: str) -> str:
    """Return the hash of a new password in a file, or raise UserRefused."""
    password = read_secret(password_file, "password")
    if not names.is_plain(password):
        raise UserRefused("A password has no control characters: choose another.")
    passwords.check(password, name, verifier.settings)
    return verifier.hasher.hash(password)
