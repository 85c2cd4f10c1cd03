"""A store that is not what was written: named on the glass, and never guessed around."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from device.keystore import FileKeyStore
from device.play import play
from device.script import parse as script
from device.simulated import SimulatedCard
from tests.device.conftest import card_key

LOGIN = "press\n7305\nok\n248690\nok"
SIZE_OF_CHECKSUM = 32
# Where the parts of a slot's file are: see `device.slotfile`.
PLACES = {"magic": 0, "version": 6, "kind": 7, "slot": 8, "nonce": 9, "sealed": 40, "checksum": -1}
Power = Callable[[FileKeyStore], SimulatedCard]


def after_a_login(card: SimulatedCard) -> list[str]:
    play(card, script(LOGIN.splitlines(), "test"), io.StringIO())
    return card.lines()


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def with_its_checksum(data: bytes) -> bytes:
    body = data[:-SIZE_OF_CHECKSUM]
    return body + hashlib.sha256(body).digest()


def files_of(store: FileKeyStore) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.directory.iterdir()}


def other_store(tmp_path: Path) -> FileKeyStore:
    other = FileKeyStore(tmp_path / "other")
    other.add("A", card_key(key=bytes(32)))
    other.add("B", card_key(key=bytes(range(1, 33))))
    return other


def expect(store: FileKeyStore, powered: Power, code: str, words: str) -> None:
    """The code stands in place of `PIN>`, digits do not move it, and no file is changed."""
    before = files_of(store)
    card = powered(store)
    play(card, script(["press", f"expect {code}", "7305"], "test"), io.StringIO())
    assert card.lines() == [code, words]
    play(card, script(["off"], "test"), io.StringIO())
    assert after_a_login(card) == [], "OK turns the code off, and nothing follows it"
    assert files_of(store) == before


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_one_flipped_bit_is_damage(place: int, store: FileKeyStore, powered: Power) -> None:
    slot = store.directory / "slot-A"
    slot.write_bytes(flipped(slot.read_bytes(), place))
    expect(store, powered, "E02", "STORE DAMAGED")


@pytest.mark.parametrize("kept", [0, 1, 9, 60, -1])
def test_a_slot_cut_short_is_damage(kept: int, store: FileKeyStore, powered: Power) -> None:
    slot = store.directory / "slot-A"
    slot.write_bytes(slot.read_bytes()[:kept])
    expect(store, powered, "E02", "STORE DAMAGED")


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(200), bytes(4096), b"\xff" * 4096], ids=len
)
def test_a_foreign_file_is_damage(data: bytes, store: FileKeyStore, powered: Power) -> None:
    (store.directory / "slot-A").write_bytes(data)
    expect(store, powered, "E02", "STORE DAMAGED")


def test_another_slot_s_file_is_damage(tmp_path: Path, powered: Power) -> None:
    store = other_store(tmp_path)
    (store.directory / "slot-B").replace(store.directory / "slot-A")
    expect(store, powered, "E02", "STORE DAMAGED")


@pytest.mark.parametrize(
    ("part", "code", "words"),
    [
        ("version", "E02", "STORE DAMAGED"),
        ("slot", "E02", "STORE DAMAGED"),
        ("kind", "E04", "SEALING KEY WRONG"),
        ("nonce", "E04", "SEALING KEY WRONG"),
        ("sealed", "E04", "SEALING KEY WRONG"),
    ],
)
def test_a_changed_file_with_a_right_checksum_still_opens_nothing(
    part: str, code: str, words: str, store: FileKeyStore, powered: Power
) -> None:
    slot = store.directory / "slot-A"
    slot.write_bytes(with_its_checksum(flipped(slot.read_bytes(), PLACES[part])))
    expect(store, powered, code, words)


def test_another_store_s_file_is_sealed_under_another_key(
    store: FileKeyStore, tmp_path: Path, powered: Power
) -> None:
    theirs = other_store(tmp_path).directory / "slot-A"
    (store.directory / "slot-A").write_bytes(theirs.read_bytes())
    expect(store, powered, "E04", "SEALING KEY WRONG")


@pytest.mark.parametrize(
    "damage", [lambda key: flipped(key, 7), lambda key: key[:16], lambda key: b""]
)
def test_a_damaged_sealing_key_is_named(
    damage: Callable[[bytes], bytes], store: FileKeyStore, powered: Power
) -> None:
    host = store.directory / "host.key"
    host.write_bytes(damage(host.read_bytes()))
    expect(store, powered, "E04", "SEALING KEY WRONG")


def test_a_store_that_is_a_file_is_unreadable(tmp_path: Path, powered: Power) -> None:
    path = tmp_path / "store"
    path.write_bytes(b"not a directory")
    card = powered(FileKeyStore(path))
    play(card, script(["press", "expect E08"], "test"), io.StringIO())
    assert card.lines() == ["E08", "STORE UNREADABLE"]


def test_a_whole_slot_works_beside_a_damaged_one_which_is_named_when_chosen(
    store: FileKeyStore, powered: Power
) -> None:
    store.add("B", card_key(key=bytes(range(1, 33))))
    damaged = store.directory / "slot-B"
    damaged.write_bytes(flipped(damaged.read_bytes(), 50))
    before = damaged.read_bytes()
    card = powered(store)
    shown = after_a_login(card)
    assert len(shown[-1].replace(" ", "")) == 8
    play(card, script(["off", "press", "B", "expect E02"], "test"), io.StringIO())
    assert damaged.read_bytes() == before
    assert store.load("A").counter == 1
