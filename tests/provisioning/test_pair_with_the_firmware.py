"""Pairing with the card as it is: pins, glass, key store, on a cable that is good or is not."""

from __future__ import annotations

import re
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device.errors import StoreUnwritable
from device.faults import Fault
from protocol.ocra import DEFAULT_SUITE, response
from protocol.pairing import messages
from protocol.pairing.messages import CardHello, HostHello
from provisioning.errors import LoadUncertain, NotLoaded
from provisioning.order import Order
from provisioning.pair import talk
from provisioning.pair.resume import Settled
from provisioning.provision import provision
from tests.provisioning.firmware import FirmwareCard
from tests.provisioning.lines import TO_CARD, TO_HOST, Cut, Middle
from tests.provisioning.people import Desk
from tests.provisioning.test_pair import (
    CARD_HELLO,
    CONFIRM,
    HELLO,
    OFFER,
    ORDER,
    REPLACING,
    REVEAL,
    SHARE,
    Bench,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench[FirmwareCard]]:
    bench = Bench(tmp_path, FirmwareCard(tmp_path))
    yield bench
    bench.card.close()


def fault(bench: Bench[FirmwareCard]) -> str:
    """The code on the glass."""
    return next((line for line in bench.card.glass if re.fullmatch(r"E[0-9]{2}", line)), "(none)")


def nothing_anywhere(bench: Bench[FirmwareCard]) -> bool:
    return bench.card.keys() == [] and bench.files() == []


def test_a_blank_card_is_paired_and_answers_as_its_record_says(bench: Bench[FirmwareCard]) -> None:
    def looks(desk: Desk) -> str:
        assert bench.card.shown.wait(20)
        return "yes" if desk.number == bench.card.number else "no"

    bench.desk = Desk(looks)
    record = bench.pair()
    assert bench.files() == ["card.pskc"]
    assert bench.card.glass == [record.serial, "PAIRED  SLOT A"]
    for counter in (0, 1):
        expected = response(
            record.suite, record.key, question="482913", counter=counter, pin="7305"
        )
        assert bench.card.respond("482913", "7305") == expected


def test_a_taken_slot_is_refused_on_both_sides(bench: Bench[FirmwareCard]) -> None:
    first = bench.pair()
    bench.out.unlink()
    with pytest.raises(NotLoaded, match="that slot holds a key already"):
        bench.pair()
    assert fault(bench) == Fault.PAIRING_REFUSED.code
    assert bench.card.keys() == [first.key]
    assert bench.files() == []
    second = bench.pair(REPLACING)
    assert bench.card.keys() == [second.key]


def test_a_card_with_another_serial_is_refused_on_both_sides(bench: Bench[FirmwareCard]) -> None:
    first = bench.pair()
    bench.out.unlink()
    with pytest.raises(NotLoaded, match="another serial"):
        bench.pair(Order("B", "Challng", DEFAULT_SUITE, serial="CH00000013"))
    assert fault(bench) == Fault.PAIRING_REFUSED.code
    assert bench.card.keys() == [first.key]
    assert bench.files() == []


def test_a_person_who_says_no_leaves_nothing_anywhere(bench: Bench[FirmwareCard]) -> None:
    bench.desk = Desk(lambda desk: "no")
    with pytest.raises(NotLoaded, match="numbers were not the same"):
        bench.pair()
    assert fault(bench) == Fault.PAIRING_DIFFERS.code
    assert nothing_anywhere(bench)


def test_an_owner_who_presses_clear_leaves_nothing_anywhere(bench: Bench[FirmwareCard]) -> None:
    bench.card.owner = "presses CLEAR"
    bench.desk = Desk(lambda desk: None)
    with pytest.raises(NotLoaded, match="by hand"):
        bench.pair()
    assert nothing_anywhere(bench)


def test_when_nobody_holds_ok_the_cards_time_runs_out(bench: Bench[FirmwareCard]) -> None:
    """Its clock is the simulated one; the computer hears of it and ends too."""
    bench.card.owner = "is away"
    bench.card.hurry = 200.0
    with pytest.raises(NotLoaded, match="the card refused: the card waited in vain"):
        bench.pair()
    assert fault(bench) == Fault.PAIRING_TIME.code
    assert nothing_anywhere(bench)


def test_when_nobody_answers_at_the_computer_the_cards_time_runs_out(
    bench: Bench[FirmwareCard],
) -> None:
    bench.desk = Desk(lambda desk: None)
    bench.card.hurry = 200.0
    with pytest.raises(NotLoaded, match="the card refused: the card waited in vain"):
        bench.pair()
    assert fault(bench) == Fault.PAIRING_TIME.code
    assert nothing_anywhere(bench)


def test_a_computer_whose_time_runs_out_says_so_to_the_card(
    bench: Bench[FirmwareCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "COMPARE", 0.3)
    bench.card.owner = "is away"
    with pytest.raises(NotLoaded, match="OK was not held on the card"):
        bench.pair()
    assert fault(bench) == Fault.PAIRING_TIME.code
    assert nothing_anywhere(bench)


@pytest.mark.parametrize("direction", [TO_CARD, TO_HOST])
@pytest.mark.parametrize("junk", [b"\x00" * 300, b"login: " * 60, bytes(range(256)) * 3])
def test_garbage_ends_it_on_both_sides(
    bench: Bench[FirmwareCard], direction: str, junk: bytes
) -> None:
    with pytest.raises(NotLoaded, match=r"no pairing|no message of pairing"):
        bench.pair(through=lambda way, data: junk if way == direction else data)
    assert fault(bench) == Fault.PAIRING_GARBLED.code
    assert nothing_anywhere(bench)


def test_a_computer_of_another_version_ends_it_on_both_sides(bench: Bench[FirmwareCard]) -> None:
    later = messages.encode(HostHello(2, 3))
    with pytest.raises(NotLoaded, match="no common version"):
        bench.pair(through=lambda way, data: later if way == TO_CARD else data)
    assert fault(bench) == Fault.PAIRING_VERSION.code
    assert nothing_anywhere(bench)


def test_a_card_of_another_version_ends_it_on_both_sides(bench: Bench[FirmwareCard]) -> None:
    later = messages.encode(CardHello(2, "", {}))
    with pytest.raises(NotLoaded, match="no common version"):
        bench.pair(through=lambda way, data: later if way == TO_HOST else data)
    assert fault(bench) == Fault.PAIRING_VERSION.code
    assert nothing_anywhere(bench)


def test_a_machine_in_the_middle_is_seen_on_the_glass(bench: Bench[FirmwareCard]) -> None:
    """It pairs rightly with each side; glass and terminal show two numbers, a person looks."""
    bench.card.owner = "waits for the computer"
    bench.card.offer()
    middle = Middle(bench.card.link, bench.folder / "port")

    def looks(desk: Desk) -> str:
        assert middle.shown.wait(20)
        assert bench.card.shown.wait(20)
        return "yes" if desk.number == bench.card.number else "no"

    bench.desk = Desk(looks)
    try:
        with pytest.raises(NotLoaded, match="numbers were not the same"):
            provision(ORDER, bench.loader(middle.link), bench.place)
    finally:
        middle.close()
        bench.card.close()
    assert middle.numbers == {"computer": bench.desk.number, "card": bench.card.number}
    assert nothing_anywhere(bench)


def around(*lengths: int) -> list[int]:
    """Before, inside and after each frame."""
    points, start = {0}, 0
    for length in lengths:
        points |= {start + length // 2, start + length}
        start += length
    return sorted(points)


@pytest.mark.parametrize(
    ("direction", "count"),
    [(TO_CARD, count) for count in around(HELLO, OFFER, REVEAL, CONFIRM)]
    + [(TO_HOST, count) for count in around(CARD_HELLO, SHARE, CONFIRM, CONFIRM)],
)
def test_a_cut_at_any_boundary_leaves_no_half_a_key_and_a_card_that_can_be_paired(
    bench: Bench[FirmwareCard], direction: str, count: int
) -> None:
    uncertain = False
    try:
        bench.pair(through=Cut(direction, count))
    except NotLoaded:
        assert nothing_anywhere(bench)
    except LoadUncertain:
        uncertain = True
    loaded = bench.card.keys()
    if uncertain:
        assert bench.files() == ["card.pskc.unconfirmed"]
        assert bench.resume() is (Settled.CONFIRMED if loaded else Settled.ABANDONED)
    assert bench.files() == (["card.pskc"] if loaded else [])
    if loaded:
        assert [bench.kept()] == loaded
        bench.out.unlink()
    record = bench.pair(REPLACING)
    assert bench.card.keys() == [record.key] == [bench.kept()]


def test_a_card_that_is_loaded_when_the_cable_goes_warns_and_is_confirmed_later(
    bench: Bench[FirmwareCard],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The store is written, then the cable goes, then the last message cannot be sent."""
    store = bench.card.store
    add = store.add

    def add_then_lose_the_cable(*given: Any, **named: Any) -> None:
        add(*given, **named)
        poll = select.poll()
        poll.register(bench.card.cable.fileno(), 0)
        assert poll.poll(10_000) == [(bench.card.cable.fileno(), select.POLLHUP)]

    monkeypatch.setattr(store, "add", add_then_lose_the_cable)
    with pytest.raises(LoadUncertain, match="whether the card has the key is not known"):
        bench.pair(through=Cut(TO_CARD, HELLO + OFFER + REVEAL + CONFIRM))
    assert any("may not know that slot A is loaded" in line for line in caplog.messages)
    assert bench.card.glass[1] == "PAIRED  SLOT A"
    assert bench.files() == ["card.pskc.unconfirmed"]
    (key,) = bench.card.keys()
    assert bench.resume() is Settled.CONFIRMED
    assert bench.files() == ["card.pskc"]
    assert bench.kept() == key


def test_a_store_that_cannot_be_written_is_told_to_the_computer(
    bench: Bench[FirmwareCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any, **named: Any) -> None:
        raise StoreUnwritable("slot A cannot be written: the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(bench.card.store, "add", full)
        with pytest.raises(LoadUncertain, match="the card could not write its store"):
            bench.pair()
    assert fault(bench) == Fault.KEY_NOT_SAVED.code
    assert bench.card.keys() == []
    assert bench.resume() is Settled.ABANDONED
    assert bench.files() == []
