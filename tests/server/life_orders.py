"""Cards on order, and a device shared: the rules, each against the model."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import precondition, rule

from server.lifecycle.order_rows import REPLACING, Reason
from server.login.access import Right

from .life_machine import PICK, WHO, Life, likely, one
from .life_model import CARD, Device, Order
from .people import ADDRESS
from .support import PASSWORD


class WithOrders(Life):
    """Orders, makes, ships and cancels; shares, and ends it."""

    share_id = 0
    """The share that was begun last."""

    def orders(self) -> list[tuple[str, Reason, str | None]]:
        return [
            (name, reason, replaces)
            for name, person in self.model.people.items()
            for reason in Reason
            for replaces in (person.cards(self.now, "suspended") if reason in REPLACING else [None])
        ]

    @likely(lambda self: any(self.model.may_order(*each, self.now) for each in self.orders()))
    @rule(pick=PICK, device=PICK)
    def a_card_is_ordered(self, pick: int, device: int) -> None:
        orders = self.orders()
        allowed = [each for each in orders if self.model.may_order(*each, self.now)]
        found = one(pick, [e for e in allowed if e[2]] or allowed, orders)
        session = self.log_in_to(Right.DEVICES, found[0], device) if found else None
        if found is None or session is None:
            return
        name, reason, replaces = found
        number = None if replaces is None else self.hands.id_of(replaces)
        requests = self.verifier.requests

        def order() -> Any:
            made = requests.begin(session, reason, number)
            requests.set_address(session, made.id, ADDRESS)
            requests.set_pin(session, made.id, "8152", "8152")
            return requests.submit(session, made.id)

        done = self.hands.try_to(order)
        self.tell(f"orders: {reason}", done, found in allowed)
        if done:
            self.model.orders.append(Order(done.id, name, reason, replaces))

    @precondition(lambda self: any(each.serial is None for each in self.model.orders))
    @rule()
    def the_bench_makes_the_next_card(self) -> None:
        order = next(each for each in self.model.orders if each.serial is None)
        card = self.hands.bench_makes()
        order.serial, self.hands.pins[card.serial] = card.serial, "8152"
        self.model.people[order.name].devices[card.serial] = Device(CARD, "inactive", used=False)
        self.tell("makes a card", True, True)

    @precondition(lambda self: any(each.serial for each in self.model.orders))
    @rule()
    def the_next_card_is_shipped(self) -> None:
        order = next(each for each in self.model.orders if each.serial)
        allowed = self.model.device(str(order.serial)).at(self.now) != "revoked"
        session = self.hands.desk()
        done = self.hands.try_to(lambda: self.verifier.shipping.ship(session, order.number))
        self.tell("ships a card", done, allowed)
        if done:
            self.model.shipped(order, self.now)

    @precondition(lambda self: self.model.orders)
    @rule(pick=PICK)
    def an_order_is_cancelled(self, pick: int) -> None:
        order = self.model.orders[pick % len(self.model.orders)]
        session = self.log_in_to(Right.DEVICES, order.name, pick)
        if session is None:
            return
        allowed = self.model.may_cancel(order, self.now)
        done = self.hands.try_to(lambda: self.verifier.requests.cancel(session, order.number))
        self.tell("cancels an order", done, allowed)
        if done:
            self.model.orders.remove(order)
            if order.serial is not None:
                self.model.end(order.serial, self.now)

    @likely(lambda self: self.model.to_be_shared(self.now))
    @rule(pick=PICK)
    def bob_asks_for_a_device_of_alices(self, pick: int) -> None:
        serial = self.model.to_be_shared(self.now)
        session = self.log_in_to(Right.SECURITY, "bob", pick)
        if session is None:
            return
        sharing = self.verifier.sharing

        def share() -> Any:
            asked = self.hands.portal.call(sharing.ask, session, "alice", PASSWORD, "127.0.0.1")
            proved = sharing.answer(
                session, asked.id, self.hands.answer(asked.serial, asked.prompt)
            )
            return sharing.submit(session, proved.id)

        done = self.hands.try_to(share)
        self.tell("shares a device", done, serial is not None)
        if serial is not None:
            assert done.serial == serial
            self.share_id = done.id
            self.model.share(serial, self.now)

    @precondition(lambda self: self.model.people["bob"].borrowed)
    @rule(name=WHO, pick=PICK)
    def one_of_them_cancels_sharing(self, name: str, pick: int) -> None:
        session = self.log_in_to(Right.SECURITY, name, pick)
        if session is not None:
            done = self.hands.try_to(lambda: self.verifier.sharing.cancel(session, self.share_id))
            self.tell("cancels a share", done, True)
            self.model.give_back(self.now)
