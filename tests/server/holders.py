"""A person with an account at the JSON API, and a bench that makes the cards ordered there."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import select, update

from server.accounts import people, users
from server.accounts.roles import Role
from server.db import tables
from server.lifecycle import deposits
from server.provisioning import provisioners
from server.verifier import Verifier

from .people import ADDRESS, ALICE, CONTACT, add_account, add_staff
from .support import PASSWORD, PIN, Api, Card, add_card

NEW_PIN = "8152"


class Holder:
    """Somebody who is logged in over the API; his card, if any, is `card`."""

    def __init__(self, verifier: Verifier, api: Api, user: str, card: Card | None = None) -> None:
        self.verifier, self.api, self.user, self.card = verifier, api, user, card
        self.token = ""

    def log_in(self) -> Holder:
        content = self.api.password(self.user).json()
        if "login" in content:
            assert self.card is not None
            shown = self.card.shows(content["prompt"]["challenge"])
            content = self.api.answer(content["login"], shown).json()
        self.token = content["session"]
        return self

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.api.client.request(
            method,
            f"/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def access(self) -> str:
        return str(self.api.session(self.token).json().get("access"))

    # --- a card on order

    def draft(self, reason: str = "first", **more: Any) -> int:
        begun = self.call("POST", "/card-requests", {"reason": reason, **more})
        assert begun.status_code == 201, begun.text
        return int(begun.json()["id"])

    def filled(self, reason: str = "first", pin: str = NEW_PIN, **more: Any) -> int:
        order = self.draft(reason, **more)
        done = self.call("PUT", f"/card-requests/{order}/address", ADDRESS)
        assert done.status_code == 200, done.text
        done = self.call("PUT", f"/card-requests/{order}/pin", {"pin": pin, "again": pin})
        assert done.status_code == 200, done.text
        return order

    def order(self, reason: str = "first", **more: Any) -> int:
        order = self.filled(reason, **more)
        done = self.call("POST", f"/card-requests/{order}/submit")
        assert done.status_code == 200, done.text
        return order

    # --- its devices

    def device(self, serial: str) -> int:
        with self.verifier.database.reading() as connection:
            return int(
                connection.execute(
                    select(tables.devices.c.id).where(tables.devices.c.serial == serial)
                ).scalar_one()
            )

    def state(self, serial: str) -> str:
        with self.verifier.database.reading() as connection:
            return str(
                connection.execute(
                    select(tables.devices.c.state).where(tables.devices.c.serial == serial)
                ).scalar_one()
            )

    def suspend(self, serial: str) -> None:
        with self.verifier.database.writing() as connection:
            connection.execute(
                update(tables.devices)
                .where(tables.devices.c.serial == serial)
                .values(state="suspended")
            )

    # --- his money, in cents

    def books(self) -> tuple[int, int, int]:
        """What is available, held, and the house's, as far as devices go."""
        with self.verifier.database.reading() as connection:
            account = users_account(self.verifier, self.user)
            return tuple(  # type: ignore[return-value]
                deposits.balance(connection, account, book) for book in deposits.Book
            )


def users_account(verifier: Verifier, user: str) -> int:
    with verifier.database.reading() as connection:
        found = connection.execute(
            select(tables.users.c.account_id).where(tables.users.c.name == user)
        ).scalar_one()
    return int(found)


def add_holder(
    verifier: Verifier,
    api: Api,
    user: str = "alice",
    card: Card | None = None,
    *,
    equity: int = 750_000,
    person: dict[str, Any] = ALICE,
) -> Holder:
    """Give a user an account and a contact, a card if it is given, and log in."""
    with verifier.database.writing() as connection:
        if user != "alice":
            users.add(connection, user, verifier.hasher.hash(PASSWORD), verifier.clock.now())
        contact = people.Contact(CONTACT["mail"], CONTACT["phone"], people.Address(**ADDRESS))
        found = users.get(connection, user)
        people.set_contact(connection, verifier.keyring, found.id, contact)
    add_account(verifier, f"U{100_000 + found.id}", person, user, equity=equity)
    if card is not None:
        add_card(verifier, card, user)
    return Holder(verifier, api, user, card).log_in()


def staff(verifier: Verifier, api: Api, role: Role, number: int = 90) -> Holder:
    """Somebody at the desk, with a card of his own."""
    name = f"{role.value}-desk"
    add_staff(verifier, name, role)
    card = Card(number=number)
    add_card(verifier, card, name)
    return Holder(verifier, api, name, card).log_in()


class Bench:
    """A bench with a provisioning credential, which makes cards out of orders."""

    def __init__(self, verifier: Verifier, api: Api, name: str = "bench") -> None:
        token = provisioners.new_token()
        with verifier.database.writing() as connection:
            provisioners.add(connection, name, token, verifier.clock.now())
        self.api, self.headers = api, {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.api.client.request(
            method, f"/api/v1/provisioning/{path}", json=body, headers=self.headers
        )

    def take(self) -> Any:
        taken = self.call("POST", "orders/next")
        assert taken.status_code == 200, taken.text
        return taken.json()["order"]

    def put(self, card: Card, order: int, /, **other: Any) -> Any:
        record = card.record()
        body = {
            "key_id": record.key_id,
            "suite": record.suite,
            "key": base64.b64encode(record.key).decode(),
            "counter": record.counter,
            "issuer": record.issuer,
            "challenge_length": record.challenge_length,
            "order": order,
        }
        return self.call("PUT", f"cards/{card.serial}", body | other)

    def confirm(self, card: Card) -> Any:
        body = {"key_id": card.record().key_id}
        return self.call("POST", f"cards/{card.serial}/confirm", body)

    def make(self, number: int = 50) -> Card:
        """Take the next order and make its card."""
        card = Card(number=number, key=bytes([number]) * 32)
        order = self.take()["id"]
        assert self.put(card, order).status_code == 201
        confirmed = self.confirm(card)
        assert (confirmed.status_code, confirmed.json()["state"]) == (200, "inactive")
        return card


def notices(verifier: Verifier, user: str = "alice") -> list[tuple[str, Any]]:
    """What is written to be sent to a user, and when."""
    outbox = tables.outbox
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(outbox.c.notice, outbox.c.due_at)
            .join(tables.users, tables.users.c.id == outbox.c.user_id)
            .where(tables.users.c.name == user)
            .order_by(outbox.c.due_at, outbox.c.id)
        )
        return [(row.notice, row.due_at) for row in rows]


__all__ = ["NEW_PIN", "PIN", "Bench", "Holder", "add_holder", "notices", "staff"]
