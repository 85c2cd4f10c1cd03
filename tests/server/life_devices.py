"""What people do with their devices, time included: the rules, each against the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from server.lifecycle import activation
from server.login.access import Right
from server.login.ledger import Purpose

from .life_hands import NAMES
from .life_machine import PICK, WHO, Life, likely, one
from .life_model import CODE_CARD, LASTING, ONLINE, Device

WAYS = {"activate": activation.ACTIVATE, "reactivate": activation.REACTIVATE}
HOURS = [1, 23, 24, 48, 240, 21 * 24 - 1, 21 * 24]
PINS = ("8152", "6180")


class WithDevices(Life):
    """Logs in, loses tries, prints, activates, chooses PINs, opts."""

    @rule(hours=st.sampled_from(HOURS))
    def time_passes(self, hours: int) -> None:
        self.hands.clock.advance(3_600 * hours)

    @rule(name=WHO, pick=PICK)
    def somebody_logs_in(self, name: str, pick: int) -> None:
        session = self.log_in(name, pick)
        self.tell("logs in", session, session is not None)

    @rule(pick=PICK)
    def wrong_answers_lock_a_device(self, pick: int) -> None:
        model = self.model
        found = [
            (name, serial)
            for name, serial in self.own("active")
            if not model.closed and not model.people[name].opted_out
            if not model.device(serial).temporary and not model.device(serial).locked
        ]
        if found and pick == 0:
            name, serial = found[0]
            self.hands.lock(name, serial)
            model.device(serial).locked = True
            self.tell("locks a device", True, True)

    @rule(name=WHO, kind=st.sampled_from([CODE_CARD, ONLINE]), pick=PICK)
    def a_code_card_is_made(self, name: str, kind: Any, pick: int) -> None:
        session = self.log_in(name, pick)
        if session is None:
            return
        service, person = self.verifier.code_cards[kind], self.model.people[name]

        def make() -> Any:
            made = service.make(session)
            service.values(session, made.id)
            asked = service.ask(session)
            return service.activate(session, asked.id, self.hands.answer(made.serial, asked.prompt))

        allowed = self.model.may_make(name, kind, session.access, self.now)
        made = self.hands.try_to(make)
        self.tell(f"makes a {kind}", made, allowed)
        if made:
            self.model.replace(name, kind, self.now)
            until = self.now + timedelta(days=21) if kind is ONLINE else None
            device = person.devices[made.serial] = Device(kind, "active", until=until)
            if kind is CODE_CARD:
                person.is_in_use(device)

    def out_of_use(self) -> list[tuple[str, str, str]]:
        return [
            (*each, way)
            for each in self.own(*LASTING)
            for way in sorted(WAYS)
            if self.model.may_be_put_into_use(*each, way, self.now)
        ]

    @likely(out_of_use)
    @rule(pick=PICK, device=PICK)
    def a_device_is_put_into_use(self, pick: int, device: int) -> None:
        allowed = self.out_of_use()
        others = [(*each, way) for each in self.own(*LASTING) for way in sorted(WAYS)]
        found = one(pick, allowed, others)
        session = self.log_in_to(Right.DEVICES, found[0], device) if found else None
        if found is None or session is None:
            return
        name, serial, way = found
        number = self.hands.id_of(serial)

        def put() -> Any:
            asked = self.verifier.activation.begin(session, number, WAYS[way])
            text = self.hands.answer(serial, asked.prompt)
            return self.verifier.activation.answer(session, number, asked.id, text, WAYS[way])

        done = self.hands.try_to(put)
        self.tell(f"{way}s a device", done, found in allowed)
        if done:
            self.model.people[name].is_in_use(self.model.device(serial))

    def in_the_post(self) -> list[tuple[str, str]]:
        return [e for e in self.my_cards() if self.model.device(e[1]).in_the_post(self.now)]

    @likely(in_the_post)
    @rule(pick=PICK, device=PICK)
    def a_card_never_arrives(self, pick: int, device: int) -> None:
        allowed = self.in_the_post()
        found = one(pick, allowed, self.my_cards())
        session = self.log_in_to(Right.LOST_CARDS, found[0], device) if found else None
        if found is None or session is None:
            return
        number = self.hands.id_of(found[1])
        done = self.hands.try_to(lambda: self.verifier.lost_in_post.report(session, number))
        self.tell("reports a card lost in the post", done, found in allowed)
        if done:
            self.model.device(found[1]).suspend(self.now)

    @rule(pick=PICK, device=PICK, pin=st.sampled_from(PINS))
    def somebody_chooses_a_pin(self, pick: int, device: int, pin: str) -> None:
        service = self.verifier.pin_change
        cards = sorted(self.my_cards(), key=lambda each: not self.model.device(each[1]).pin_ended)
        allowed = [each for each in cards if self.model.may_have_a_new_pin(*each, self.now)]
        found = one(pick, allowed[:1], cards)
        session = self.log_in_to(Right.SECURITY, found[0], device) if found else None
        if found is None or session is None:
            return
        name, serial = found
        number, card = self.hands.id_of(serial), self.model.device(serial)

        def choose() -> Any:
            asked = service.begin(session, number, pin, pin)
            text = self.hands.cards[serial].shows(str(asked.prompt["challenge"]), pin)
            return service.answer(session, number, asked.id, text)

        done = self.hands.try_to(choose)
        self.tell(f"{'chooses' if card.pin_ended else 'changes'} a PIN", done, found in allowed)
        if done:
            self.hands.pins[serial] = pin
            self.model.people[name].permanent_works()
            if card.pin_ended:
                self.model.people[name].is_in_use(card)

    @rule(pick=PICK, device=PICK)
    def somebody_opts(self, pick: int, device: int) -> None:
        out = pick < 3  # less often, since nothing else is done meanwhile
        allowed = [each for each in NAMES if self.model.may_opt(each, out, self.now)]
        name = one(pick, allowed, NAMES)
        session = self.log_in(name, device) if name is not None else None
        if name is None or session is None:
            return
        purpose = Purpose.OPT_OUT if out else Purpose.OPT_IN

        def opt() -> Any:
            asked = self.verifier.opting.begin(session, purpose)
            text = self.hands.answer(asked.serial, asked.prompt)
            self.verifier.opting.answer(session, asked.id, text, purpose)
            return asked

        done = self.hands.try_to(opt)
        self.tell(f"opts {'out' if out else 'in'}", done, name in allowed)
        if done:
            self.model.people[name].opted_out = out
            self.model.people[name].permanent_works()
