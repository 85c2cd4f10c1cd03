"""The key store on a real directory."""

import errno
import os
from pathlib import Path

import pytest

from device.errors import (
    CounterExhausted,
    CounterNotWritten,
    CounterWouldGoBack,
    DeviceError,
    KeyLoadedElsewhere,
    RecordRefused,
    SealingKeyMissing,
    SealingKeyWrong,
    SlotEmpty,
    SlotTaken,
    StoreDamaged,
    StoreExposed,
    StoreUnreadable,
    StoreUnwritable,
)
from device.files import RealDisk
from device.keystore import COUNTER_LIMIT, CardKey, FileKeyStore, KeyStore
from device.sealing import Sealer
from tests.device.conftest import KEY, card_key


def test_what_was_added_is_loaded_again(store: FileKeyStore) -> None:
    assert FileKeyStore(store.directory).load("A") == card_key()


def test_slots_are_listed_in_the_order_of_the_pad(store: FileKeyStore) -> None:
    store.add("D", card_key(key=b"d" * 32))
    store.add("B", card_key(key=b"b" * 32))
    assert store.slots() == ("A", "B", "D")


def test_a_store_that_was_never_made_has_no_slots(tmp_path: Path) -> None:
    assert FileKeyStore(tmp_path / "nowhere").slots() == ()


def test_advance_gives_each_counter_once(store: FileKeyStore) -> None:
    given = [store.advance("A") for _ in range(5)]
    assert given == [0, 1, 2, 3, 4]
    assert store.load("A").counter == 5


def test_the_next_counter_is_on_the_disk_before_advance_returns(store: FileKeyStore) -> None:
    store.advance("A")
    assert FileKeyStore(store.directory).load("A").counter == 1


def test_a_taken_slot_is_not_overwritten_unasked(store: FileKeyStore) -> None:
    with pytest.raises(SlotTaken, match="slot A"):
        store.add("A", card_key(key=b"n" * 32))
    store.add("A", card_key(key=b"n" * 32), replace=True)
    assert store.load("A").key == b"n" * 32


def test_a_key_cannot_be_put_back_with_an_older_counter(store: FileKeyStore) -> None:
    store.advance("A")
    with pytest.raises(CounterWouldGoBack):
        store.add("A", card_key(counter=0), replace=True)
    assert store.load("A").counter == 1


def test_a_key_cannot_count_in_two_slots(store: FileKeyStore) -> None:
    with pytest.raises(KeyLoadedElsewhere, match="slot A"):
        store.add("B", card_key())


def test_an_empty_slot_says_so(store: FileKeyStore) -> None:
    for ask in (store.load, store.advance):
        with pytest.raises(SlotEmpty, match="slot C"):
            ask("C")


def test_a_slot_that_no_pad_has_is_refused(store: FileKeyStore) -> None:
    for slot in ("E", "", "../A", "a"):
        with pytest.raises(RecordRefused, match="slot"):
            store.load(slot)


def test_files_are_readable_by_their_owner_alone(store: FileKeyStore) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in store.directory.iterdir()}
    assert modes == {"host.key": 0o600, "slot-A": 0o600}
    assert store.directory.stat().st_mode & 0o777 == 0o700


def test_the_key_is_in_no_file(store: FileKeyStore) -> None:
    everything = b"".join(path.read_bytes() for path in store.directory.iterdir())
    assert KEY not in everything
    assert KEY.hex().encode() not in everything


def test_the_key_is_in_no_repr(store: FileKeyStore) -> None:
    shown = repr(store.load("A"))
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown
    assert "CH00000018" in shown


@pytest.mark.parametrize("place", [0, 6, 8, 15, 40, -40, -1])
def test_any_changed_byte_is_damage(store: FileKeyStore, place: int) -> None:
    path = store.directory / "slot-A"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match="slot-A"):
        store.load("A")


@pytest.mark.parametrize("data", [b"", b"CHSLOT", b"x" * 300])
def test_a_file_that_is_no_slot_is_damage(store: FileKeyStore, data: bytes) -> None:
    (store.directory / "slot-A").write_bytes(data)
    with pytest.raises(StoreDamaged):
        store.advance("A")


def test_a_slot_cut_short_is_damage(store: FileKeyStore) -> None:
    path = store.directory / "slot-A"
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreDamaged):
            store.load("A")


def test_a_slot_under_another_name_is_refused(store: FileKeyStore) -> None:
    (store.directory / "slot-A").rename(store.directory / "slot-B")
    with pytest.raises(StoreDamaged, match="another slot"):
        store.load("B")


def test_a_wrong_sealing_key_is_told_apart_from_damage(store: FileKeyStore) -> None:
    (store.directory / "host.key").write_bytes(b"x" * 32)
    with pytest.raises(SealingKeyWrong, match="does not open"):
        store.load("A")


def test_a_short_sealing_key_is_named(store: FileKeyStore) -> None:
    (store.directory / "host.key").write_bytes(b"x" * 31)
    with pytest.raises(SealingKeyWrong, match="31 bytes"):
        store.load("A")


def test_a_lost_sealing_key_is_never_replaced_while_slots_need_it(store: FileKeyStore) -> None:
    (store.directory / "host.key").unlink()
    with pytest.raises(SealingKeyMissing):
        store.load("A")
    with pytest.raises(SealingKeyMissing):
        store.add("B", card_key(key=b"b" * 32))
    assert not (store.directory / "host.key").exists()


def test_a_slot_sealed_by_another_kind_of_key_is_named(store: FileKeyStore) -> None:
    class BoardKey(Sealer):
        kind = 2
        name = "the board's own key"

        def prepare(self) -> None:
            pass

        def key(self) -> bytes:
            return b"b" * 32

    other = FileKeyStore(store.directory, sealer=BoardKey())
    with pytest.raises(SealingKeyWrong, match="board's own key"):
        other.load("A")
    other.add("B", card_key(key=b"b" * 32))
    assert other.load("B").key == b"b" * 32


def test_a_damaged_slot_can_be_replaced(store: FileKeyStore) -> None:
    (store.directory / "slot-A").write_bytes(b"junk")
    store.add("A", card_key(key=b"n" * 32), replace=True)
    assert store.load("A").key == b"n" * 32


def test_a_sealing_key_that_others_may_read_is_refused(store: FileKeyStore) -> None:
    (store.directory / "host.key").chmod(0o640)
    with pytest.raises(StoreExposed, match="chmod 600"):
        store.load("A")


def test_a_store_that_others_may_write_is_refused(store: FileKeyStore) -> None:
    store.directory.chmod(0o770)
    for ask in (store.slots, lambda: store.advance("A")):
        with pytest.raises(StoreExposed, match="chmod 700"):
            ask()


def test_a_leftover_of_a_cut_is_ignored_and_then_removed(store: FileKeyStore) -> None:
    leftover = store.directory / ".slot-A.new"
    leftover.write_bytes(b"half a rec")
    assert store.load("A").counter == 0
    store.advance("A")
    assert not leftover.exists()


def test_a_full_disk_gives_no_counter(store: FileKeyStore) -> None:
    class FullDisk(RealDisk):
        def write(self, handle: int, data: bytes) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    full = FileKeyStore(store.directory, disk=FullDisk())
    with pytest.raises(CounterNotWritten, match="No space left"):
        full.advance("A")
    with pytest.raises(StoreUnwritable, match="No space left"):
        full.add("B", card_key(key=b"b" * 32))
    assert store.load("A").counter == 0


def test_a_file_in_the_place_of_the_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a directory")
    with pytest.raises(StoreUnreadable, match="cannot be read"):
        FileKeyStore(tmp_path / "store").slots()


def test_a_counter_at_its_end_is_not_wrapped(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "store")
    store.add("A", card_key(counter=COUNTER_LIMIT))
    with pytest.raises(CounterExhausted):
        store.advance("A")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("serial", ""),
        ("serial", "CH\n"),
        ("suite", "x" * 300),
        ("key", b"short"),
        ("key", "text" * 8),
        ("counter", -1),
        ("counter", True),
        ("counter", 2**64),
        ("issuer", "\x00"),
    ],
)
def test_a_record_that_no_store_takes_is_refused_by_its_field(field: str, value: object) -> None:
    fields = {
        "serial": "CH00000018",
        "suite": "s",
        "key": KEY,
        "counter": 0,
        "issuer": "",
        field: value,
    }
    with pytest.raises(RecordRefused, match=f"^{field}: expected"):
        CardKey(**fields)  # type: ignore[arg-type]


def test_every_refusal_is_a_device_error() -> None:
    import device.errors as errors

    leaves = [value for value in vars(errors).values() if isinstance(value, type)]
    assert all(issubclass(leaf, DeviceError) for leaf in leaves)
    assert issubclass(FileKeyStore, KeyStore)


def test_what_root_writes_belongs_to_the_owner_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _handle, *owner: given.append(owner))
    store = FileKeyStore(tmp_path / "store")
    store.add("A", card_key())
    store.advance("A")
    owner = store.directory.stat()
    # host.key, slot-A, and slot-A with its next counter.
    assert given == [(owner.st_uid, owner.st_gid)] * 3


def test_a_new_card_s_sealing_key_is_made_before_its_first_slot_and_kept(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    FileKeyStore(directory, board_here=False).prepare()
    made = (directory / "host.key").read_bytes()
    assert len(made) == 32
    assert directory.stat().st_mode & 0o777 == 0o700
    store = FileKeyStore(directory, board_here=False)
    store.prepare()
    store.add("A", card_key())
    store.prepare()
    assert (directory / "host.key").read_bytes() == made
    assert store.load("A") == card_key()


def test_a_store_whose_sealing_key_is_lost_gets_no_new_one(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "store", board_here=False)
    store.add("A", card_key())
    (store.directory / "host.key").unlink()
    FileKeyStore(store.directory, board_here=False).prepare()
    assert not (store.directory / "host.key").exists()
