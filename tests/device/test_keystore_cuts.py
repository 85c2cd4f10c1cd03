"""The store against a plain model, with the power cut or the disk failing at any step."""

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device.errors import SlotTaken, StoreError
from device.keystore import SLOTS, CardKey, FileKeyStore
from tests.device.cutdisk import CutDisk, PowerCut

STORE = Path("/store")


def record(number: int, counter: int = 0) -> CardKey:
    return CardKey(
        serial=f"CH{number:08d}",
        suite="OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256",
        key=number.to_bytes(32, "big"),
        counter=counter,
        issuer="Example",
    )


def at_step(number: int, trouble: Callable[[], BaseException]) -> Callable[[str], None]:
    """A plan that raises at the step of this number, counted from now."""
    left = number

    def plan(step: str) -> None:
        nonlocal left
        if left == 0:
            raise trouble()
        left -= 1

    return plan


class StoreUnderCuts(RuleBasedStateMachine):
    """What was acknowledged stays; what was not may stay or not, but never half."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = CutDisk()
        self.store = FileKeyStore(STORE, disk=self.disk)
        self.keys: dict[str, CardKey] = {}  # acknowledged
        self.maybe: dict[str, CardKey] = {}  # an add that nobody acknowledged
        self.least: dict[str, int] = {}  # the store's counter may not be below this
        self.used: dict[str, set[int]] = {}  # every counter that advance() returned
        self.number = 0

    def _power_back(self, data: st.DataObject) -> None:
        self.disk.cut(
            kept=lambda: data.draw(st.booleans(), label="name kept"),
            torn=lambda size: data.draw(st.integers(0, size), label="bytes kept"),
        )
        self.store = FileKeyStore(STORE, disk=self.disk)

    def _add(self, slot: str) -> None:
        self.number += 1
        card = record(self.number)
        try:
            self.maybe[slot] = card
            self.store.add(slot, card)
        except SlotTaken:
            assert slot in self.keys or slot in self.store.slots()
            del self.maybe[slot]
        else:
            del self.maybe[slot]
            self._acknowledge(slot, card)

    def _acknowledge(self, slot: str, card: CardKey) -> None:
        self.keys[slot] = card
        self.least.setdefault(slot, 0)
        self.used.setdefault(slot, set())

    def _advance(self, slot: str) -> None:
        counter = self.store.advance(slot)
        assert counter not in self.used[slot], "a counter was given out twice"
        assert counter >= self.least[slot]
        self.used[slot].add(counter)
        self.least[slot] = counter + 1

    @rule(slot=st.sampled_from(SLOTS))
    def add_a_key(self, slot: str) -> None:
        if slot not in self.maybe:
            self._add(slot)

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def advance_a_counter(self, data: st.DataObject) -> None:
        self._advance(data.draw(st.sampled_from(sorted(self.keys))))

    @rule(data=st.data(), slot=st.sampled_from(SLOTS), step=st.integers(0, 14))
    def power_cut_while_a_key_is_added(self, data: st.DataObject, slot: str, step: int) -> None:
        if slot in self.maybe:
            return
        self.disk.plan = at_step(step, PowerCut)
        with contextlib.suppress(PowerCut):
            self._add(slot)
        self._power_back(data)

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), step=st.integers(0, 7))
    def power_cut_while_a_counter_advances(self, data: st.DataObject, step: int) -> None:
        self.disk.plan = at_step(step, PowerCut)
        with contextlib.suppress(PowerCut):
            self._advance(data.draw(st.sampled_from(sorted(self.keys))))
        self._power_back(data)

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), step=st.integers(0, 7))
    def disk_fails_while_a_counter_advances(self, data: st.DataObject, step: int) -> None:
        self.disk.plan = at_step(step, lambda: OSError(errno.ENOSPC, "No space left"))
        with contextlib.suppress(StoreError):
            self._advance(data.draw(st.sampled_from(sorted(self.keys))))
        self.disk.plan = lambda step: None

    @rule(slot=st.sampled_from(SLOTS), step=st.integers(0, 14))
    def disk_fails_while_a_key_is_added(self, slot: str, step: int) -> None:
        if slot in self.maybe:
            return
        self.disk.plan = at_step(step, lambda: OSError(errno.EIO, "Input/output error"))
        with contextlib.suppress(StoreError):
            self._add(slot)
        self.disk.plan = lambda step: None

    def _remove(self, slot: str) -> None:
        self.store.remove(slot)
        assert slot not in self.store.slots()
        for known in (self.keys, self.least, self.used):
            known.pop(slot, None)

    def _finish_removal(self, slot: str) -> None:
        """After a removal that did not end: the slot is whole, or refused until it is finished."""
        if slot in self.store.slots():
            try:
                assert self.store.load(slot).counter >= self.least[slot]
                return
            except StoreError:
                assert self.store.slots()
        self._remove(slot)

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def remove_a_slot(self, data: st.DataObject) -> None:
        self._remove(data.draw(st.sampled_from(sorted(self.keys))))

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), step=st.integers(0, 16))
    def power_cut_while_a_slot_is_removed(self, data: st.DataObject, step: int) -> None:
        slot = data.draw(st.sampled_from(sorted(self.keys)))
        self.disk.plan = at_step(step, PowerCut)
        with contextlib.suppress(PowerCut):
            self._remove(slot)
        self._power_back(data)
        if slot in self.keys:
            self._finish_removal(slot)

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), step=st.integers(0, 16))
    def disk_fails_while_a_slot_is_removed(self, data: st.DataObject, step: int) -> None:
        slot = data.draw(st.sampled_from(sorted(self.keys)))
        self.disk.plan = at_step(step, lambda: OSError(errno.EIO, "Input/output error"))
        with contextlib.suppress(StoreError):
            self._remove(slot)
        self.disk.plan = lambda step: None
        if slot in self.keys:
            self._finish_removal(slot)

    @rule(data=st.data())
    def power_cut_between_two_operations(self, data: st.DataObject) -> None:
        self._power_back(data)

    @invariant()
    def every_acknowledged_key_is_there_and_no_counter_went_back(self) -> None:
        slots = self.store.slots()
        assert set(slots) >= set(self.keys)
        assert set(slots) <= set(self.keys) | set(self.maybe)
        for slot in slots:
            loaded = self.store.load(slot)
            if slot in self.keys:
                assert loaded.key == self.keys[slot].key
                assert loaded.counter >= self.least[slot]

    @invariant()
    def an_add_without_an_answer_happened_whole_or_not_at_all(self) -> None:
        for slot, card in list(self.maybe.items()):
            if slot in self.store.slots():
                assert self.store.load(slot) == card
                # A later cut may still take it back, until a flush: write once to make it sure.
                del self.maybe[slot]
                self._acknowledge(slot, card)
                self._advance(slot)
            else:
                del self.maybe[slot]


StoreUnderCuts.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestStoreUnderCuts = StoreUnderCuts.TestCase
