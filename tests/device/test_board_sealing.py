"""Stores sealed under the board's own key, with a program in its place that computes real HMACs."""

import hmac
import os
import stat
import sys
from pathlib import Path

import pytest

from device.board_sealing import SALT_FILE, BoardSealer, board_hmac
from device.cli import main
from device.errors import SealingKeyMissing, SealingKeyWrong
from device.faults import Fault
from device.files import RealDisk
from device.keystore import FileKeyStore
from device.sealing import HOST_KEY_FILE, HostKeySealer
from tests.device.conftest import KEY, card_key

# Takes the command line of the real one (raspberrypi/utils, rpifwcrypto), and refuses another.
PROGRAM = """#!{python}
import hashlib, hmac, sys
command, options = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
assert command == "hmac", command
assert options.keys() == {{"--in", "--key-id", "--outform"}}, options
assert (options["--key-id"], options["--outform"]) == ("1", "hex"), options
message = open(options["--in"], "rb").read()
assert len(message) <= 2048
{body}
sys.stdout.write(hmac.new(bytes.fromhex("{key}"), message, hashlib.sha256).hexdigest())
"""


class Board:
    """A board: its OTP key, and the program that uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.install(b"\x5a" * 32)

    def install(self, key: bytes, body: str = "") -> None:
        path = self.folder / "rpi-fw-crypto"
        path.write_text(PROGRAM.format(python=sys.executable, key=key.hex(), body=body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def remove(self) -> None:
        (self.folder / "rpi-fw-crypto").unlink()


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    board = Board(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{board.folder}:{os.environ['PATH']}")
    return board


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


def filled(directory: Path) -> FileKeyStore:
    store = FileKeyStore(directory)
    store.add("A", card_key())
    return store


def test_where_the_board_answers_it_seals_and_no_key_lies_on_the_disk(
    board: Board, directory: Path
) -> None:
    store = filled(directory)
    assert store.advance("A") == 0
    assert FileKeyStore(directory).load("A") == card_key(counter=1)
    assert sorted(path.name for path in directory.iterdir()) == [SALT_FILE, "slot-A"]
    assert store.sealing() == "the board's own key (rpi-fw-crypto answers)"
    # What lies there opens nothing: neither the key nor the key that seals it.
    key = BoardSealer(directory, RealDisk()).key()
    for path in directory.iterdir():
        assert KEY not in path.read_bytes()
        assert key not in path.read_bytes()


def test_without_the_program_the_key_file_is_used_with_the_reason(directory: Path) -> None:
    store = filled(directory)
    assert (directory / HOST_KEY_FILE).exists()
    assert "is in the store" in FileKeyStore(directory).sealing()
    assert "rpi-fw-crypto is not installed" in store.sealing()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit('no such key')", "ended with 1 and no HMAC"),
        ("sys.stdout.write('ab' * 32); sys.exit(3)", "ended with 3 and no HMAC"),
        ("print('junk'); sys.exit(0)", "ended with 0 and no HMAC"),
        ("print('00' * 31); sys.exit(0)", "ended with 0 and no HMAC"),
    ],
)
def test_a_program_that_does_not_do_its_work_is_not_used(
    board: Board, directory: Path, body: str, reason: str
) -> None:
    board.install(b"\x5a" * 32, body)
    store = filled(directory)
    assert store.sealing() == f"the key file beside the store (rpi-fw-crypto {reason})"


@pytest.mark.parametrize("key", [b"", bytes(32)])
def test_a_board_whose_key_is_blank_is_not_used(board: Board, directory: Path, key: bytes) -> None:
    board.install(key)
    assert "blank key" in filled(directory).sealing()
    assert (directory / HOST_KEY_FILE).exists()


def test_a_copied_store_opens_on_no_other_board(board: Board, directory: Path) -> None:
    filled(directory)
    board.install(b"\xa5" * 32)
    with pytest.raises(SealingKeyWrong) as refused:
        FileKeyStore(directory).load("A")
    assert Fault.of(refused.value).code == "E04"


def test_a_board_s_store_is_refused_where_there_is_no_board_key(
    board: Board, directory: Path
) -> None:
    filled(directory)
    board.remove()
    with pytest.raises(SealingKeyMissing, match="no board key: read the store on the board") as no:
        FileKeyStore(directory).load("A")
    assert Fault.of(no.value).code == "E04"


def test_a_store_sealed_under_one_kind_is_refused_under_the_other(
    board: Board, directory: Path, tmp_path: Path
) -> None:
    disk = RealDisk()
    filled(directory)
    (directory / HOST_KEY_FILE).touch(mode=0o600)
    other = FileKeyStore(directory, sealer=HostKeySealer(directory, disk))
    with pytest.raises(SealingKeyWrong, match=r"kind 2.*than the key file") as refused:
        other.load("A")
    assert Fault.of(refused.value).code == "E04"

    host = tmp_path / "host"
    FileKeyStore(host, sealer=HostKeySealer(host, disk)).add("A", card_key())
    (host / SALT_FILE).write_bytes(bytes(32))
    with pytest.raises(SealingKeyWrong, match=r"kind 1.*than the board's own key"):
        FileKeyStore(host, sealer=BoardSealer(host, disk)).load("A")


def test_a_store_begun_with_a_key_file_goes_on_with_it_on_a_board(
    board: Board, directory: Path
) -> None:
    FileKeyStore(directory, sealer=HostKeySealer(directory, RealDisk())).add("A", card_key())
    store = FileKeyStore(directory)
    assert store.load("A") == card_key()
    assert "host.key is in the store" in store.sealing()


@pytest.mark.parametrize("salt", [None, b"short"])
def test_a_salt_that_is_lost_is_named(board: Board, directory: Path, salt: bytes | None) -> None:
    store = filled(directory)
    path = directory / SALT_FILE
    path.unlink()
    if salt is not None:
        path.write_bytes(salt)
    with pytest.raises((SealingKeyMissing, SealingKeyWrong), match="start a new store") as refused:
        store.load("A")
    assert Fault.of(refused.value).code == "E04"


def test_every_store_has_another_key(board: Board, tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        filled(tmp_path / name)
        keys.add(BoardSealer(tmp_path / name, RealDisk()).key())
    assert len(keys) == 2


def test_the_board_is_asked_with_the_message_as_it_is(board: Board) -> None:
    for message in (b"", b"a\0b\n", bytes(2048)):
        assert board_hmac(message) == hmac.digest(b"\x5a" * 32, message, "sha256")


def test_no_error_tells_what_the_board_computed(board: Board, directory: Path) -> None:
    board.install(b"\x5a" * 32, "print('ab' * 31); sys.exit(0)")
    with pytest.raises(SealingKeyMissing) as refused:
        board_hmac(b"x")
    assert "abab" not in str(refused.value)


@pytest.mark.parametrize("present", [True, False])
def test_info_says_what_seals_and_why(
    board: Board, directory: Path, present: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if not present:
        board.remove()
    assert main(["--store", str(directory), "--driver", "sim", "info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("sealing: ")]
    expected = (
        "the board's own key (rpi-fw-crypto answers)"
        if present
        else "the key file beside the store (rpi-fw-crypto is not installed, so this machine has "
        "no board key)"
    )
    assert line == f"sealing: {expected}"
    assert not directory.exists()
