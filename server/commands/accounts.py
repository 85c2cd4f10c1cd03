"""`account open|join|close|list`, `user contact`, `staff add`."""

from __future__ import annotations

from argparse import Namespace

from ..accounts import names, people, records, users
from ..accounts.roles import Role
from ..audit.events import Event
from ..lifecycle import accounts
from ..verifier import Verifier
from .context import operator, read_secret, say
from .users import new_hash


def open_(verifier: Verifier, given: Namespace) -> int:
    """Open an account, for a person of a file or for the entity of another account."""
    number, equity = accounts.check_number(given.number), accounts.cents(given.equity)
    now = verifier.clock.now()
    person = (
        records.read_person(read_secret(given.person, "person"), now.date())
        if given.person
        else None
    )
    with verifier.database.writing() as connection:
        entity_id = (
            people.add_entity(connection, verifier.keyring, person.name, person.identification, now)
            if person
            else accounts.get(connection, given.same_as).entity_id
        )
        accounts.open_(connection, number, entity_id, equity, now)
        verifier.audit.write(
            connection, now, Event.ACCOUNT_OPENED, operator(), number, entity=entity_id
        )
    say(f"The account {number} is open.")
    return 0


def join(verifier: Verifier, given: Namespace) -> int:
    """Make a user one of an account's."""
    name = names.check(given.user)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        users.get(connection, name)
        accounts.join(
            connection,
            given.number,
            name,
            is_primary=given.primary,
            may_change_security=not given.no_security,
        )
        verifier.audit.write(
            connection,
            now,
            Event.ACCOUNT_JOINED,
            operator(),
            name,
            account=given.number,
            primary=given.primary,
            security=not given.no_security,
        )
    say(f"The user {name} is one of account {given.number}'s.")
    return 0


def close(verifier: Verifier, given: Namespace) -> int:
    """Close an account: its users see its documents, and nothing else."""
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        if not accounts.close(
            connection, verifier.keyring, verifier.audit, given.number, now, operator()
        ):
            say(f"The account {given.number} is closed already.")
            return 0
        verifier.audit.write(connection, now, Event.ACCOUNT_CLOSED, operator(), given.number)
    say(f"The account {given.number} is closed.")
    return 0


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the accounts."""
    with verifier.database.reading() as connection:
        for each in accounts.all_of_them(connection):
            state = "closed" if each.closed else "open"
            say(f"{each.number}\t{state}\t{','.join(each.users) or '-'}")
    return 0


def contact(verifier: Verifier, given: Namespace) -> int:
    """Replace how a user is reached by what a file says."""
    name = names.check(given.name)
    told = records.read_contact(read_secret(given.file, "contact"))
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        people.set_contact(connection, verifier.keyring, user.id, told)
        verifier.audit.write(connection, now, Event.CONTACT_SET, operator(), name)
    say(f"How {name} is reached is set.")
    return 0


def add_staff(verifier: Verifier, given: Namespace) -> int:
    """Add somebody who works at the desk; without a device of his own he gets no further."""
    name, role = names.check(given.name), Role(given.role)
    password_hash = new_hash(verifier, name, given.password_file)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        users.add(connection, name, password_hash, now, role)
        verifier.audit.write(connection, now, Event.STAFF_ADDED, operator(), name, role=role)
    say(f"{name} is added as {role}. The desk opens to a login with a device: give {name} a card.")
    return 0
