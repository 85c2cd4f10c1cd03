"""People as files and rows: who somebody is, how he is reached, his account, his role."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from server.accounts import people, users
from server.accounts.roles import Role
from server.lifecycle import accounts
from server.verifier import Verifier

from .support import PASSWORD

ALICE = {
    "name": "Alice Doe",
    "date_of_birth": "1980-02-29",
    "citizenship": "US",
    "residence": "DE",
    "document_type": "passport",
    "document_number": "X1234567",
    "ssn": "219099999",
}
BOB = ALICE | {
    "name": "Bob Doe",
    "date_of_birth": "1975-11-03",
    "citizenship": "JP",
    "residence": "HK",
    "document_number": "TK7654321",
    "ssn": None,
}
ADDRESS = {
    "name": "Alice Doe",
    "street": "1 Main Street",
    "city": "Springfield",
    "postal_code": "01101",
    "region": "MA",
    "country": "US",
}
CONTACT = {"mail": "alice@example.net", "phone": "+12025550123", "address": ADDRESS}


def text(values: object) -> str:
    return json.dumps(values)


def identification(person: dict[str, Any]) -> people.Identification:
    values = {name: value for name, value in person.items() if name != "name"}
    values["date_of_birth"] = date.fromisoformat(values["date_of_birth"])
    return people.Identification(**values)


def add_account(
    verifier: Verifier,
    number: str,
    person: dict[str, Any],
    user: str,
    *,
    equity: int = 750_000,
    primary: bool = True,
    security: bool = True,
    entity_id: int | None = None,
) -> int:
    """Open an account for a person and let a user join it; returns the entity's id."""
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        if entity_id is None:
            entity_id = people.add_entity(
                connection, verifier.keyring, person["name"], identification(person), now
            )
        accounts.open_(connection, number, entity_id, equity * 100, now)
    join(verifier, number, user, primary=primary, security=security)
    return entity_id


def join(
    verifier: Verifier, number: str, user: str, *, primary: bool = False, security: bool = True
) -> None:
    with verifier.database.writing() as connection:
        accounts.join(connection, number, user, is_primary=primary, may_change_security=security)


def add_staff(verifier: Verifier, name: str, role: Role) -> None:
    with verifier.database.writing() as connection:
        users.add(connection, name, verifier.hasher.hash(PASSWORD), verifier.clock.now(), role)
