"""The desk and its callers: staff with cards, users with accounts, and the API in their hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from server.accounts import people as people_rows
from server.accounts import users
from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from .people import ADDRESS, ALICE, add_account, add_staff
from .support import Api, Card, add_card, add_user

REASON = "the caller asked for it"
WHY = {"reason": REASON}
KNOWN = {
    "date_of_birth": "1980-02-29",
    "document_number": "x 1234567",
    "ssn": "219-09-9999",
    "citizenship": "us",
    "residence": "DE",
    "account": "u100",
    "postal_code": "01101",
    "phone": "1 202 555 0123",
    "mail": "Alice@example.net",
}
"""What alice says, as people say it."""

_numbers = iter(range(5000, 9000))


@dataclass
class Caller:
    """Somebody with a session, calling the API."""

    api: Api
    name: str
    card: Card | None = None
    token: str = field(default="", repr=False)
    access: str = ""

    def log_in(self) -> Caller:
        if self.card is None:
            told = self.api.password(self.name).json()
        else:
            login, challenge = self.api.login(self.name)
            told = self.api.answer(login, self.card.shows(challenge)).json()
        self.token, self.access = told["session"], told["access"]
        return self

    def get(self, path: str, **query: Any) -> Any:
        return self.api.client.get(f"/api/v1{path}", params=query, headers=self._headers)

    def post(self, path: str, body: object = None) -> Any:
        return self.api.client.post(f"/api/v1{path}", json=body, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def staff(verifier: Verifier, api: Api, name: str, role: Role, *, card: bool = True) -> Caller:
    add_staff(verifier, name, role)
    return with_card(verifier, api, name, card=card)


def with_card(verifier: Verifier, api: Api, name: str, *, card: bool = True) -> Caller:
    held = Card(number=next(_numbers)) if card else None
    if held is not None:
        add_card(verifier, held, name)
    return Caller(api, name, held).log_in()


def customer(
    verifier: Verifier,
    api: Api,
    name: str,
    number: str,
    person: dict[str, Any] | None = None,
    *,
    card: bool = True,
    **more: Any,
) -> Caller:
    """A user with an account of his own, and a card unless told otherwise."""
    if name != "alice":
        add_user(verifier, name)
    add_account(verifier, number, person or ALICE, name, **more)
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        contact = people_rows.Contact(
            mail="alice@example.net",
            phone="+12025550123",
            address=people_rows.Address(**ADDRESS),
        )
        people_rows.set_contact(connection, verifier.keyring, user.id, contact)
    return with_card(verifier, api, name, card=card)


def identify(desk: Caller, name: str, **wrong: str) -> Any:
    """Check a caller's identity over the API; he says what alice knows, but for `wrong`."""
    begun = desk.post(f"/desk/users/{name}/checks")
    assert begun.status_code == 201, begun.text
    asked = begun.json()
    answers = {fact: (KNOWN | wrong)[fact] for fact in asked["asked"]}
    return desk.post(f"/desk/users/{name}/checks/{asked['check']}", {"answers": answers})


def serial(user: Caller) -> str:
    """The serial of the card that somebody holds."""
    assert user.card
    return user.card.serial


def device(verifier: Verifier, user: Caller, act: str) -> str:
    """Where the desk does something about that card."""
    return f"/desk/users/{user.name}/devices/{device_id(verifier, serial(user))}/{act}"


def device_id(verifier: Verifier, serial: str) -> int:
    with verifier.database.reading() as connection:
        found: int = connection.execute(
            select(tables.devices.c.id).where(tables.devices.c.serial == serial)
        ).scalar_one()
    return found


def log(verifier: Verifier) -> list[Any]:
    with verifier.database.reading() as connection:
        return list(
            connection.execute(select(tables.audit_log).order_by(tables.audit_log.c.seq)).all()
        )


def events(verifier: Verifier) -> list[str]:
    return [row.event for row in log(verifier)]
