"""Pairing from the computer's side, over pseudo-terminals, with a card that does as it should."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import pytest
import serial

from protocol import pskc
from protocol.ocra import DEFAULT_SUITE
from protocol.pairing import messages
from protocol.pairing.errors import AbortReason
from protocol.pairing.frames import Deframer
from protocol.pairing.messages import CardHello
from provisioning.errors import LoadUncertain, NotLoaded, NotSettled, OutputRefused, PortRefused
from provisioning.order import Order
from provisioning.pair import talk
from provisioning.pair.loader import CableLoader
from provisioning.pair.port import Port
from provisioning.pair.resume import Settled, resume
from provisioning.place import KeyFile
from provisioning.provision import provision
from tests.provisioning.cards import EndCard
from tests.provisioning.lines import TO_CARD, TO_HOST, Cut, Line, Middle, Passing
from tests.provisioning.people import Desk

SECRET = pskc.PreSharedKey(bytes(range(32)))
ORDER = Order(slot="A", issuer="Challng", suite=DEFAULT_SUITE)
REPLACING = Order(slot="A", issuer="Challng", suite=DEFAULT_SUITE, replace=True)


class Card(Protocol):
    """What stands at the other end, here or in the tests with the firmware."""

    link: Path

    def offer(self) -> None: ...

    def close(self) -> None: ...


AnyCard = TypeVar("AnyCard", bound=Card)


class Bench(Generic[AnyCard]):
    """A card, a cable, a desk and a folder for key files."""

    def __init__(self, folder: Path, card: AnyCard) -> None:
        self.folder = folder
        self.card = card
        self.desk = Desk()
        self.out = folder / "out" / "card.pskc"
        self.out.parent.mkdir()
        self.place = KeyFile(self.out, SECRET)

    def pair(self, order: Order = ORDER, through: Passing | None = None) -> pskc.CardRecord:
        """One pairing, from the card's gesture on."""
        self.card.offer()
        line = None if through is None else Line(self.card.link, self.folder / "port", through)
        link = self.card.link if line is None else line.link
        try:
            return provision(order, self.loader(link), self.place)
        finally:
            if line is not None:
                line.close()
            self.card.close()

    def loader(self, link: Path) -> CableLoader:
        return CableLoader(lambda: Port(str(link)), self.desk, "the command")

    def resume(self) -> Settled:
        """What a person does after an uncertain end."""
        self.card.offer()
        try:
            return resume(
                self.place.prepared(), self.place, lambda: Port(str(self.card.link)), self.desk
            )
        finally:
            self.card.close()

    def files(self) -> list[str]:
        return sorted(file.name for file in self.out.parent.iterdir())

    def kept(self) -> bytes:
        """The key in the confirmed key file."""
        (record,) = pskc.read(self.out.read_bytes(), SECRET)
        return record.key


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench[EndCard]]:
    bench = Bench(tmp_path, EndCard(tmp_path))
    yield bench
    bench.card.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """People are not waited for long, nor a card that says nothing."""
    monkeypatch.setattr(talk, "COMPARE", 0.6)
    monkeypatch.setattr(talk, "OFFERED", 3.0)


def test_card_and_key_file_have_the_same_key_and_nothing_remains(
    bench: Bench[EndCard],
) -> None:
    record = bench.pair()
    assert bench.files() == ["card.pskc"]
    assert bench.card.keys() == [record.key] == [bench.kept()]
    assert bench.card.store.load("A").serial == record.serial
    assert stat.S_IMODE(bench.out.stat().st_mode) == 0o600
    assert record.key_id.startswith(f"{record.serial}-A-")


def test_the_person_is_told_what_to_press_and_shown_the_cards_number(bench: Bench[EndCard]) -> None:
    bench.pair()
    lines = "\n".join(bench.desk.lines)
    assert "hold OK for 2 seconds" in lines
    assert "Waiting for the card: 60 seconds left." in lines
    assert "Found a card without a key; slot A is next." in lines
    assert bench.desk.number == bench.card.number
    assert "Does the card show the same number? (yes/no)" in lines
    assert "The card's owner has held OK." in lines


def test_a_second_slot_gets_the_serial_of_the_card(bench: Bench[EndCard]) -> None:
    first = bench.pair()
    bench.place = KeyFile(bench.out.with_name("other.pskc"), SECRET)
    second = bench.pair(Order(slot=None, issuer="The Club", suite=DEFAULT_SUITE))
    assert second.key_id.startswith(f"{first.serial}-B-")
    assert second.serial == first.serial
    assert second.key != first.key
    assert f"Found {first.serial}; slot B is next." in bench.desk.lines


def test_a_taken_slot_is_refused_by_the_card_and_replaced_when_asked(bench: Bench[EndCard]) -> None:
    first = bench.pair()
    bench.place = KeyFile(bench.out.with_name("other.pskc"), SECRET)
    with pytest.raises(NotLoaded, match="the card refused: that slot holds a key already"):
        bench.pair()
    assert bench.card.keys() == [first.key]
    second = bench.pair(REPLACING)
    assert bench.card.keys() == [second.key] != [first.key]


def test_a_card_with_another_serial_refuses(bench: Bench[EndCard]) -> None:
    bench.pair()
    bench.place = KeyFile(bench.out.with_name("other.pskc"), SECRET)
    with pytest.raises(NotLoaded, match="another serial"):
        bench.pair(Order("B", "Challng", DEFAULT_SUITE, serial="CH00000013"))
    assert bench.files() == ["card.pskc"]


def test_the_serial_that_is_asked_for_is_given_to_a_blank_card(bench: Bench[EndCard]) -> None:
    bench.pair(Order("A", "Challng", DEFAULT_SUITE, serial="CH00000013"))
    assert bench.card.store.load("A").serial == "CH00000013"


def test_numbers_that_are_not_the_same_leave_nothing_anywhere(bench: Bench[EndCard]) -> None:
    bench.desk = Desk(lambda desk: "no")
    with pytest.raises(NotLoaded, match="numbers were not the same"):
        bench.pair()
    assert bench.card.ended is AbortReason.DIFFERENT
    assert bench.card.keys() == []
    assert bench.files() == []


def test_anything_but_yes_and_no_is_asked_again(bench: Bench[EndCard]) -> None:
    answers = iter(["y", "", "YES "])
    bench.desk = Desk(lambda desk: next(answers))
    bench.pair()
    assert bench.desk.lines.count("Please type yes or no:") == 2


def test_a_terminal_that_is_closed_answers_for_nobody(bench: Bench[EndCard]) -> None:
    def closed(desk: Desk) -> str:
        raise EOFError

    bench.desk = Desk(closed)
    with pytest.raises(NotLoaded, match="nobody answered at the terminal"):
        bench.pair()
    assert bench.card.ended is AbortReason.CANCELLED
    assert bench.files() == []


@pytest.mark.usefixtures("impatient")
def test_no_answer_here_ends_it_on_both_sides(bench: Bench[EndCard]) -> None:
    bench.desk = Desk(lambda desk: None)
    with pytest.raises(NotLoaded, match="no answer here"):
        bench.pair()
    assert bench.card.ended is AbortReason.TIMEOUT
    assert (bench.card.keys(), bench.files()) == ([], [])


@pytest.mark.usefixtures("impatient")
def test_an_owner_who_does_not_hold_ok_ends_it_on_both_sides(bench: Bench[EndCard]) -> None:
    bench.card.owner = "is away"
    with pytest.raises(NotLoaded, match="OK was not held on the card"):
        bench.pair()
    assert bench.card.ended is AbortReason.TIMEOUT
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_an_owner_who_presses_clear_ends_it_on_both_sides(bench: Bench[EndCard]) -> None:
    bench.card.owner = "presses CLEAR"
    bench.desk = Desk(lambda desk: None)
    with pytest.raises(NotLoaded, match="by hand"):
        bench.pair()
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_a_cable_without_a_card_says_what_to_press(
    bench: Bench[EndCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "OFFERED", 0.6)
    host, far = os.openpty()
    try:
        with pytest.raises(NotLoaded, match="no card answered: begin pairing on the card"):
            provision(ORDER, bench.loader(Path(os.ttyname(far))), bench.place)
    finally:
        os.close(host)
        os.close(far)
    assert bench.files() == []


def test_ctrl_c_is_told_to_the_card(bench: Bench[EndCard]) -> None:
    def interrupt(desk: Desk) -> str:
        raise KeyboardInterrupt

    bench.desk = Desk(interrupt)
    with pytest.raises(KeyboardInterrupt):
        bench.pair()
    assert bench.card.ended is AbortReason.CANCELLED
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_a_record_that_cannot_be_kept_leaves_the_card_as_it_was(bench: Bench[EndCard]) -> None:
    bench.out.write_text("precious")
    with pytest.raises(OutputRefused, match="is there already"):
        bench.pair()
    assert bench.card.ended is AbortReason.NOT_KEPT
    assert bench.card.keys() == []
    assert bench.out.read_text() == "precious"


def test_a_login_prompt_on_the_cards_port_is_named(bench: Bench[EndCard]) -> None:
    def getty(direction: str, data: bytes) -> bytes:
        return b"\r\nRaspbian GNU/Linux 12 card ttyGS0\r\n\r\ncard login: " * 8

    with pytest.raises(NotLoaded, match="getty"):
        bench.pair(through=getty)
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_a_card_of_another_version_is_refused(bench: Bench[EndCard]) -> None:
    later = messages.encode(CardHello(2, "", {}))
    with pytest.raises(NotLoaded, match="no common version"):
        bench.pair(through=lambda direction, data: later if direction == TO_HOST else data)
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_a_host_of_another_version_is_refused(bench: Bench[EndCard]) -> None:
    later = messages.encode(messages.HostHello(2, 3))
    with pytest.raises(NotLoaded, match="the card refused: they speak no common version"):
        bench.pair(through=lambda direction, data: later if direction == TO_CARD else data)
    assert bench.card.ended is AbortReason.VERSION


# Where each frame ends, in bytes, each way: the lengths are the same in every pairing of ORDER.
HELLO, OFFER, REVEAL, CONFIRM = 11, 9 + 1 + 1 + 11 + 8 + 36 + 32, 9 + 64, 9 + 32
CARD_HELLO, SHARE = 9 + 3, 9 + 64


def boundaries(*lengths: int) -> list[int]:
    """Before, inside and after each frame."""
    points, start = [], 0
    for length in lengths:
        points += [start, start + 1, start + length // 2, start + length - 1]
        start += length
    return sorted({*points, start})


def test_the_boundaries_are_where_the_frames_are(bench: Bench[EndCard]) -> None:
    seen = {TO_CARD: b"", TO_HOST: b""}

    def listen(direction: str, data: bytes) -> bytes:
        seen[direction] += data
        return data

    bench.pair(through=listen)
    lengths = {way: [len(f.raw) for f in Deframer().feed(data)] for way, data in seen.items()}
    assert lengths == {
        TO_CARD: [HELLO, OFFER, REVEAL, CONFIRM],
        TO_HOST: [CARD_HELLO, SHARE, CONFIRM, CONFIRM],
    }


@pytest.mark.parametrize(
    ("direction", "count"),
    [(TO_CARD, count) for count in boundaries(HELLO, OFFER, REVEAL, CONFIRM)]
    + [(TO_HOST, count) for count in boundaries(CARD_HELLO, SHARE, CONFIRM, CONFIRM)],
)
def test_a_cut_anywhere_leaves_no_half_a_key_and_a_card_that_can_be_paired(
    bench: Bench[EndCard], direction: str, count: int
) -> None:
    uncertain = False
    try:
        bench.pair(through=Cut(direction, count))
    except NotLoaded:
        assert bench.card.keys() == []
        assert bench.files() == []
    except LoadUncertain:
        uncertain = True
    if uncertain:
        assert bench.files() == ["card.pskc.unconfirmed"]
        loaded = bench.card.keys()
        settled = bench.resume()
        assert bench.card.ended is AbortReason.LOOKED
        assert settled is (Settled.CONFIRMED if loaded else Settled.ABANDONED)
        assert bench.files() == (["card.pskc"] if loaded else [])
    if bench.out.exists():
        assert bench.card.keys() == [bench.kept()]
        bench.out.unlink()
    record = bench.pair(REPLACING)
    assert bench.card.keys() == [record.key] == [bench.kept()]


def honest(desk: Desk, bench: Bench[EndCard]) -> str:
    """A person who looks at both numbers."""
    bench.card.shown.wait(20)
    return "yes" if bench.card.number == desk.number else "no"


def test_a_person_who_looks_pairs_over_an_honest_cable(bench: Bench[EndCard]) -> None:
    bench.desk = Desk(lambda desk: honest(desk, bench))
    record = bench.pair(through=lambda direction, data: data)
    assert bench.card.keys() == [record.key]


def test_a_machine_in_the_middle_is_seen_by_the_numbers(bench: Bench[EndCard]) -> None:
    """It runs a right pairing with each side; only the two numbers give it away."""
    bench.card.owner = "waits for the computer"
    bench.card.offer()
    middle = Middle(bench.card.link, bench.folder / "port")

    def says(desk: Desk) -> str:
        middle.shown.wait(20)
        return honest(desk, bench)

    bench.desk = Desk(says)
    try:
        with pytest.raises(NotLoaded, match="numbers were not the same"):
            provision(ORDER, bench.loader(middle.link), bench.place)
    finally:
        middle.close()
        bench.card.close()
    assert middle.numbers == {"computer": bench.desk.number, "card": bench.card.number}
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_a_machine_in_the_middle_wins_where_nobody_looks(bench: Bench[EndCard]) -> None:
    """The same machine, a person who says yes unseen: so the numbers are what protects."""
    bench.card.offer()
    middle = Middle(bench.card.link, bench.folder / "port")
    try:
        record = provision(ORDER, bench.loader(middle.link), bench.place)
        assert middle.paired.wait(20)
    finally:
        middle.close()
        bench.card.close()
    assert middle.keys == {"computer": record.key, "card": bench.card.keys()[0]}


def test_resuming_with_another_card_changes_nothing(bench: Bench[EndCard], tmp_path: Path) -> None:
    with pytest.raises(LoadUncertain):
        bench.pair(through=Cut(TO_CARD, HELLO + OFFER + REVEAL + CONFIRM - 1))
    beside = tmp_path / "beside"
    beside.mkdir()
    other = Bench(beside, EndCard(beside))
    other.pair()
    bench.card, mine = other.card, bench.card
    with pytest.raises(NotSettled, match="take that card"):
        bench.resume()
    assert bench.files() == ["card.pskc.unconfirmed"]
    bench.card = mine
    bench.desk = Desk(lambda desk: "no")
    with pytest.raises(NotSettled, match="nothing was changed"):
        bench.resume()
    assert bench.files() == ["card.pskc.unconfirmed"]


def test_resuming_without_the_card_changes_nothing(bench: Bench[EndCard]) -> None:
    with pytest.raises(LoadUncertain):
        bench.pair(through=Cut(TO_CARD, HELLO + OFFER + REVEAL + CONFIRM - 1))
    with pytest.raises(PortRefused, match="there is no port"):
        resume(bench.place.prepared(), bench.place, lambda: Port(str(bench.card.link)), bench.desk)
    assert bench.files() == ["card.pskc.unconfirmed"]


def test_a_card_that_gave_up_while_the_record_was_kept_has_no_key(bench: Bench[EndCard]) -> None:
    """So nothing is uncertain: the host has not confirmed yet, and takes the record back."""

    class Slow(KeyFile):
        def prepare(self, record: pskc.CardRecord) -> None:
            super().prepare(record)
            bench.card.close()

    bench.place = Slow(bench.out, SECRET)
    with pytest.raises(NotLoaded, match="the card has no new key"):
        bench.pair()
    assert (bench.card.keys(), bench.files()) == ([], [])


def test_what_the_card_said_to_an_earlier_program_is_not_heard(bench: Bench[EndCard]) -> None:
    """A USB gadget keeps what nobody read, and hands it over when the port is opened again."""
    old = messages.encode(messages.Abort(AbortReason.TIMEOUT))

    class Late(Desk):
        def tell(self, line: str) -> None:
            super().tell(line)
            if line == talk.GESTURE:  # the port is open, and flushed
                bench.card.say(messages.encode(CardHello(1, "", {})) + old)

    bench.desk = Late()
    record = bench.pair()
    assert bench.card.keys() == [record.key]


@pytest.mark.usefixtures("impatient")
def test_nothing_is_written_to_a_card_that_has_not_opened_its_end(
    bench: Bench[EndCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A USB serial port says so by its carrier; closing it would wait for what nobody takes."""
    monkeypatch.setattr(serial.Serial, "cd", False)
    host, far = os.openpty()
    try:
        with pytest.raises(NotLoaded, match="no card answered"):
            provision(ORDER, bench.loader(Path(os.ttyname(far))), bench.place)
        assert not select.select([host], [], [], 0)[0]
    finally:
        os.close(host)
        os.close(far)


def test_a_card_is_spoken_to_as_soon_as_it_opens_its_end(
    bench: Bench[EndCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = iter([False])
    monkeypatch.setattr(serial.Serial, "cd", property(lambda port: next(opened, True)))
    record = bench.pair()
    assert bench.card.keys() == [record.key]
