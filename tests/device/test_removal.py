"""A slot taken away: its bytes first, then its name, and never a counter that goes back."""

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from device.errors import StoreDamaged, StoreError, StoreUnwritable
from device.files import RealDisk
from device.keystore import FileKeyStore
from tests.device.cutdisk import CutDisk, PowerCut
from tests.device.test_keystore_cuts import STORE, at_step, record


@pytest.fixture
def store(tmp_path: Path) -> FileKeyStore:
    store = FileKeyStore(tmp_path / "store")
    for number, slot in enumerate("AC", start=1):
        store.add(slot, record(number))
    return store


def names(store: FileKeyStore) -> set[str]:
    return {path.name for path in store.directory.iterdir()}


def test_a_removed_slot_is_empty_and_the_others_stay(store: FileKeyStore) -> None:
    store.remove("A")
    assert store.slots() == ("C",)
    assert store.load("C") == record(2)
    assert "host.key" in names(store)


def test_with_the_last_slot_the_sealing_key_goes(store: FileKeyStore) -> None:
    store.remove("A")
    store.remove("C")
    assert names(store) == set()


def test_a_store_that_was_emptied_takes_keys_again(store: FileKeyStore) -> None:
    before = (store.directory / "host.key").read_bytes()
    store.remove("A")
    store.remove("C")
    store.add("B", record(3))
    assert store.load("B") == record(3)
    assert (store.directory / "host.key").read_bytes() != before


def test_a_board_salt_goes_with_the_last_slot_too(tmp_path: Path) -> None:
    for name in ("board.salt", "slot-D"):
        (tmp_path / name).write_bytes(bytes(32))
    tmp_path.chmod(0o700)
    FileKeyStore(tmp_path).remove("D")
    assert list(tmp_path.iterdir()) == []


def test_removing_what_is_not_there_is_no_error(store: FileKeyStore, tmp_path: Path) -> None:
    store.remove("B")
    assert store.slots() == ("A", "C")
    FileKeyStore(tmp_path / "nothing").remove("A")


@pytest.mark.parametrize("content", [b"", b"\0" * 500, b"CHSLOT rubbish"])
def test_a_damaged_slot_can_be_removed(store: FileKeyStore, content: bytes) -> None:
    (store.directory / "slot-A").write_bytes(content)
    with pytest.raises(StoreDamaged):
        store.load("A")
    store.remove("A")
    assert store.slots() == ("C",)


def test_slots_whose_sealing_key_is_lost_can_be_removed(store: FileKeyStore) -> None:
    (store.directory / "host.key").unlink()
    (store.directory / "slot-A").chmod(0)
    for slot in store.slots():
        store.remove(slot)
    assert names(store) == set()


def test_what_a_cut_write_left_goes_too(store: FileKeyStore) -> None:
    (store.directory / ".slot-A.new").write_bytes(b"half a slot")
    store.remove("A")
    assert names(store) == {"slot-C", "host.key"}


def test_a_link_is_taken_away_and_what_it_points_to_is_not_touched(
    store: FileKeyStore, tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    diary.write_text("dear diary")
    (store.directory / "slot-A").unlink()
    (store.directory / "slot-A").symlink_to(diary)
    with pytest.raises(StoreUnwritable, match="could not be overwritten"):
        store.remove("A")
    assert diary.read_text() == "dear diary"
    assert store.slots() == ("C",)


class Watching(RealDisk):
    """Keeps what was in each file at the moment its name was taken away."""

    def __init__(self) -> None:
        self.last: dict[str, bytes] = {}

    def unlink(self, path: Path) -> None:
        self.last[path.name] = path.read_bytes()
        super().unlink(path)


def test_every_file_was_overwritten_before_its_name_went(store: FileKeyStore) -> None:
    before = {path.name: path.read_bytes() for path in store.directory.iterdir()}
    disk = Watching()
    again = FileKeyStore(store.directory, disk=disk)
    for slot in "AC":
        again.remove(slot)
    assert set(disk.last) == set(before) == {"slot-A", "slot-C", "host.key"}
    for name, old in before.items():
        new = disk.last[name]
        assert len(new) == len(old)
        assert not any(old[i : i + 8] in new for i in range(len(old) - 8))


def filled() -> tuple[CutDisk, FileKeyStore]:
    disk = CutDisk()
    store = FileKeyStore(STORE, disk=disk)
    store.add("A", record(1))
    for _ in range(3):
        store.advance("A")
    disk.steps.clear()
    return disk, store


WIPE = ["overwrite", "write", "fsync", "unlink", "fsync_directory"]


def test_the_steps_are_in_their_order() -> None:
    disk, store = filled()
    store.remove("A")
    assert disk.steps == [*WIPE, *WIPE, "fsync_directory"]  # the slot, host.key, no salt


@pytest.mark.parametrize("step", range(11))
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("torn", [0.0, 0.5, 1.0])
def test_a_cut_at_any_step_leaves_the_slot_whole_or_refused_and_a_second_wipe_finishes(
    step: int, kept: bool, torn: float
) -> None:
    disk, store = filled()
    disk.plan = at_step(step, PowerCut)
    with pytest.raises(PowerCut):
        store.remove("A")
    disk.cut(kept=lambda: kept, torn=lambda size: int(size * torn))
    store = FileKeyStore(STORE, disk=disk)
    with contextlib.suppress(StoreError):
        assert store.load("A").counter == 3
    store.remove("A")
    assert disk.names(STORE) == []


@pytest.mark.parametrize("failing", ["overwrite", "write", "fsync"])
def test_when_the_medium_does_not_let_itself_be_overwritten_the_name_goes_and_it_is_said(
    failing: str,
) -> None:
    disk, store = filled()
    disk.plan = when(failing)
    with pytest.raises(StoreUnwritable, match="bytes are still on the medium"):
        store.remove("A")
    assert disk.names(STORE) == []


def when(name: str) -> Callable[[str], None]:
    def plan(step: str) -> None:
        if step == name:
            raise OSError(errno.EIO, "Input/output error")

    return plan
