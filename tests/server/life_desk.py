"""What the desk and the operator do for people: the rules, each against the model."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from .life_hands import NAMES
from .life_machine import PICK, Life, likely, one
from .life_model import CARD, CODE, LASTING, Device, temporary_code

ACTS = ("suspend", "end the PIN", "unlock")
CLOSING_AFTER = 25


class AtTheDesk(Life):
    """Suspends, unlocks, issues codes, takes cards back, closes the account."""

    @rule(pick=PICK)
    def the_desk_is_called_about_a_device(self, pick: int) -> None:
        aid = self.verifier.desk.aid
        calls = [(*each, act) for each in self.own(*LASTING) for act in ACTS]
        allowed = [each for each in calls if self.model.may_be_helped(*each[1:], self.now)]
        locked = [each for each in allowed if each[2] == "unlock"] if pick % 2 else []
        suspended = [serial for _, serial in self.own("suspended")]
        lost = [each for each in allowed if each[2] != "end the PIN" or each[1] not in suspended]
        found = one(pick, locked or lost, calls)
        if found is None:
            return
        name, serial, act = found
        what = {"suspend": aid.suspend, "end the PIN": aid.reset_pin, "unlock": aid.unlock}[act]
        number, session = self.hands.id_of(serial), self.hands.checked(name)
        done = self.hands.try_to(lambda: what(session, name, number, "asked for by phone"))
        self.tell(act, done, found in allowed)
        device = self.model.device(serial)
        if done and act == "unlock":
            device.locked = False
        elif done:
            device.suspend(self.now)
            device.pin_ended = device.pin_ended or act == "end the PIN"

    def codeless(self) -> list[str]:
        return [each for each in NAMES if self.model.may_get_a_code(each, self.now)]

    @likely(codeless)
    @rule(pick=PICK)
    def a_temporary_code_is_issued(self, pick: int) -> None:
        allowed = self.codeless()
        name = one(pick, allowed, NAMES)
        if name is None:
            return
        person, session = self.model.people[name], self.hands.checked(name)
        code = self.hands.try_to(
            lambda: self.verifier.desk.issue_code(session, name, "lost the card")
        )
        self.tell("issues a temporary code", code, name in allowed)
        if code:
            for each in person.devices.values():
                if each.kind is CODE:
                    each.state = "revoked"
            serial = self.hands.newest(CODE)
            self.hands.codes[serial] = str(code)
            person.devices[serial] = temporary_code(self.now)
            person.coded_at, person.opted_out = self.now, False

    @rule(pick=PICK)
    def a_card_comes_back(self, pick: int) -> None:
        cards = self.my_cards()
        if cards and (len(cards) > 3 or pick == 0):  # else nobody has one for long
            serial, session = cards[pick % len(cards)][1], self.hands.desk()
            done = self.hands.try_to(lambda: self.verifier.returns.receive(session, serial))
            self.tell("takes a card back", done, True)
            self.model.end(serial, self.now)

    def stuck(self) -> list[str]:
        """Who has no way in but the operator's."""
        return [
            name
            for name, person in self.model.people.items()
            if person.had_device(self.now) and not self.model.usable(name, self.now)
            if not self.model.may_get_a_code(name, self.now)
        ]

    @precondition(stuck)
    @rule()
    def the_operator_gives_a_card_where_there_is_no_other_way(self) -> None:
        (name, *_) = self.stuck()
        person = self.model.people[name]
        person.devices[self.hands.new_card(name).serial] = Device(CARD, "active")
        person.permanent_works()
        self.tell("is given a card", True, True)

    @precondition(lambda self: self.steps > CLOSING_AFTER)
    @rule(sure=PICK)
    def the_account_is_closed(self, sure: int) -> None:
        if sure == 0:
            session, allowed = self.hands.desk(), not self.model.closed
            done = self.hands.try_to(
                lambda: self.verifier.desk.close_account(session, "U100", "asked for")
            )
            self.tell("closes the account", done, allowed)
            if done:
                self.model.close(self.now)
