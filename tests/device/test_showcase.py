"""The card behind a socket: what it takes, what it refuses, and what is on its glass."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from device.cli import main
from device.errors import LineRefused, SocketRefused
from device.fingers import PRESS, Fingers
from device.keystore import FileKeyStore
from device.reading import read as text_of
from device.settings import parse as settings_of
from device.showcase import lines
from device.showcase.hand import LONGEST_HOLD, WAITING, Hand
from device.showcase.lines import Move
from device.showcase.serving import listen
from drivers.frame import Frame
from drivers.sim.world import SimWorld
from protocol.ocra import DEFAULT_SUITE, response
from tests.device.conftest import KEY

KEYS = ["123A", "456B", "789C", "*0#D"]
PATIENCE = 60


# --- the lines


@pytest.mark.parametrize(
    ("line", "move"),
    [
        (b'{"down":"7"}\n', Move("7", True)),
        (b'{"up":"#"}', Move("#", False)),
        (b' { "down" : "press" } \n', Move(PRESS, True)),
    ],
)
def test_a_line_moves_one_finger(line: bytes, move: Move) -> None:
    assert lines.read(line, KEYS) == move


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"down 7",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b'{"down":"7","up":"7"}',
        b'{"hold":"7"}',
        b'{"down":"E"}',
        b'{"down":"12"}',
        b'{"down":""}',
        b'{"down":7}',
        b'{"down":null}',
        b'{"down":["7"]}',
        b'{"store":"A"}',
        b"[" * 60,
        b'{"down":"7"}' + b" " * 60,
    ],
)
def test_any_other_line_is_refused(line: bytes) -> None:
    with pytest.raises(LineRefused):
        lines.read(line, KEYS)


def test_a_picture_keeps_every_pixel() -> None:
    frame = Frame(16, 8)
    frame.set(3, 5)
    said = json.loads(lines.picture(frame, True, ["PIN>"]))
    packed = base64.b64decode(said["glass"])
    assert [(at, byte) for at, byte in enumerate(packed) if byte] == [(3, 1 << 5)]
    assert (said["on"], said["lines"]) == (True, ["PIN>"])


# --- one finger


class Felt:
    """A hand on a world in told time; the card feels everything at once, or nothing at all."""

    def __init__(self) -> None:
        self.world = SimWorld(settings_of({}, "test").board)
        self.feels = True
        clock = self.world.clock

        def later(seconds: float, action: Callable[[], None]) -> None:
            clock.at(clock.now() + seconds, action)

        def felt(_key: str, _moment: float) -> bool:
            return self.feels

        self.fingers = Fingers(self.world, clock.now, later, felt)
        self.hand = Hand(self.fingers, clock.now, later, felt)

    def after(self, seconds: float) -> frozenset[str]:
        self.world.clock.advance_to(self.world.clock.now() + seconds)
        return self.fingers.closed


def test_two_keys_at_once_become_one_after_the_other() -> None:
    card = Felt()
    for move in (Move("7", True), Move("3", True), Move("7", False), Move("3", False)):
        card.hand.move(move)
    seen = [card.after(0.005) for _ in range(80)]
    assert max(map(len, seen)) == 1
    assert [key for key in ("7", "3") if {key} in seen] == ["7", "3"]
    assert seen.index(frozenset({"7"})) < seen.index(frozenset({"3"}))
    assert seen[-1] == frozenset()


def test_a_key_stays_down_until_the_card_has_felt_it_and_the_next_one_waits() -> None:
    card = Felt()
    card.feels = False
    for move in (Move("7", True), Move("7", False), Move("3", True)):
        card.hand.move(move)
    assert card.after(5) == {"7"}
    card.feels = True
    assert card.after(0.5) == {"3"}


def test_a_key_that_is_never_let_go_comes_up_by_itself() -> None:
    card = Felt()
    card.hand.move(Move(PRESS, True))
    assert card.after(LONGEST_HOLD - 0.1) == {PRESS}
    assert card.after(0.5) == frozenset()


def test_a_new_hold_has_its_own_ten_seconds() -> None:
    card = Felt()
    card.hand.move(Move(PRESS, True))
    card.after(LONGEST_HOLD - 1)
    card.hand.move(Move(PRESS, False))
    card.after(0.5)
    card.hand.move(Move(PRESS, True))
    assert card.after(LONGEST_HOLD - 1) == {PRESS}


def test_who_goes_takes_the_finger_away_and_what_waited_is_forgotten() -> None:
    card = Felt()
    for key in "73":
        card.hand.move(Move(key, True))
    card.hand.withdraw()
    assert card.after(1) == frozenset()


def test_what_waits_is_bounded() -> None:
    card = Felt()
    card.feels = False
    card.hand.move(Move("7", True))
    for _ in range(WAITING):
        card.hand.move(Move("3", True))
    with pytest.raises(LineRefused, match="wait"):
        card.hand.move(Move("3", True))


# --- the socket


def test_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "card"
    listener = listen(path)
    try:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(SocketRefused, match="there already"):
            listen(path)
    finally:
        listener.close()


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(SocketRefused, match="0700"):
        listen(tmp_path / "card")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(SocketRefused, match="cannot be read"):
        listen(tmp_path / "none" / "card")
    with pytest.raises(SocketRefused, match="shorter"):
        listen(tmp_path / ("x" * 120))


@pytest.mark.parametrize(
    "options",
    [
        ["--driver", "hardware", "sim", "--socket", "x"],
        ["sim", "--socket", "x", "--note", "y"],
        ["sim", "--socket", "x", "--cable", "y"],
    ],
)
def test_a_real_card_a_note_and_a_cable_have_no_socket(options: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(options)
    assert end.value.code == 2


def test_the_store_of_a_real_card_is_never_behind_a_socket(
    monkeypatch: pytest.MonkeyPatch, store: FileKeyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("device.cli.STANDARD_STORE", str(store.directory))
    assert main(["--store", str(store.directory), "sim", "--socket", "x"]) == 1
    assert "real card" in capsys.readouterr().err


# --- the whole card, as a process


class Client:
    """One end of the socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self._file = self.socket.makefile("rb")

    @staticmethod
    def refused_at(path: Path) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(path)) != 0

    def says(self) -> dict[str, Any]:
        line = self._file.readline()
        return dict(json.loads(line)) if line else {}

    def until(self, *text: str) -> dict[str, Any]:
        """Read pictures until one has just these lines."""
        while (said := self.says()).get("lines") != list(text):
            assert said, f"the card hung up before it showed {text}"
        return said

    def send(self, line: bytes) -> None:
        self.socket.sendall(line)

    def move(self, verb: str, key: str) -> None:
        self.send(json.dumps({verb: key}).encode() + b"\n")

    def type(self, keys: str) -> None:
        for key in keys:
            self.move("down", key)
            self.move("up", key)

    def close(self) -> None:
        self._file.close()
        self.socket.close()


def taken(path: Path) -> Client:
    """Have the card in hand, as soon as whoever had it before has let it go."""
    deadline = time.monotonic() + PATIENCE
    while True:
        client = Client(path)
        if (said := client.says()).get("card") == 1:
            assert said == {"card": 1, "width": 128, "height": 64, "keys": KEYS}
            return client
        client.close()
        assert time.monotonic() < deadline, said
        time.sleep(0.02)


@pytest.fixture
def card(tmp_path: Path, store: FileKeyStore) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process that is a card; it opens after 0.1 s, so that no test waits long."""
    room = tmp_path / "room"
    room.mkdir(mode=0o700)
    config = tmp_path / "card.toml"
    config.write_text("[press]\nopen_seconds = 0.1\n")
    path = room / "card"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "device", "--config", str(config)),
            *("--store", str(store.directory), "sim", "--socket", str(path)),
        ],
        stdin=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or Client.refused_at(path):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield process, path
    process.kill()
    process.wait()
    assert process.stdin
    process.stdin.close()


def test_a_whole_login_over_the_socket_and_only_one_hand_at_a_time(
    card: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, path = card
    client = taken(path)
    assert client.until()["on"] is False

    second = Client(path)
    assert "in his hand" in second.says()["refused"]
    assert second.says() == {}
    second.close()

    client.move("down", PRESS)
    client.until("PIN>", "_")
    client.move("up", PRESS)
    client.type("7305#248690#")
    expected = response(DEFAULT_SUITE, KEY, question="248690", counter=0, pin="7305")
    shown = client.until(f"{expected[:4]} {expected[4:]}")
    frame = Frame(128, 64)
    frame.data[:] = base64.b64decode(shown["glass"])
    assert text_of(frame) == shown["lines"]
    client.close()

    # The next one sees the glass as it is, and what he says wrongly ends his turn, not the card.
    for wrong in (b"open the store\n", b"x" * 200, b'{"down":"E"}\n'):
        other = taken(path)
        assert other.says()["lines"] == shown["lines"]
        other.send(wrong)
        assert "refused" in other.says()
        other.close()
    last = taken(path)
    last.type("*")
    last.until()
    last.close()
    assert process.poll() is None


def test_the_card_ends_with_whoever_started_it(card: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, path = card
    assert process.stdin
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert not path.exists()
