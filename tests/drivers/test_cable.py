"""The pairing cable over real pseudo-terminals: bytes both ways, cuts, and nothing that spins."""

from __future__ import annotations

import os
import select
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.board import Mode, open_board
from drivers.cable import Cable, GadgetCable, make_raw
from drivers.errors import CableCut, CableError
from drivers.settings import BoardSettings
from drivers.sim.cable import PtyCable
from drivers.sim.clock import VirtualClock
from tests.drivers.rig import PAD_4X4


class Far:
    """The computer's end of a cable, which waits for what it reads."""

    def __init__(self, path: str | Path) -> None:
        self.handle = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def send(self, data: bytes) -> None:
        assert os.write(self.handle, data) == len(data)

    def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            assert readable(self.handle), f"only {len(data)} of {size} bytes came"
            data += os.read(self.handle, size - len(data))
        return data

    def close(self) -> None:
        os.close(self.handle)


def readable(handle: int, seconds: float = 10) -> bool:
    return bool(select.select([handle], [], [], seconds)[0])


def read(cable: Cable, size: int) -> bytes:
    """Wait for `size` bytes as the card does: asleep on the cable."""
    data = b""
    while len(data) < size:
        assert readable(cable.fileno())
        data += cable.read()
    return data


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[PtyCable]:
    cable = PtyCable(tmp_path / "cable")
    yield cable
    cable.unplug()


@pytest.fixture
def gadget() -> Iterator[tuple[GadgetCable, int]]:
    """A gadget's port, and the far end that a computer would have."""
    far, near = os.openpty()
    cable = GadgetCable(Path(os.ttyname(near)))
    cable.open()
    os.close(near)
    yield cable, far
    cable.close()


EVERY_BYTE = bytes(range(256))


def test_every_byte_goes_both_ways_as_it_is(cable: PtyCable) -> None:
    cable.open()
    far = Far(cable.name)
    far.send(EVERY_BYTE)
    assert read(cable, 256) == EVERY_BYTE
    cable.write(EVERY_BYTE)
    assert far.receive(256) == EVERY_BYTE
    far.close()


def test_every_byte_goes_over_a_port_as_it_is(gadget: tuple[GadgetCable, int]) -> None:
    cable, far = gadget
    os.write(far, EVERY_BYTE)
    assert read(cable, 256) == EVERY_BYTE
    cable.write(EVERY_BYTE)
    assert readable(far)
    assert os.read(far, 512) == EVERY_BYTE


def test_nothing_there_is_no_byte_and_no_error(
    cable: PtyCable, gadget: tuple[GadgetCable, int]
) -> None:
    cable.open()
    assert cable.read() == b""
    assert gadget[0].read() == b""


def test_what_the_port_does_not_take_is_kept_and_sent_later(cable: PtyCable) -> None:
    cable.open()
    far = Far(cable.name)
    far.send(b"!")
    read(cable, 1)
    sent = EVERY_BYTE * 1024
    cable.write(sent)
    assert cable.unsent, "a pseudo-terminal holds less than that"
    received = b""
    while cable.unsent:
        received += far.receive(1024)
        assert cable.read() == b""
    received += far.receive(len(sent) - len(received))
    assert received == sent
    far.close()


def test_the_other_end_that_closes_is_a_cut(cable: PtyCable) -> None:
    cable.open()
    far = Far(cable.name)
    far.send(b"hello")
    assert read(cable, 5) == b"hello"
    far.close()
    with pytest.raises(CableCut):
        cable.write(b"x")
    with pytest.raises(CableCut):
        cable.read()


def test_what_was_sent_before_the_cut_is_read_before_it(cable: PtyCable) -> None:
    cable.open()
    far = Far(cable.name)
    far.send(b"goodbye")
    far.close()
    assert read(cable, 7) == b"goodbye"
    with pytest.raises(CableCut):
        cable.read()


def test_a_port_that_hangs_up_is_a_cut(gadget: tuple[GadgetCable, int]) -> None:
    cable, far = gadget
    os.close(far)
    assert readable(cable.fileno())
    with pytest.raises(CableCut):
        cable.read()
    with pytest.raises(CableCut):
        cable.write(b"x")


def test_an_open_cable_without_a_computer_wakes_nobody(
    cable: PtyCable, gadget: tuple[GadgetCable, int]
) -> None:
    cable.open()
    for one in (cable, gadget[0]):
        poll = select.poll()
        poll.register(one.fileno(), select.POLLIN)
        assert poll.poll(0) == []
    Far(cable.name).close()
    assert poll.poll(0) == []


def test_after_a_cut_it_opens_again_and_wakes_nobody(cable: PtyCable) -> None:
    for _ in range(3):
        cable.open()
        poll = select.poll()
        poll.register(cable.fileno(), select.POLLIN)
        assert poll.poll(0) == []
        far = Far(cable.name)
        far.send(b"again")
        assert read(cable, 5) == b"again"
        far.close()
        with pytest.raises(CableCut):
            cable.read()
        cable.close()


def test_what_came_before_it_was_opened_is_not_heard(cable: PtyCable) -> None:
    far = Far(cable.name)
    far.send(b"old")
    cable.open()
    assert cable.read() == b""
    far.send(b"new")
    assert read(cable, 3) == b"new"
    far.close()


def test_a_port_does_not_hear_what_came_before_it_was_opened() -> None:
    far, near = os.openpty()
    make_raw(near)
    os.write(far, b"old")
    assert readable(near)
    cable = GadgetCable(Path(os.ttyname(near)))
    cable.open()
    assert cable.read() == b""
    cable.close()
    os.close(near)
    os.close(far)


def test_a_computer_that_never_stops_sending_does_not_keep_the_card_at_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far, near = os.openpty()
    make_raw(near)
    reads = 0

    def flood(handle: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        assert reads < 1000, "it reads and reads"
        return bytes(size)

    cable = GadgetCable(Path(os.ttyname(near)))
    with monkeypatch.context() as flooded:
        flooded.setattr(os, "read", flood)
        cable.open()
    assert reads > 0
    cable.close()
    os.close(near)
    os.close(far)


def test_what_one_computer_left_unread_the_next_does_not_get(cable: PtyCable) -> None:
    cable.open()
    far = Far(cable.name)
    far.send(b"x")
    read(cable, 1)
    cable.write(b"abort")
    far.close()
    cable.close()
    cable.open()
    far = Far(cable.name)
    cable.write(b"hello")
    assert far.receive(5) == b"hello"
    far.close()


def test_the_last_message_is_read_before_the_cable_goes(tmp_path: Path) -> None:
    cable = PtyCable(tmp_path / "cable")
    cable.open()
    far = Far(cable.name)
    far.send(b"x")
    read(cable, 1)
    cable.write(b"done")
    cable.close()
    pause = time.sleep
    try:
        # The reader comes while the cable is waiting for it.
        time.sleep = lambda seconds: setattr(far, "got", far.receive(4))  # type: ignore[assignment]
        cable.unplug()
    finally:
        time.sleep = pause
    assert far.got == b"done"  # type: ignore[attr-defined]
    assert not (tmp_path / "cable").is_symlink()
    far.close()


def test_the_link_is_there_until_the_cable_is_unplugged(tmp_path: Path) -> None:
    link = tmp_path / "cable"
    cable = PtyCable(link)
    assert cable.there()
    assert link.resolve().is_char_device()
    cable.open()
    cable.close()
    assert link.is_symlink()
    cable.unplug()
    cable.unplug()
    assert not link.is_symlink()
    assert not cable.there()
    with pytest.raises(CableError, match="unplugged"):
        cable.open()


def test_a_link_left_behind_is_taken_over_and_a_file_is_not(tmp_path: Path) -> None:
    link = tmp_path / "cable"
    link.symlink_to("/dev/pts/gone")
    PtyCable(link).unplug()
    link.write_text("somebody's")
    with pytest.raises(CableError, match="name another place"):
        PtyCable(link)
    assert link.read_text() == "somebody's"


def test_the_link_of_another_cable_is_left_alone(tmp_path: Path) -> None:
    first = PtyCable(tmp_path / "cable")
    second = PtyCable(tmp_path / "cable")
    first.unplug()
    assert second.there()
    second.unplug()


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda path: None, "is the USB gadget set up"),
        (lambda path: path.write_text(""), "it is no serial port"),
    ],
)
def test_a_port_that_cannot_be_opened_says_what_to_look_at(
    make: Callable[[Path], object], advice: str, tmp_path: Path
) -> None:
    path = tmp_path / "ttyGS0"
    make(path)
    before = open_files()
    with pytest.raises(CableError, match=advice) as refused:
        GadgetCable(path).open()
    assert str(path) in str(refused.value)
    assert not isinstance(refused.value, CableCut)
    assert open_files() == before


def test_a_closed_cable_gives_its_port_back_and_is_not_used(
    gadget: tuple[GadgetCable, int],
) -> None:
    cable, _ = gadget
    handle = cable.fileno()
    cable.close()
    cable.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(handle)
    for use in (cable.read, cable.fileno, lambda: cable.write(b"x")):
        with pytest.raises(CableError, match="not open"):
            use()


def test_the_port_never_becomes_the_cards_controlling_terminal_and_echoes_nothing(
    gadget: tuple[GadgetCable, int],
) -> None:
    cable, far = gadget
    os.write(far, b"abc")
    assert read(cable, 3) == b"abc"
    assert not readable(far, 0)
    assert termios.tcgetattr(cable.fileno())[3] == 0


def test_a_simulated_board_has_the_cable_it_was_given_and_opens_nothing(cable: PtyCable) -> None:
    settings = BoardSettings(PAD_4X4, press_pin=26, cable="/dev/ttyGS0")
    clock = VirtualClock()
    board = open_board(settings, Mode.SIM, clock=clock, wake=lambda: None)
    assert board.cable is None, "a simulated card has no port of its own"
    board.close()
    board = open_board(settings, Mode.SIM, clock=clock, wake=lambda: None, cable=cable)
    assert board.cable is cable
    with pytest.raises(CableError, match="not open"):
        cable.fileno()
    board.close()
