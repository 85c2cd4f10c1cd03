"""A small model of two user names of one person, all their devices, and their orders for cards.

It says what is allowed at a moment and what comes of it, by the domain's rules and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.factors.kinds import DeviceKind
from server.lifecycle.order_rows import Reason
from server.login.access import RIGHTS, Access, Right

CARD, CODE_CARD = DeviceKind.CARD, DeviceKind.CODE_CARD
ONLINE, CODE = DeviceKind.ONLINE_CODE_CARD, DeviceKind.TEMPORARY_CODE
HIGHEST_FIRST = (CARD, CODE_CARD)
IN_USE_OR_SET_ASIDE = ("active", "set_aside")
LASTING = ("active", "inactive", "suspended", "set_aside")


@dataclass
class Device:
    """One device; times as the domain's rules give them."""

    kind: DeviceKind
    state: str
    used: bool = True
    auto_at: datetime | None = None
    limited_from: datetime | None = None
    until: datetime | None = None
    locked: bool = False
    pin_ended: bool = False

    def at(self, now: datetime) -> str:
        if self.until is not None and now >= self.until:
            return "revoked"
        if self.state == "inactive" and self.auto_at is not None and now >= self.auto_at:
            return "active"
        return self.state

    @property
    def temporary(self) -> bool:
        return self.kind in {ONLINE, CODE}

    def in_the_post(self, now: datetime) -> bool:
        return self.at(now) == "inactive" and self.auto_at is not None

    def suspend(self, now: datetime) -> None:
        if self.at(now) == "active":
            self.used = True
        else:
            self.auto_at = None
        self.state = "suspended"


@dataclass
class Order:
    """An order for a card that is not shipped yet; `serial` once the card is made."""

    number: int
    name: str
    reason: Reason
    replaces: str | None
    serial: str | None = None


@dataclass
class Person:
    """One user name; `borrowed` is another's device that is shared with it."""

    devices: dict[str, Device] = field(default_factory=dict)
    borrowed: str | None = None
    ever_borrowed: bool = False
    opted_out: bool = False
    replaced: set[str] = field(default_factory=set)
    """In whose place a card was shipped."""
    coded_at: datetime | None = None
    """When the last temporary code was issued with no permanent device in use since."""

    def with_state(self, now: datetime, *states: str) -> list[str]:
        return [name for name, each in self.devices.items() if each.at(now) in states]

    def cards(self, now: datetime, *states: str) -> list[str]:
        found = self.with_state(now, *(states or LASTING))
        return [name for name in found if self.devices[name].kind is CARD]

    def temporary(self, now: datetime) -> list[str]:
        return [name for name in self.with_state(now, "active") if self.devices[name].temporary]

    def had_device(self, now: datetime) -> bool:
        return self.ever_borrowed or any(
            each.used or (each.auto_at is not None and now >= each.auto_at)
            for each in self.devices.values()
        )

    def permanent_works(self) -> None:
        """A permanent device has answered, so another temporary code may follow one day."""
        self.coded_at = None

    def is_in_use(self, device: Device) -> None:
        """A permanent device of his own was put into use by its answer."""
        device.state, device.used, device.auto_at, device.pin_ended = "active", True, None, False
        self.end_temporary()
        self.permanent_works()

    def end_temporary(self) -> None:
        for each in self.devices.values():
            if each.temporary:
                each.state = "revoked"


@dataclass
class Model:
    """Both user names, of one account."""

    people: dict[str, Person]
    orders: list[Order] = field(default_factory=list)
    closed: bool = False

    def device(self, serial: str) -> Device:
        return next(p.devices[serial] for p in self.people.values() if serial in p.devices)

    def usable(self, name: str, now: datetime) -> list[str]:
        """The devices that a user name can log in with."""
        person = self.people[name]
        found = person.with_state(now, "active")
        if person.borrowed and self.device(person.borrowed).at(now) == "active":
            found.append(person.borrowed)
        return found

    def lasting(self, name: str, now: datetime) -> list[Device]:
        """Those that are not temporary."""
        found = [self.device(serial) for serial in self.usable(name, now)]
        return [each for each in found if not each.temporary]

    def access(self, name: str, device: Device | None, now: datetime) -> Access:
        if self.closed:
            return Access.READ_ONLY
        if self.people[name].opted_out:
            return Access.RESTRICTED
        if device is None:
            return Access.PORTAL_ONLY
        if device.limited_from is not None and now >= device.limited_from:
            return Access.ONLINE_CODE_CARD_ONLY
        return Access.FULL

    # --- what is allowed

    def may_get_a_code(self, name: str, now: datetime) -> bool:
        person = self.people[name]
        if self.closed or (person.opted_out and self.lasting(name, now)):
            return False
        since = person.coded_at
        return since is None or any(
            each.auto_at is not None and since < each.auto_at <= now
            for each in person.devices.values()
            if each.at(now) != "revoked" or each.used
        )

    def may_be_helped(self, serial: str, act: str, now: datetime) -> bool:
        """Whether the desk can suspend a device, end its PIN, or unlock it."""
        device = self.device(serial)
        if act == "unlock":
            return device.locked
        if device.at(now) in IN_USE_OR_SET_ASIDE or device.in_the_post(now):
            return act == "suspend" or device.kind is CARD
        return act == "end the PIN" and device.kind is CARD and device.at(now) == "suspended"

    def may_be_put_into_use(self, name: str, serial: str, way: str, now: datetime) -> bool:
        person, device = self.people[name], self.device(serial)
        if device.temporary or device.locked or device.pin_ended:
            return False
        if way == "activate":
            return device.kind is CARD and device.at(now) == "inactive"
        return device.at(now) in {"suspended", "set_aside"} and person.borrowed is None

    def may_have_a_new_pin(self, name: str, serial: str, now: datetime) -> bool:
        device = self.device(serial)
        if device.pin_ended:
            return self.people[name].borrowed is None and not device.locked
        return device.at(now) == "active" and not device.locked

    def may_make(self, name: str, kind: DeviceKind, access: Access, now: datetime) -> bool:
        """Whether a code card, online or not, can be made and activated."""
        if kind is CODE_CARD:
            return Right.DEVICES in RIGHTS[access]
        own = [self.device(each).kind for each in self.people[name].temporary(now)]
        return Right.ONLINE_CODE_CARD in RIGHTS[access] and ONLINE not in own

    def may_opt(self, name: str, out: bool, now: datetime) -> bool:
        lasting = self.lasting(name, now)
        if self.closed or self.people[name].opted_out is out:
            return False
        return any(not each.locked for each in lasting)

    def to_be_shared(self, now: datetime) -> str | None:
        """The device of alice's that bob may use with her, None where there is none."""
        alice, bob = self.people["alice"], self.people["bob"]
        active = alice.with_state(now, "active")
        if self.closed or bob.borrowed or alice.temporary(now) or bob.temporary(now) or not active:
            return None
        best = min(active, key=lambda each: (self.device(each).locked, self.rank(each)))
        taking_part = [
            each for person in (alice, bob) for each in person.with_state(now, *IN_USE_OR_SET_ASIDE)
        ]
        if self.device(best).locked or self.rank(best) > min(map(self.rank, taking_part)):
            return None
        return best

    def rank(self, serial: str) -> int:
        return HIGHEST_FIRST.index(self.device(serial).kind)

    def order_of(self, name: str) -> Order | None:
        return next((each for each in self.orders if each.name == name), None)

    def may_order(self, name: str, reason: Reason, replaces: str | None, now: datetime) -> bool:
        person = self.people[name]
        own = [each for each in person.devices.values() if not each.temporary]
        kept = [each for each in own if each.at(now) in LASTING]
        borrowed = person.borrowed is not None
        if self.order_of(name) or person.cards(now, "inactive"):
            return False
        if reason is Reason.FIRST:
            return not kept and not borrowed
        if reason is Reason.ADDITIONAL:
            return borrowed or any(each.at(now) == "active" for each in kept)
        return replaces is not None and replaces not in person.replaced

    def may_cancel(self, order: Order, now: datetime) -> bool:
        if order.serial is None:
            return True
        return self.device(order.serial).at(now) in {"inactive", "revoked"}

    # --- what comes of it

    def share(self, serial: str, now: datetime) -> None:
        """Bob uses a device of alice's; his own rest."""
        bob = self.people["bob"]
        for own in bob.with_state(now, "active"):
            bob.devices[own].used, bob.devices[own].state = True, "set_aside"
        bob.borrowed, bob.ever_borrowed = serial, True
        bob.permanent_works()

    def give_back(self, now: datetime) -> None:
        """Bob uses his own devices again."""
        bob = self.people["bob"]
        bob.borrowed = None
        for serial in bob.with_state(now, "set_aside"):
            bob.devices[serial].state = "active"

    def end(self, serial: str, now: datetime) -> None:
        """A device is over for good, and with it that it is shared."""
        device = self.device(serial)
        device.used = device.used or device.at(now) == "active"
        device.state = "revoked"
        if self.people["bob"].borrowed == serial:
            self.give_back(now)

    def replace(self, name: str, kind: DeviceKind, now: datetime) -> None:
        """What a user has of a kind is over, since another takes its place."""
        for serial in self.people[name].with_state(now, *LASTING):
            if self.device(serial).kind is kind:
                self.end(serial, now)

    def shipped(self, order: Order, now: datetime) -> None:
        self.orders.remove(order)
        assert order.serial is not None
        card = self.device(order.serial)
        if card.at(now) == "inactive":
            card.auto_at = now + timedelta(days=21)
        if order.replaces is None:
            return
        self.people[order.name].replaced.add(order.replaces)
        lost = order.reason in {Reason.LOST, Reason.STOLEN}
        if lost and self.device(order.replaces).at(now) == "suspended":
            self.end(order.replaces, now)

    def close(self, now: datetime) -> None:
        """A card that was fetched and is in use stays with its owner; the others are over."""
        self.closed = True
        for each in self.orders:
            if each.serial is not None and self.may_cancel(each, now):
                self.end(each.serial, now)
        self.orders = []


def temporary_code(now: datetime) -> Device:
    return Device(
        CODE, "active", limited_from=now + timedelta(days=2), until=now + timedelta(days=12)
    )
