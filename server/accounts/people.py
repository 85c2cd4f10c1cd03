"""Entities, accounts and how to reach a user. What identifies a person is sealed in the database
and opened for two ends alone: to compare, and to show a part of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from ..crypto.keyring import Keyring
from ..db.tables import accounts, entities, users
from ..errors import NoSuchUser


@dataclass(frozen=True)
class Identification:
    """What the law knows a person by; countries as ISO 3166-1 alpha-2, `ssn` as nine digits."""

    date_of_birth: date = field(repr=False)
    citizenship: str = field(repr=False)
    residence: str = field(repr=False)
    document_type: str = field(repr=False)
    document_number: str = field(repr=False)
    ssn: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Address:
    """Where post goes; `country` as ISO 3166-1 alpha-2."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    region: str = ""

    def lines(self) -> list[str]:
        """Return the address as it stands on an envelope."""
        place = " ".join(part for part in (self.postal_code, self.city, self.region) if part)
        return [self.name, self.street, place, self.country]


@dataclass(frozen=True)
class Contact:
    """How a user is reached; `phone` as E.164, `targets` as Apprise URLs of further services."""

    mail: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    address: Address | None = field(default=None, repr=False)
    targets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Account:
    """An account as its users see it; equity and deposits in US cents."""

    id: int
    number: str
    entity_id: int
    equity_cents: int
    closed: bool


def add_entity(
    connection: Connection,
    keyring: Keyring,
    name: str,
    identification: Identification,
    now: datetime,
) -> int:
    """Add an entity; returns its id."""
    entity_id: int = connection.execute(
        insert(entities)
        .values(name_sealed=b"", identification_sealed=b"", added_at=now)
        .returning(entities.c.id)
    ).scalar_one()
    text = json.dumps(asdict(identification), default=date.isoformat)
    connection.execute(
        update(entities)
        .where(entities.c.id == entity_id)
        .values(
            name_sealed=keyring.seal(name.encode(), f"entities.name_sealed:{entity_id}"),
            identification_sealed=keyring.seal(
                text.encode(), f"entities.identification_sealed:{entity_id}"
            ),
        )
    )
    return entity_id


def entity_name(connection: Connection, keyring: Keyring, entity_id: int) -> str:
    """Return an entity's name."""
    sealed = connection.execute(
        select(entities.c.name_sealed).where(entities.c.id == entity_id)
    ).scalar_one()
    return keyring.open(sealed, f"entities.name_sealed:{entity_id}").decode()


def identification(connection: Connection, keyring: Keyring, entity_id: int) -> Identification:
    """Open what identifies an entity; only for comparing."""
    sealed = connection.execute(
        select(entities.c.identification_sealed).where(entities.c.id == entity_id)
    ).scalar_one()
    values = json.loads(keyring.open(sealed, f"entities.identification_sealed:{entity_id}"))
    values["date_of_birth"] = date.fromisoformat(values["date_of_birth"])
    return Identification(**values)


def account_of(connection: Connection, user_id: int) -> Account | None:
    """Return the account of a user; None where he has none."""
    row = connection.execute(
        select(accounts)
        .join(users, users.c.account_id == accounts.c.id)
        .where(users.c.id == user_id)
    ).one_or_none()
    if row is None:
        return None
    return Account(row.id, row.number, row.entity_id, row.equity_cents, row.closed_at is not None)


def primary_user(connection: Connection, account_id: int) -> str | None:
    """Return the name of the account's primary user."""
    name: str | None = connection.execute(
        select(users.c.name).where(users.c.account_id == account_id, users.c.is_primary)
    ).scalar()
    return name


def contact(connection: Connection, keyring: Keyring, user_id: int) -> Contact:
    """Return how a user is reached; nothing where nothing is known."""
    row = connection.execute(
        select(users.c.contact_sealed).where(users.c.id == user_id)
    ).one_or_none()
    if row is None:
        raise NoSuchUser("There is no such user.")
    if row.contact_sealed is None:
        return Contact()
    values = json.loads(keyring.open(row.contact_sealed, f"users.contact_sealed:{user_id}"))
    address = values["address"]
    return Contact(
        mail=values["mail"],
        phone=values["phone"],
        address=Address(**address) if address else None,
        targets=tuple(values["targets"]),
    )


def set_contact(connection: Connection, keyring: Keyring, user_id: int, given: Contact) -> None:
    """Replace how a user is reached."""
    text = json.dumps(asdict(given))
    connection.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(contact_sealed=keyring.seal(text.encode(), f"users.contact_sealed:{user_id}"))
    )
