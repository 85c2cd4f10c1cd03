"""What people do to one verifier, over and over from the same beginning: the hands of the model.

The verifier is made once. Each beginning puts its database back to what it was, which costs a
hundredth of making another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal
from sqlalchemy import event, select

from server.accounts import people, users
from server.accounts.roles import Role
from server.audit.verify import verify as verify_log
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.errors import DeviceLocked, LoginError, NoUsableDevice, Refusal, SessionUnknown
from server.factors.code_card_factor import opened
from server.lifecycle import accounts
from server.login.offers import Offered
from server.login.sessions import Opened, Session
from server.verifier import Verifier

from . import counter, lent
from .holders import Bench
from .people import ADDRESS, ALICE, CONTACT, add_account, add_staff
from .support import PASSWORD, PIN, Api, Card, ToldClock, add_card, add_user, make_verifier, wrong

NAMES = ("alice", "bob")
SNAPSHOT = ("devices", "orders", "shares", "returns", "ledger")
TOUCHED = {"used_at", "wrong_run", "locked_at"}
"""A prompt, and a wrong answer, change these."""


def _kept(verifier: Verifier) -> Callable[[], None]:
    """Keep a verifier's rows as they are now; returns what puts them back."""
    if not verifier.database.is_sqlite:
        return lent.kept(verifier.settings.database)
    path = verifier.settings.data / "challng.db"
    beginning = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as live:
        live.backup(beginning)

    def put_back() -> None:
        with sqlite3.connect(path) as live:
            beginning.backup(live)

    return put_back


class Hands:
    """One verifier with alice, bob and dan of the desk; alice and dan have a card."""

    def __init__(self, folder: Path, portal: BlockingPortal) -> None:
        self.portal = portal
        self.clock = ToldClock()
        self.verifier = make_verifier(folder, self.clock)
        engine = self.verifier.database.engine
        if self.verifier.database.is_sqlite:
            event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))
            self.verifier.database.let_go()
        self.cards: dict[str, Card] = {}
        self.numbers = 100
        self._make_people()
        self.first_card = self.new_card("alice").serial
        self.desk_card = self.new_card("dan").serial
        self.bench = Bench(self.verifier, Api(self.verifier))
        self._put_back = _kept(self.verifier)
        self._anchor = self.verifier.anchor.path.read_bytes()
        self._begun_at = self.clock.time
        self.begin()

    def _make_people(self) -> None:
        for name in NAMES:
            add_user(self.verifier, name)
        add_account(self.verifier, "U100", ALICE, "alice")
        with self.verifier.database.writing() as connection:
            accounts.join(connection, "U100", "bob")
            contact = people.Contact(CONTACT["mail"], CONTACT["phone"], people.Address(**ADDRESS))
            for name in NAMES:
                user = users.get(connection, name)
                people.set_contact(connection, self.verifier.keyring, user.id, contact)
        add_staff(self.verifier, "dan", Role.ADMIN)

    def begin(self) -> None:
        """Have everything as it was at first."""
        self._put_back()
        self.verifier.anchor.path.write_bytes(self._anchor)
        self.clock.time = self._begun_at
        self.cards = {
            serial: Card(self.cards[serial].number, key=self.cards[serial].key)
            for serial in (self.first_card, self.desk_card)
        }
        self.pins: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.numbers = 102
        self._desk = ""

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def new_card(self, owner: str) -> Card:
        self.numbers += 1
        card = Card(self.numbers, key=bytes([self.numbers % 256]) * 32)
        add_card(self.verifier, card, owner)
        self.cards[card.serial] = card
        return card

    def bench_makes(self) -> Card:
        self.numbers += 1
        card = self.bench.make(self.numbers % 256)
        self.cards[card.serial] = card
        return card

    # --- what the database says

    def id_of(self, serial: str) -> int:
        with self.verifier.database.reading() as connection:
            wanted = select(tables.devices.c.id).where(tables.devices.c.serial == serial)
            return int(
                connection.execute(wanted.order_by(tables.devices.c.id.desc())).scalars().first()
            )  # type: ignore[arg-type]

    def newest(self, kind: str) -> str:
        wanted = select(tables.devices.c.serial).where(tables.devices.c.kind == kind)
        with self.verifier.database.reading() as connection:
            return str(
                connection.execute(wanted.order_by(tables.devices.c.id.desc())).scalars().first()
            )

    def snapshot(self) -> Any:
        with self.verifier.database.reading() as connection:
            return {
                name: [
                    {k: v for k, v in row._mapping.items() if k not in TOUCHED}
                    for row in connection.execute(select(tables.metadata.tables[name]))
                ]
                for name in SNAPSHOT
            }

    def log_is_whole(self) -> bool:
        secret = self.verifier.secrets.get(AUDIT)
        return verify_log(self.verifier.database, secret, self.verifier.anchor).problem is None

    # --- doing things

    def try_to(self, what: Callable[[], Any]) -> Any:
        """Do it, or be refused and find everything as it was; returns None where refused."""
        before = self.snapshot()
        try:
            return what() or True
        except Refusal:
            assert self.snapshot() == before
            return None

    def password(self, name: str) -> Offered | Opened | None:
        """Give the right password; None where no device can be used."""
        try:
            return self.portal.call(self.verifier.passwords.begin, name, PASSWORD, "127.0.0.1")
        except NoUsableDevice:
            return None

    def log_in_with(self, serial: str, offered: Offered) -> Session | None:
        """Choose a device and answer right; None where it is locked."""
        try:
            asked = self._choose(serial, offered)
            token = self.verifier.logins.answer(
                asked.login_id, self.answer(serial, asked.prompt)
            ).token
        except DeviceLocked:
            return None
        return self.verifier.sessions.find(token, self.now)

    def _choose(self, serial: str, offered: Offered) -> Offered:
        (chosen,) = [each.id for each in offered.factors if each.serial == serial]
        return self.verifier.logins.choose(offered.login_id, chosen)

    def answer(self, serial: str, prompt: Any) -> str:
        """The right answer of a device, as its holder gives it."""
        if "challenge" in prompt:
            return self.cards[serial].shows(prompt["challenge"], self.pins.get(serial, PIN))
        if "indexes" in prompt:
            return self._values(serial, prompt["indexes"])
        return self.codes[serial]

    def _values(self, serial: str, indexes: list[int]) -> str:
        number, sealed = self.id_of(serial), tables.code_cards.c.values_sealed
        with self.verifier.database.reading() as connection:
            values = opened(
                self.verifier.keyring,
                connection.execute(
                    select(sealed).where(tables.code_cards.c.device_id == number)
                ).scalar_one(),
                number,
            )
        return "".join(values[index - 1] for index in indexes)

    def lock(self, name: str, serial: str) -> None:
        """Answer wrong with a device until it is locked."""
        for _ in range(4):
            offered = self.password(name)
            assert isinstance(offered, Offered)
            asked = self._choose(serial, offered)
            right = self.answer(serial, asked.prompt)
            bad = wrong(right) if right.isdigit() else "444444"
            for _ in range(3):
                with suppress(LoginError):
                    self.verifier.logins.answer(asked.login_id, bad)

    # --- the desk

    def desk(self) -> Session:
        """Dan's session; he logs in with his card where it is over."""
        try:
            return self.verifier.sessions.find(self._desk, self.now)
        except SessionUnknown:
            offered = self.password("dan")
            assert isinstance(offered, Offered)
            right = self.answer(self.desk_card, offered.prompt)
            self._desk = self.verifier.logins.answer(offered.login_id, right).token
            return self.verifier.sessions.find(self._desk, self.now)

    def checked(self, name: str) -> Session:
        """The desk has checked who is calling."""
        session = self.desk()
        counter.check(self.verifier, session, name)
        return session
