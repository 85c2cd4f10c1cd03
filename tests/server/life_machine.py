"""A life that is lived with a verifier and with the model: logging in, and what always holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition
from sqlalchemy import select

from server.db import tables
from server.lifecycle import devices
from server.login.access import RIGHTS, Right
from server.login.offers import Offered
from server.login.sessions import Opened, Session
from server.states.device import DEVICE, DeviceState

from .life_hands import NAMES, Hands
from .life_model import CARD, LASTING, Device, Model, Person

WHO = st.sampled_from(NAMES)
PICK = st.integers(min_value=0, max_value=11)
T = TypeVar("T")


def one(pick: int, allowed: Sequence[T], others: Sequence[T]) -> T | None:
    """Return one of what is allowed; now and then one of all, to see it refused."""
    found = others if pick == 0 else allowed
    return found[pick % len(found)] if found else None


def likely(possible: Callable[[Any], object]) -> Any:
    """A rule's precondition: it can be done; or now and then, to see it refused."""
    return precondition(lambda self: self.steps % 8 == 0 or bool(possible(self)))


class Life(RuleBasedStateMachine):
    """Does to a verifier what people and time do, and to the model what should come of it."""

    def __init__(self, hands: Hands, told: Counter[tuple[str, bool]]) -> None:
        super().__init__()
        hands.begin()
        self.hands, self.verifier, self.told = hands, hands.verifier, told
        self.model = Model({name: Person() for name in NAMES})
        self.model.people["alice"].devices[hands.first_card] = Device(CARD, "active")
        self.steps = 0
        self.seen: dict[int, DeviceState] = {}

    @property
    def now(self) -> Any:
        return self.hands.now

    def own(self, *states: str) -> list[tuple[str, str]]:
        """Whose devices are in one of the states, and their serials."""
        return [
            (name, serial)
            for name, person in self.model.people.items()
            for serial in person.with_state(self.now, *states)
        ]

    def tell(self, what: str, done: object, allowed: bool) -> None:
        """Note whether it was done; the model has said whether it would be."""
        self.told[what, bool(done)] += 1
        assert bool(done) == allowed, (what, done, allowed)

    def log_in(self, name: str, pick: int = 0) -> Session | None:
        """Log in as the model says that it goes; returns the session, or None without one."""
        model, person = self.model, self.model.people[name]
        needs_none = model.closed or person.opted_out
        usable = [] if needs_none else model.usable(name, self.now)
        begun = self.hands.password(name)
        if usable:
            assert isinstance(begun, Offered)
            assert {each.serial for each in begun.factors} == set(usable)
            unlocked = [each for each in usable if not model.device(each).locked]
            serial = one(pick, unlocked or usable, usable)
            assert serial is not None
            device = model.device(serial)
            session = self.hands.log_in_with(serial, begun)
            assert (session is None) == device.locked
            if session is None:
                return None
            if not device.temporary:
                person.permanent_works()
        else:
            device = None
            if not needs_none and person.had_device(self.now):
                assert begun is None
                return None
            assert isinstance(begun, Opened)
            session = self.verifier.sessions.find(begun.token, self.now)
        assert session.access == model.access(name, device, self.now)
        return session

    def log_in_to(self, right: Right, name: str, pick: int) -> Session | None:
        session = self.log_in(name, pick)
        return session if session is not None and right in RIGHTS[session.access] else None

    def my_cards(self) -> list[tuple[str, str]]:
        return [each for each in self.own(*LASTING) if self.model.device(each[1]).kind is CARD]

    @invariant()
    def no_two_events_fall_on_one_moment(self) -> None:
        self.steps += 1
        self.hands.clock.advance(1)

    @invariant()
    def every_device_is_where_the_model_has_it_and_its_table_leads_to(self) -> None:
        found: dict[str, tuple[str, bool]] = {}
        with self.verifier.database.reading() as connection:
            for row in connection.execute(select(tables.devices).order_by(tables.devices.c.id)):
                state = devices.state_at(row, self.now)
                before = self.seen.get(row.id, DEVICE.begins)
                assert state in _reachable(before), (row.serial, before, state)
                self.seen[row.id] = state
                found[row.serial] = (state.value, row.locked_at is not None)
        for person in self.model.people.values():
            for serial, device in person.devices.items():
                stands = (device.at(self.now), device.locked)
                assert found.pop(serial) == stands, (serial, device)
        assert set(found) == {self.hands.desk_card}

    @invariant()
    def nobody_has_two_of_what_there_is_one_of(self) -> None:
        for name in NAMES:
            kinds = [
                self.model.device(serial).kind for who, serial in self.own("active") if who == name
            ]
            kinds = [each for each in kinds if each is not CARD]
            assert len(kinds) == len(set(kinds)), name

    @invariant()
    def the_books_balance(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        with self.verifier.database.reading() as connection:
            for row in connection.execute(select(tables.ledger)):
                sums[row.transfer] += row.cents
        assert set(sums.values()) <= {0}

    def teardown(self) -> None:
        assert self.hands.log_is_whole()


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
