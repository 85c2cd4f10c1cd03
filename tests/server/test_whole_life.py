"""The whole life of two user names of one person, in any order of events, against a small model.

What is refused changes nothing; what is done is what the model says; no device is ever in a state
that its table does not lead to; and the books balance.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from server.accounts import people, users
from server.accounts.roles import Role
from server.audit.verify import verify as verify_log
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.errors import Refusal
from server.factors.code_card_factor import opened
from server.factors.kinds import DeviceKind
from server.lifecycle import accounts, activation, devices, order_rows
from server.lifecycle.states import DEVICE, DeviceState
from server.login.access import Access
from server.login.ledger import Purpose
from server.login.sessions import Session

from . import counter
from .holders import Bench
from .life_model import Device, Person, temporary_code
from .people import ADDRESS, ALICE, CONTACT, add_account, add_staff
from .support import PASSWORD, PIN, Api, Card, ToldClock, add_card, add_user, make_verifier

NAMES = ("alice", "bob")
WHO = st.sampled_from(NAMES)
PICK = st.integers(min_value=0, max_value=5)
WAYS = {"activate": activation.ACTIVATE, "reactivate": activation.REACTIVATE}
_SNAPSHOT = ("devices", "orders", "shares", "returns", "ledger")


class WholeLife(RuleBasedStateMachine):
    """Does to a verifier what people and time do, and to the model what should come of it."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ToldClock()
        self.verifier = make_verifier(Path(self.folder.name), self.clock)
        self.api = Api(self.verifier)
        self.people = {name: Person() for name in NAMES}
        self.closed = False
        self.cards: dict[str, Card] = {}
        self.codes: dict[str, str] = {}
        self.pins: dict[str, str] = {}
        self.seen: dict[str, DeviceState] = {}
        self.numbers = 100
        self.before: Any = None
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
        self.desk_card = self.new_card("dan")
        card = self.new_card("alice")
        self.people["alice"].devices[card.serial] = Device(DeviceKind.CARD, "active")
        self.bench = Bench(self.verifier, self.api)

    def new_card(self, owner: str) -> Card:
        self.numbers += 1
        card = Card(number=self.numbers, key=bytes([self.numbers % 256]) * 32)
        add_card(self.verifier, card, owner)
        self.cards[card.serial] = card
        return card

    # --- doing things

    def try_to(self, what: Callable[[], Any]) -> Any:
        """Do it, or be refused and find everything as it was; returns None where refused."""
        before = self.snapshot()
        try:
            return what() or True
        except Refusal:
            assert self.snapshot() == before
            return None

    def snapshot(self) -> Any:
        kept = {"used_at", "wrong_run", "locked_at"}  # a prompt, and a wrong answer, touch these
        with self.verifier.database.reading() as connection:
            return {
                name: [
                    {k: v for k, v in row._mapping.items() if k not in kept}
                    for row in connection.execute(select(tables.metadata.tables[name]))
                ]
                for name in _SNAPSHOT
            }

    def serials(self, name: str, *states: str) -> list[str]:
        return self.people[name].with_state(self.clock.now(), *states)

    def id_of(self, serial: str) -> int:
        with self.verifier.database.reading() as connection:
            wanted = select(tables.devices.c.id).where(tables.devices.c.serial == serial)
            return int(
                connection.execute(wanted.order_by(tables.devices.c.id.desc())).scalars().first()
            )  # type: ignore[arg-type]

    def answer(self, serial: str, prompt: Any) -> str:
        if "challenge" in prompt:
            return self.cards[serial].shows(prompt["challenge"], self.pins.get(serial, PIN))
        if "indexes" in prompt:
            return self.values_of(serial, prompt["indexes"])
        return self.codes[serial]

    def values_of(self, serial: str, indexes: list[int]) -> str:
        with self.verifier.database.reading() as connection:
            number = self.id_of(serial)
            sealed = connection.execute(
                select(tables.code_cards.c.values_sealed).where(
                    tables.code_cards.c.device_id == number
                )
            ).scalar_one()
            values = opened(self.verifier.keyring, sealed, number)
        return "".join(values[index - 1] for index in indexes)

    def desk(self) -> Session:
        login, challenge = self.api.login("dan")
        token = self.api.answer(login, self.desk_card.shows(challenge)).json()["session"]
        return self.verifier.sessions.find(token, self.clock.now())

    def checked(self, name: str) -> Session:
        """The desk has checked who is calling."""
        session = self.desk()
        counter.check(self.verifier, session, name)
        return session

    def log_in(self, name: str, pick: int = 0) -> Session | None:
        """Log in as the model says that it goes; returns the session, or None without one."""
        person, now = self.people[name], self.clock.now()
        begun = self.api.password(name)
        needs_none = self.closed or person.opted_out
        usable = [] if needs_none else self.usable(name)
        if usable:
            assert begun.status_code == 200, begun.text
            content = begun.json()
            offered = [each["id"] for each in content["factors"]]
            assert len(offered) == len(usable)
            chosen = offered[pick % len(offered)]
            path = f"/api/v1/login/{content['login']}/factor"
            content = self.api.client.post(path, json={"factor": chosen}).json()
            with self.verifier.database.reading() as connection:
                row = connection.execute(
                    select(tables.devices.c.serial)
                    .join(tables.logins, tables.logins.c.device_id == tables.devices.c.id)
                    .where(tables.logins.c.id == content["login"])
                ).scalar_one()
            device = self.device(row)
            done = self.api.answer(content["login"], self.answer(row, content["prompt"])).json()
            assert done["access"] == person.access_by(device, self.closed, now), done
            if not device.temporary:
                person.permanent_works(now)
            return self.verifier.sessions.find(done["session"], now)
        if not needs_none and person.had_device(now):
            assert begun.status_code == 403, begun.text
            return None
        opened = begun.json()
        assert opened["access"] == person.access_by(None, self.closed, now)
        return self.verifier.sessions.find(opened["session"], now)

    def usable(self, name: str) -> list[str]:
        person, now = self.people[name], self.clock.now()
        found = person.with_state(now, "active")
        if person.borrowed and self.device(person.borrowed).at(now) == "active":
            found.append(person.borrowed)
        return found

    def device(self, serial: str) -> Device:
        return next(p.devices[serial] for p in self.people.values() if serial in p.devices)

    # --- what happens

    @rule(hours=st.sampled_from([1, 24, 47, 48, 240, 21 * 24 - 1, 21 * 24]))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(3_600 * hours)

    @rule(name=WHO, pick=PICK)
    def somebody_logs_in(self, name: str, pick: int) -> None:
        self.log_in(name, pick)

    @rule(name=WHO, pick=PICK)
    def a_device_is_lost(self, name: str, pick: int) -> None:
        serials = self.serials(name, "active", "inactive", "suspended", "set_aside")
        if not serials:
            return
        serial = serials[pick % len(serials)]
        session, number = self.checked(name), self.id_of(serial)
        now = self.clock.now()
        allowed = self.device(serial).at(now) in {"active", "inactive", "set_aside"}
        done = self.try_to(
            lambda: self.verifier.desk.aid.suspend(session, name, number, "reported lost")
        )
        assert bool(done) == allowed
        if done:
            device = self.device(serial)
            device.used = device.used or device.at(now) == "active"
            device.auto_at = None if device.at(now) == "inactive" else device.auto_at
            device.state = "suspended"

    @rule(name=WHO)
    def a_temporary_code_is_issued(self, name: str) -> None:
        person, now = self.people[name], self.clock.now()
        if (
            person.opted_out
        ):  # by what is left of his devices: tests/server/test_what_hangs_on_it.py
            return
        session = self.checked(name)
        allowed = not self.closed and person.may_get_a_code(now)
        code = self.try_to(lambda: self.verifier.desk.issue_code(session, name, "lost the card"))
        assert bool(code) == allowed
        if code:
            for each in person.devices.values():
                if each.kind is DeviceKind.TEMPORARY_CODE:
                    each.state = "revoked"
            serial = self.newest(DeviceKind.TEMPORARY_CODE)
            self.codes[serial] = str(code)
            person.devices[serial] = temporary_code(now)
            person.coded_at = now

    @rule(name=WHO, online=st.booleans(), pick=PICK)
    def a_code_card_is_made(self, name: str, online: bool, pick: int) -> None:
        session = self.log_in(name, pick)
        if session is None:
            return
        kind = DeviceKind.ONLINE_CODE_CARD if online else DeviceKind.CODE_CARD
        service, person, now = self.verifier.code_cards[kind], self.people[name], self.clock.now()

        def make() -> Any:
            made = service.make(session)
            service.values(session, made.id)
            asked = service.ask(session)
            return service.activate(session, asked.id, self.answer(made.serial, asked.prompt))

        if person.opted_out or self.closed:
            assert self.try_to(make) is None
            return
        try:  # each step stands by itself: what was made and not activated waits
            made = make()
        except Refusal:
            return
        assert session.access in {Access.FULL, Access.PORTAL_ONLY, Access.ONLINE_CODE_CARD_ONLY}
        for each in person.devices.values():
            if each.kind is kind and each.at(now) == "active":
                assert not online
                each.state = "revoked"
        until = now + timedelta(days=21) if online else None
        person.devices[made.serial] = Device(kind, "active", until=until)
        if online:
            for each in person.devices.values():
                if each.kind is DeviceKind.TEMPORARY_CODE and each.at(now) == "active":
                    each.state = self.stored(each, person)
        else:
            person.end_temporary()
            person.permanent_works(now)

    def stored(self, device: Device, person: Person) -> str:
        """Whether a temporary code ends with the online code card is the service's to say."""
        (serial,) = (name for name, each in person.devices.items() if each is device)
        with self.verifier.database.reading() as connection:
            return devices.get(connection, self.id_of(serial), self.clock.now()).state.value

    @rule(name=WHO, pick=PICK, which=PICK, way=st.sampled_from(sorted(WAYS)))
    def a_device_is_put_into_use(self, name: str, pick: int, which: int, way: str) -> None:
        session = self.log_in(name, pick)
        person, now = self.people[name], self.clock.now()
        serials = [
            each
            for each in self.serials(name, "active", "inactive", "suspended", "set_aside")
            if self.device(each).kind is DeviceKind.CARD
        ]
        if session is None or not serials:
            return
        serial = serials[which % len(serials)]
        number, state = self.id_of(serial), self.device(serial).at(now)

        def put() -> Any:
            asked = self.verifier.activation.begin(session, number, WAYS[way])
            text = self.answer(serial, asked.prompt)
            return self.verifier.activation.answer(session, number, asked.id, text, WAYS[way])

        done = self.try_to(put)
        if done:
            assert (way, state) in {("activate", "inactive"), ("reactivate", "suspended")}
            device = self.device(serial)
            device.state, device.used, device.auto_at = "active", True, None
            person.end_temporary()
            person.permanent_works(now)

    @rule(name=WHO, pick=PICK, reason=st.sampled_from(sorted(order_rows.Reason)), which=PICK)
    def a_card_is_ordered_made_and_shipped(
        self, name: str, pick: int, reason: order_rows.Reason, which: int
    ) -> None:
        session = self.log_in(name, pick)
        if session is None or session.access not in {Access.FULL, Access.PORTAL_ONLY}:
            return
        requests, now = self.verifier.requests, self.clock.now()
        lost = self.serials(name, "suspended")
        replaces = self.id_of(lost[which % len(lost)]) if lost else None

        def order() -> Any:
            made = requests.begin(
                session,
                order_rows.Reason(reason),
                None if reason in {"first", "additional"} else replaces,
            )
            requests.set_address(session, made.id, ADDRESS)
            requests.set_pin(session, made.id, "8152", "8152")
            return requests.submit(session, made.id)

        try:
            ordered = order()
        except Refusal:
            return
        self.numbers += 1
        card = self.bench.make(self.numbers)
        self.cards[card.serial] = card
        with_pin = Device(DeviceKind.CARD, "inactive", used=False)
        self.people[name].devices[card.serial] = with_pin
        self.pins[card.serial] = "8152"
        self.verifier.shipping.ship(self.desk(), ordered.id)
        with_pin.auto_at = now + timedelta(days=21)
        if ordered.replaces_id is not None and reason in {"lost", "stolen"}:
            for serial in lost:
                if self.id_of(serial) == ordered.replaces_id:
                    self.device(serial).state = "revoked"

    @rule(name=WHO, pick=PICK, out=st.booleans())
    def somebody_opts(self, name: str, pick: int, out: bool) -> None:
        session = self.log_in(name, pick)
        if session is None:
            return
        person = self.people[name]
        purpose = Purpose.OPT_OUT if out else Purpose.OPT_IN

        def opt() -> Any:
            asked = self.verifier.opting.begin(session, purpose)
            text = self.answer(asked.serial, asked.prompt)
            self.verifier.opting.answer(session, asked.id, text, purpose)
            return asked

        asked = self.try_to(opt)
        if asked:
            assert not self.closed
            assert person.opted_out is not out
            assert not self.device(asked.serial).temporary
            person.opted_out = out

    @rule(pick=PICK)
    def bob_asks_for_a_card_of_alices(self, pick: int) -> None:
        session, now = self.log_in("bob", pick), self.clock.now()
        if session is None or session.access not in {Access.FULL, Access.PORTAL_ONLY}:
            return
        bob, sharing = self.people["bob"], self.verifier.sharing

        def share() -> Any:
            asked = anyio.run(sharing.ask, session, "alice", PASSWORD, "127.0.0.1")
            proved = sharing.answer(session, asked.id, self.answer(asked.serial, asked.prompt))
            sharing.submit(session, proved.id)
            return asked.serial

        try:
            serial = share()
        except Refusal:
            return
        both = [self.people[name] for name in NAMES]
        assert not any(person.temporary(now) for person in both)
        assert self.device(serial).at(now) == "active"
        assert bob.borrowed is None
        for own in bob.with_state(now, "active"):
            bob.devices[own].used = True
            bob.devices[own].state = "set_aside"
        bob.borrowed, bob.ever_borrowed = serial, True
        bob.permanent_works(now)

    @precondition(lambda self: self.people["bob"].borrowed)
    @rule(pick=PICK)
    def bob_cancels_sharing(self, pick: int) -> None:
        session, bob, now = self.log_in("bob", pick), self.people["bob"], self.clock.now()
        if session is None or session.access not in {Access.FULL, Access.PORTAL_ONLY}:
            return
        _, mine = self.verifier.sharing.standing(session)
        there = [each for each in [mine] if each is not None]
        if not there:
            return
        if self.try_to(lambda: self.verifier.sharing.cancel(session, there[0].id)):
            for serial in bob.with_state(now, "set_aside"):
                bob.devices[serial].state = "active"
            bob.borrowed = None

    @rule(name=WHO, pick=PICK)
    def a_card_comes_back(self, name: str, pick: int) -> None:
        serials = [
            each
            for each in self.serials(name, "active", "inactive", "suspended", "set_aside")
            if self.device(each).kind is DeviceKind.CARD
        ]
        if not serials:
            return
        serial, now = serials[pick % len(serials)], self.clock.now()
        session = self.desk()
        assert self.try_to(lambda: self.verifier.returns.receive(session, serial))
        device = self.device(serial)
        device.used = device.used or device.at(now) == "active"
        device.state = "revoked"

    @rule(sure=st.integers(min_value=0, max_value=9))
    def the_account_is_closed(self, sure: int) -> None:
        if sure:
            return
        session = self.desk()
        done = self.try_to(lambda: self.verifier.desk.close_account(session, "U100", "asked for"))
        assert bool(done) is not self.closed
        self.closed = True

    def newest(self, kind: DeviceKind) -> str:
        with self.verifier.database.reading() as connection:
            wanted = select(tables.devices.c.serial).where(tables.devices.c.kind == kind.value)
            return str(
                connection.execute(wanted.order_by(tables.devices.c.id.desc())).scalars().first()
            )

    # --- what always holds

    @invariant()
    def no_two_events_fall_on_one_moment(self) -> None:
        self.clock.advance(1)

    @invariant()
    def every_device_is_where_the_model_has_it(self) -> None:
        now = self.clock.now()
        with self.verifier.database.reading() as connection:
            for person in self.people.values():
                for serial, device in person.devices.items():
                    real = devices.get(connection, self.id_of(serial), now).state
                    assert real.value == device.at(now), (serial, device)

    @invariant()
    def no_device_went_a_way_that_its_table_has_not(self) -> None:
        now = self.clock.now()
        with self.verifier.database.reading() as connection:
            rows = connection.execute(select(tables.devices.c.id, tables.devices.c.serial))
            for row in rows.all():
                state = devices.get(connection, row.id, now).state
                before = self.seen.get(row.id, DEVICE.begins)
                assert state in _reachable(before), (row.serial, before, state)
                self.seen[row.id] = state

    @invariant()
    def nobody_has_two_online_code_cards_or_two_codes_at_once(self) -> None:
        for name in NAMES:
            kinds = [
                self.device(each).kind for each in self.people[name].temporary(self.clock.now())
            ]
            assert len(kinds) == len(set(kinds))

    @invariant()
    def the_books_balance(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        with self.verifier.database.reading() as connection:
            for row in connection.execute(select(tables.ledger)):
                sums[row.transfer] += row.cents
        assert set(sums.values()) <= {0}

    def teardown(self) -> None:
        if hasattr(self, "verifier"):
            secret = self.verifier.secrets.get(AUDIT)
            report = verify_log(self.verifier.database, secret, self.verifier.anchor)
            self.verifier.close()
            self.folder.cleanup()
            assert report.problem is None


def _reachable(state: DeviceState) -> set[DeviceState]:
    """Every state that a device can be in later, itself included."""
    found, todo = {state, DeviceState.REVOKED}, [state]
    while todo:
        here = todo.pop()
        for (each, _), to in DEVICE.moves.items():
            if each is here and to not in found:
                found.add(to)
                todo.append(to)
    return found


TestWholeLife = WholeLife.TestCase
TestWholeLife.settings = settings(
    max_examples=6,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
