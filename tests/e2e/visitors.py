"""Everybody who can be logged in: each kind of user with his own menu, and how he gets in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page
from sqlalchemy import Connection, update

from server.accounts import people, users
from server.accounts.roles import Role
from server.db.tables import accounts
from server.db.tables import devices as devices_table
from server.db.tables import users as users_table
from server.factors.cards import import_card
from server.lifecycle import accounts as account_life
from server.lifecycle import devices
from server.settings import Settings
from server.states.device import DeviceMove, DeviceState
from server.verifier import Verifier as Opened
from server.verifier import open_verifier
from tests.doors import Household
from tests.server import counter
from tests.server.support import PASSWORD, PIN, Card, add_card, add_user

ALL = ("alice", "bob", "carol", "dave", "erin")
"""A customer, one with no device yet, one with a temporary code, the desk's, and a closed one."""


@dataclass
class Visitor:
    """One person; `answers` turns the page's prompt into what is typed."""

    name: str
    card: Card | None = None
    code: str = ""

    def log_in(self, page: Page, url: str) -> None:
        page.goto(f"{url}/login")
        page.locator("#username").fill(self.name)
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").first.click()
        if self.card is not None:
            asked = page.locator("#challenge").inner_text().strip()
            page.locator("#answer").fill(self.card.shows(asked))
            page.locator("main button").first.click()
        elif self.code:
            page.locator("#answer").fill(self.code)
            page.locator("main button").first.click()
        page.wait_for_url(f"{url}/")


def invite(household: Household) -> dict[str, Visitor]:
    """Make everybody on a household's verifier, which need not be served meanwhile."""
    verifier = open_verifier(Settings(data=household.verifier.data))
    try:
        return {each.name: each for each in _made(verifier)}
    finally:
        verifier.close()


def _made(verifier: Opened) -> list[Visitor]:
    for name in ALL:
        add_user(verifier, name)
    with verifier.database.writing() as connection:
        for number, name in enumerate(("alice", "bob", "carol", "erin")):
            _open_account(verifier, connection, name, f"U100000{number}")
        erin = people.account_of(connection, users.get(connection, "erin").id)
        assert erin
        connection.execute(
            update(accounts).where(accounts.c.id == erin.id).values(closed_at=verifier.clock.now())
        )
        dave = users.get(connection, "dave")
        connection.execute(
            update(users_table).where(users_table.c.id == dave.id).values(role=Role.ADMIN.value)
        )
    cards = {name: Card(number=70 + n) for n, name in enumerate(("alice", "carol", "dave"))}
    for name, card in cards.items():
        add_card(verifier, card, name)
    _send_a_card(verifier, "alice", Card(number=80))
    return [
        Visitor("alice", cards["alice"]),
        Visitor("bob"),
        Visitor("carol", code=_with_a_code(verifier, "carol")),
        Visitor("dave", cards["dave"]),
        Visitor("erin"),
    ]


def _open_account(verifier: Opened, connection: Connection, name: str, number: str) -> None:
    now = verifier.clock.now()
    told = people.Identification(
        now.date().replace(year=1980), "CH", "CH", "passport", f"X{number}"
    )
    entity = people.add_entity(connection, verifier.keyring, name.title(), told, now)
    account_life.open_(connection, number, entity, 60_000_000, now)
    account_life.join(connection, number, name, is_primary=True)
    user = users.get(connection, name)
    address = people.Address(f"{name.title()} Doe", "1 Main Street", "Zurich", "8001", "CH")
    people.set_contact(connection, verifier.keyring, user.id, people.Contact(address=address))


def _send_a_card(verifier: Opened, name: str, card: Card) -> None:
    """Another card is in the post for him."""
    with verifier.database.writing() as connection:
        now = verifier.clock.now()
        owner = users.get(connection, name)
        number = import_card(
            connection,
            verifier.keyring,
            card.record(),
            owner,
            PIN,
            now,
            state=DeviceState.INACTIVE,
        )
        activates_at = now + timedelta(days=verifier.settings.auto_activation_days)
        connection.execute(
            update(devices_table)
            .where(devices_table.c.id == number)
            .values(shipped_at=now, auto_activates_at=activates_at)
        )


def _with_a_code(verifier: Opened, name: str) -> str:
    """His card was lost: the desk suspends it and issues a code."""
    with verifier.database.writing() as connection:
        now = verifier.clock.now()
        (card,) = devices.own(connection, users.get(connection, name).id, now)
        devices.move(connection, card.id, DeviceMove.SUSPENDED, now)
    return counter.issue(verifier, name)
