"""Finding and opening the card's serial port, and every way in which that fails."""

from __future__ import annotations

import errno
import os
import termios
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from serial.tools import list_ports

from provisioning.errors import CableCut, PortRefused
from provisioning.pair.port import AUTO, Port, find


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    """Both ends of a pseudo-terminal; the second has a name to open."""
    ends = os.openpty()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def listed(device: str, vid: int | None = None, pid: int | None = None) -> SimpleNamespace:
    """As `list_ports` has it."""
    return SimpleNamespace(device=device, vid=vid, pid=pid)


OTHERS = [listed("/dev/ttyS0"), listed("/dev/ttyUSB0", 0x0403, 0x6001)]


@pytest.mark.parametrize(("vid", "pid"), [(0x0525, 0xA4A7), (0x0525, 0xA4A6), (0x1D6B, 0x0104)])
def test_auto_finds_the_one_usb_gadget(vid: int, pid: int) -> None:
    assert find([*OTHERS, listed("/dev/ttyACM1", vid, pid)]) == "/dev/ttyACM1"


def test_auto_refuses_where_there_is_none() -> None:
    with pytest.raises(PortRefused, match="no card is on a USB port"):
        find(OTHERS)


def test_auto_refuses_to_choose_between_two_and_names_them() -> None:
    cards = [listed(f"/dev/ttyACM{n}", 0x0525, 0xA4A7) for n in (1, 0)]
    with pytest.raises(PortRefused, match="/dev/ttyACM0, /dev/ttyACM1"):
        find([*OTHERS, *cards])


def test_auto_opens_what_the_system_lists(
    pty: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = os.ttyname(pty[1])
    monkeypatch.setattr(list_ports, "comports", lambda: [listed(name, 0x0525, 0xA4A7)])
    with Port(AUTO) as port:
        assert port.name == name


def test_a_port_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PortRefused, match=r"there is no port .*plug the card in"):
        Port(str(tmp_path / "ttyACM0"))


def test_what_is_no_serial_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PortRefused, match="cannot be opened as a serial port"):
        Port(str(tmp_path / "file"))


def test_a_port_that_another_program_has_is_refused(pty: tuple[int, int]) -> None:
    with Port(os.ttyname(pty[1])), pytest.raises(PortRefused, match="another program has"):
        Port(os.ttyname(pty[1]))


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "dialout"), (errno.EBUSY, "another program"), (errno.ENODEV, "no port")],
)
def test_every_other_refusal_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(*given: object, **more: object) -> None:
        raise serial.SerialException(number, os.strerror(number))

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(PortRefused, match=words):
        Port("/dev/ttyACM0")


def test_a_pulled_cable_is_seen_at_reading_and_at_writing(pty: tuple[int, int]) -> None:
    with Port(os.ttyname(pty[1])) as port:
        os.write(pty[0], b"hello")
        assert port.read() == b"hello"
        assert port.read() == b""
        os.close(pty[0])
        with pytest.raises(CableCut, match="plug it in"):
            port.read()
        with pytest.raises(CableCut, match="plug it in"):
            port.write(b"x")


def test_a_card_that_takes_nothing_is_no_hanging_program(
    pty: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.pair.port._WRITE_SECONDS", 0.05)
    with Port(os.ttyname(pty[1])) as port:
        assert port.write(b"x" * 100_000) is False


def test_a_card_that_takes_nothing_and_goes_is_a_pulled_cable(
    pty: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.pair.port._WRITE_SECONDS", 0.05)
    with Port(os.ttyname(pty[1])) as port:

        def gone(self: serial.Serial) -> None:
            raise termios.error(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(serial.Serial, "reset_output_buffer", gone)
        with pytest.raises(CableCut, match="plug it in"):
            port.write(b"x" * 100_000)


def test_a_port_that_never_falls_silent_is_not_waited_for(
    pty: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.pair.port._SETTLE_SECONDS", 0.05)
    with Port(os.ttyname(pty[1])) as port:
        reads = 0

        def login_prompt() -> bytes:
            nonlocal reads
            reads += 1
            assert reads < 1_000_000, "it waits and waits"
            return b"login: "

        os.write(pty[0], b"login: ")
        monkeypatch.setattr(port, "read", login_prompt)
        port.settle()
    assert reads > 0
