"""Registrations at the same moment, over two workers: the database decides which counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from server.accounts import people, users
from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_log, devices, mobile_registrations
from server.mobile import tokens
from server.verifier import Verifier
from tests.phone import REGISTRATIONS, Phone

from .post import Hook, hook
from .registering import ON_RECORD
from .support import PASSWORD, add_user, wrong
from .test_races import Served, serve
from .wire import Wire

AT_ONCE = 16
ROUNDS = 20


@dataclass
class Desk:
    """A served verifier, and the gateway that its SMS go to."""

    served: Served
    gateway: Hook

    @property
    def verifier(self) -> Verifier:
        return self.served.verifier

    def send(self, requests: list[tuple[str, object]], *bearers: str) -> list[tuple[int, Any]]:
        """Send requests at once, each as the holder of its registration."""
        holders = bearers * len(requests) if len(bearers) == 1 else bearers
        headers = [{"authorization": f"Bearer {bearer}"} for bearer in holders]

        async def run() -> list[tuple[int, Any]]:
            async with Wire(self.served.port, len(requests)) as wire:
                return await wire.at_once(requests, headers)

        return asyncio.run(run())

    def begin(self, user: str, purpose: str = "register") -> tuple[Phone, str]:
        phone = Phone(None, self.verifier.clock)
        body = {
            "username": user,
            "password": PASSWORD,
            "installation": phone.installation,
            "phone": "Chrome on Android",
            "purpose": purpose,
        }
        ((status, told),) = self.send([(REGISTRATIONS, body)])
        assert status == 200, told
        return phone, told["registration"]

    def prove(self, bearer: str) -> Any:
        ((status, told),) = self.send([(f"{REGISTRATIONS}/number", {"number": "record"})], bearer)
        assert status == 200, told
        body = {"token": self.token(bearer)}
        ((status, told),) = self.send([(f"{REGISTRATIONS}/token", body)], bearer)
        assert status == 200, told
        return told

    def token(self, bearer: str) -> str:
        """The token of the newest registration's last message."""
        with self.verifier.database.reading() as connection:
            row = connection.execute(
                select(mobile_registrations).order_by(mobile_registrations.c.id.desc()).limit(1)
            ).one()
        return tokens.activation(self.verifier.secrets, row.token_hash, row.sends)

    def user(self, number: int) -> str:
        name = f"user-{number}"
        add_user(self.verifier, name)
        with self.verifier.database.writing() as connection:
            user_id = users.get(connection, name).id
            contact = people.Contact(phone=ON_RECORD)
            people.set_contact(connection, self.verifier.keyring, user_id, contact)
        return name

    def phones(self, name: str, state: str = "active") -> int:
        with self.verifier.database.reading() as connection:
            found: int = connection.execute(
                select(func.count())
                .select_from(devices)
                .where(
                    devices.c.owner_id == users.get(connection, name).id,
                    devices.c.kind == "mobile_key",
                    devices.c.state == state,
                )
            ).scalar_one()
        return found

    def count(self, event: str, name: str) -> int:
        with self.verifier.database.reading() as connection:
            found: int = connection.execute(
                select(func.count()).where(audit_log.c.event == event, audit_log.c.subject == name)
            ).scalar_one()
        return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with hook() as gateway, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHALLNG_PUBLIC_URL", "http://localhost")
        patch.setenv("CHALLNG_SMS_URL", gateway.sms_url)
        folder = tmp_path_factory.mktemp("phones")
        for served in serve(folder, "server", "serve", "--port", "{port}", "--workers", "2"):
            yield Desk(served, gateway)


def test_of_equal_bodies_sent_at_once_one_makes_the_key_and_all_are_told_of_it(desk: Desk) -> None:
    name = desk.user(1)
    phone, bearer = desk.begin(name)
    body, _ = phone.element(bearer, desk.prove(bearer))
    found = desk.send([(f"{REGISTRATIONS}/element", body)] * AT_ONCE, bearer)
    assert Counter(status for status, _ in found) == {200: AT_ONCE}
    assert len({told["serial"] for _, told in found}) == 1
    assert (desk.phones(name), desk.count("mobile-key.added", name)) == (1, 1)


def test_of_different_keys_for_one_registration_one_stands(desk: Desk) -> None:
    name = desk.user(2)
    phone, bearer = desk.begin(name)
    proved = desk.prove(bearer)
    bodies = [phone.element(bearer, proved)[0] for _ in range(AT_ONCE)]
    found = desk.send([(f"{REGISTRATIONS}/element", body) for body in bodies], bearer)
    assert Counter(status for status, _ in found) == {200: 1, 409: AT_ONCE - 1}
    assert desk.phones(name) == 1


@pytest.mark.parametrize("purpose", ["register", "migrate"])
def test_of_two_phones_that_race_to_be_the_active_one_one_is(desk: Desk, purpose: str) -> None:
    for number in range(ROUNDS):
        name = desk.user(100 * len(purpose) + number)
        if purpose == "migrate":
            phone, bearer = desk.begin(name)
            body, _ = phone.element(bearer, desk.prove(bearer))
            assert desk.send([(f"{REGISTRATIONS}/element", body)], bearer)[0][0] == 200
        ready = []
        for _ in range(2):
            phone, bearer = desk.begin(name, purpose)
            ready.append((bearer, phone.element(bearer, desk.prove(bearer))[0]))
        found = desk.send(
            [(f"{REGISTRATIONS}/element", body) for _, body in ready],
            *(bearer for bearer, _ in ready),
        )
        statuses = sorted(status for status, _ in found)
        assert statuses[0] == 200
        assert statuses[1] in {409, 410}
        assert desk.phones(name) == 1
        assert desk.phones(name, "revoked") == (1 if purpose == "migrate" else 0)


def test_of_wrong_tokens_sent_at_once_five_are_looked_at(desk: Desk) -> None:
    name = desk.user(3)
    _, bearer = desk.begin(name)
    desk.send([(f"{REGISTRATIONS}/number", {"number": "record"})], bearer)
    body = {"token": wrong(desk.token(bearer))}
    found = Counter(
        status for status, _ in desk.send([(f"{REGISTRATIONS}/token", body)] * AT_ONCE, bearer)
    )
    assert found == {401: 5, 410: AT_ONCE - 5}
    assert desk.count("registration.wrong-token", name) == 5
    assert desk.count("registration.ended", name) == 1


def test_of_right_tokens_sent_at_once_one_proves(desk: Desk) -> None:
    name = desk.user(4)
    _, bearer = desk.begin(name)
    desk.send([(f"{REGISTRATIONS}/number", {"number": "record"})], bearer)
    body = {"token": desk.token(bearer)}
    found = desk.send([(f"{REGISTRATIONS}/token", body)] * AT_ONCE, bearer)
    assert Counter(status for status, _ in found) == {200: 1, 409: AT_ONCE - 1}
    assert desk.count("registration.proved", name) == 1


def test_of_messages_asked_for_at_once_one_is_sent(desk: Desk) -> None:
    name = desk.user(5)
    _, bearer = desk.begin(name)
    body = {"number": "record"}
    found = desk.send([(f"{REGISTRATIONS}/number", body)] * AT_ONCE, bearer)
    assert Counter(status for status, _ in found) == {200: 1, 429: AT_ONCE - 1}
    assert desk.count("registration.sent", name) == 1


def test_the_audit_log_is_in_order_after_all_this(desk: Desk) -> None:
    verifier = desk.verifier
    assert verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None
