"""A verifier that registers phones, a gateway that its SMS reach, and the steps up to a key."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.accounts import people, users
from server.audit.events import Event
from server.db.tables import audit_log, mobile_keys, mobile_registrations
from server.verifier import Verifier
from tests.phone import REGISTRATIONS, Key, Phone

from ..post import Hook
from ..support import PASSWORD, Api, ToldClock, add_user, make_verifier

ON_RECORD = "+12025550123"
PUBLIC = "http://localhost"
PIN = "k7Qm2"


def make(folder: Path, clock: ToldClock, gateway: Hook, **numbers: Any) -> Verifier:
    """A verifier with a public address and SMS, and alice, whose number is on record."""
    made = make_verifier(
        folder, clock, **({"public_url": PUBLIC, "sms_url": gateway.sms_url} | numbers)
    )
    add_user(made)
    put_on_record(made, ON_RECORD)
    return made


def put_on_record(verifier: Verifier, phone: str | None, user: str = "alice") -> None:
    with verifier.database.writing() as connection:
        user_id = users.get(connection, user).id
        known = people.contact(connection, verifier.keyring, user_id)
        people.set_contact(connection, verifier.keyring, user_id, replace(known, phone=phone))


def on_record(verifier: Verifier, user: str = "alice") -> str | None:
    with verifier.database.reading() as connection:
        user_id = users.get(connection, user).id
        return people.contact(connection, verifier.keyring, user_id).phone


def events(verifier: Verifier, *wanted: Event) -> list[str]:
    """The log's events of these kinds, oldest first, each with its detail."""
    with verifier.database.reading() as connection:
        rows = connection.execute(select(audit_log).order_by(audit_log.c.seq)).all()
    names = {each.value for each in wanted}
    return [f"{row.event} {row.detail}" for row in rows if row.event in names]


@dataclass
class Run:
    """One registration, as its user goes through it."""

    phone: Phone
    gateway: Hook
    user: str = "alice"
    bearer: str = ""
    begun: Any = None

    def begin(self, purpose: str = "register", **more: Any) -> Any:
        answer = self.phone.begin(self.user, PASSWORD, purpose, **more)
        if answer.status_code == 200:
            self.begun = answer.json()
            self.bearer = self.begun["registration"]
        return answer

    def post(self, call: str, **body: Any) -> Any:
        return self.phone.post(f"{REGISTRATIONS}/{call}", body, self.bearer)

    def number(self, **body: str) -> Any:
        return self.post("number", **(body or {"number": "record"}))

    def token(self) -> str:
        """The token of the next SMS."""
        found = re.search(r"\b[0-9]{6}\b", self.gateway.next()["message"])
        assert found
        return found[0]

    def prove(self) -> dict[str, Any]:
        """The SMS, and its token."""
        assert self.number().status_code == 200
        answer = self.post("token", token=self.token())
        assert answer.status_code == 200, answer.text
        proved: dict[str, Any] = answer.json()
        return proved

    def element(self, body: dict[str, Any]) -> Any:
        return self.post("element", **body)


def start(
    verifier: Verifier, gateway: Hook, user: str = "alice", phone: Phone | None = None
) -> Run:
    """A phone in a user's hand, that has the app."""
    phone = phone or Phone(Api(verifier).client, verifier.clock)
    return Run(phone, gateway, user)


def register(
    verifier: Verifier,
    gateway: Hook,
    user: str = "alice",
    element: str = "pin",
    phone: Phone | None = None,
    purpose: str = "register",
    pin: str = PIN,
) -> tuple[Phone, Key]:
    """A whole registration."""
    run = start(verifier, gateway, user, phone)
    answer = run.begin(purpose)
    assert answer.status_code == 200, answer.text
    return run.phone, run.phone.finish(run.bearer, run.prove(), element, pin)


def name(answer: Any) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


def keys(verifier: Verifier) -> int:
    with verifier.database.reading() as connection:
        return len(connection.execute(select(mobile_keys)).all())


def state(verifier: Verifier) -> str:
    with verifier.database.reading() as connection:
        return str(connection.execute(select(mobile_registrations.c.state)).scalar_one())


def refused(verifier: Verifier) -> int:
    return len(events(verifier, Event.REGISTRATION_REFUSED))
