"""Finding a user by what a caller says exactly: user name, account number or serial.

There is no list of all users, and no search by a part: the desk finds whom it was told of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ..accounts import people
from ..accounts.names import spelled
from ..accounts.people import Identification
from ..accounts.roles import Duty
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import accounts, devices, users
from ..errors import NotTaken
from ..lifecycle import devices as life
from ..lifecycle.devices import Device
from ..login.sessions import Session
from ..states.device import DeviceState
from ..words import N_
from . import checks
from .staff import Person, must, person

_LONGEST = 64
_NOTHING = N_("Type a user name, an account number or a serial, whole.")


@dataclass(frozen=True)
class Sheet:
    """What the desk sees of a user; of what identifies him only the ends."""

    person: Person
    full_name: str | None
    known: tuple[tuple[str, str], ...]
    devices: tuple[Device, ...]
    shared: tuple[Device, ...]
    checked_until: datetime | None


class Finding:
    """Finds users and shows one."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring

    def find(self, session: Session, text: str) -> list[str]:
        """Return the names of the users that a user name, account number or serial leads to."""
        must(session, Duty.FIND_USERS)
        wanted = text.strip()
        if not wanted or len(wanted) > _LONGEST:
            raise NotTaken(_NOTHING, field="wanted")
        with self._database.writing() as connection:
            names = _names(connection, wanted)
            actor = f"user:{session.user}"
            now = self._clock.now()
            for name in names:
                self._audit.write(connection, now, Event.DESK_SEARCHED, actor, name)
            if not names:  # what was typed may be anything, and is not kept
                self._audit.write(connection, now, Event.DESK_SEARCHED, actor)
        return names

    def sheet(self, session: Session, name: str) -> Sheet:
        """Return what the desk sees of a user, and write down that it was shown."""
        must(session, Duty.FIND_USERS)
        with self._database.writing() as connection:
            now = self._clock.now()
            found = person(connection, name)
            full_name, known = None, list[tuple[str, str]]()
            if found.entity_id is not None:
                full_name = people.entity_name(connection, self._keyring, found.entity_id)
                known += _ends(people.identification(connection, self._keyring, found.entity_id))
            contact = people.contact(connection, self._keyring, found.id)
            if contact.phone:
                known.append((N_("Phone"), masked(contact.phone)))
            check = checks.current(connection, session.user_id, found.id, now)
            shown = Sheet(
                person=found,
                full_name=full_name,
                known=tuple(known),
                devices=tuple(life.own(connection, found.id, now)),
                shared=tuple(life.shared_with(connection, found.id, now)),
                checked_until=check[1] if check else None,
            )
            actor = f"user:{session.user}"
            self._audit.write(connection, now, Event.DESK_SHOWN, actor, found.name)
        return shown


def masked(text: str) -> str:
    """Return the end of what must not be shown whole: `•••1234`; of a short text nothing."""
    return f"•••{text[-4:]}" if len(text) >= 8 else "•••"


def _ends(known: Identification) -> list[tuple[str, str]]:
    lines = [(N_("Identity document"), masked(known.document_number))]
    if known.ssn:
        lines.append((N_("Social security number"), masked(known.ssn)))
    return lines


def _names(connection: Connection, wanted: str) -> list[str]:
    by_account = (
        select(users.c.name)
        .join(accounts, accounts.c.id == users.c.account_id)
        .where(accounts.c.number == wanted.upper())
    )
    by_serial = (
        select(users.c.name)
        .join(devices, devices.c.owner_id == users.c.id)
        .where(devices.c.serial == wanted.upper(), devices.c.state != DeviceState.REVOKED.value)
    )
    by_name = select(users.c.name).where(users.c.name == (spelled(wanted) or ""))
    found = {
        name
        for each in (by_name, by_account, by_serial)
        for name in connection.execute(each).scalars()
    }
    return sorted(found)
