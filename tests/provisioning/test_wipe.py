"""`challng-provision wipe`: keys taken off a card, and what is said about what may remain."""

import io
from pathlib import Path

import pytest

from device.files import RealDisk
from device.keystore import FileKeyStore
from provisioning.cli import main
from tests.device.test_keystore_cuts import record


class Card:
    """A store with keys in A and C."""

    def __init__(self, store: Path) -> None:
        self.store = store
        for number, slot in enumerate("AC", start=1):
            FileKeyStore(store).add(slot, record(number))

    def wipe(self, *more: str) -> int:
        return main(["wipe", "--store", str(self.store), *more])

    @property
    def slots(self) -> tuple[str, ...]:
        return FileKeyStore(self.store).slots()


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path / "store")


def test_one_slot_goes_and_it_is_said_that_its_remnants_can_be_opened(
    card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    assert card.wipe("--slot", "A", "--yes") == 0
    assert card.slots == ("C",)
    said = capsys.readouterr().out
    assert "of card CH00000001, for Example" in said
    assert "does not write in place" in said
    assert "which stays for the other slots" in said
    assert "revoke the card at its verifier" in said


def test_all_go_with_the_sealing_key(card: Card, capsys: pytest.CaptureFixture[str]) -> None:
    assert card.wipe("--all", "--yes") == 0
    assert list(card.store.iterdir()) == []
    said = capsys.readouterr().out
    assert "wiped    slot A, C in" in said
    assert "no key, and no sealing key" in said
    assert "unless old cells of that file are found" in said


def test_a_store_of_a_board_is_wiped_elsewhere_and_the_board_is_named(
    card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    (card.store / "host.key").rename(card.store / "board.salt")
    assert card.wipe("--all", "--yes") == 0
    assert list(card.store.iterdir()) == []
    said = capsys.readouterr().out
    assert "a key that cannot be opened" in said
    assert "unless someone has this board" in said


def test_which_slot_must_be_said_when_there_are_two(
    card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    assert card.wipe("--yes") == 1
    assert "A, C hold keys: say which" in capsys.readouterr().err
    assert card.slots == ("A", "C")
    assert card.wipe("--yes", "--slot", "C") == 0
    assert card.wipe("--yes") == 0
    assert card.slots == ()


def test_without_a_yes_nothing_is_wiped(
    card: Card, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert card.wipe("--all") == 1
    assert "give --yes" in capsys.readouterr().err

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for typed in ("no\n", "\n", "ye\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert card.wipe("--all") != 0
        assert card.slots == ("A", "C")
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert card.wipe("--all") == 0
    assert card.slots == ()


def test_a_wipe_that_was_cut_short_is_finished_by_another(
    card: Card, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Cut(BaseException):
        pass

    def cut(self: RealDisk, path: Path) -> None:
        if path.name == "host.key":
            raise Cut
        path.unlink()

    with monkeypatch.context() as patched:
        patched.setattr(RealDisk, "unlink", cut)
        with pytest.raises(Cut):
            card.wipe("--all", "--yes")
    assert [path.name for path in card.store.iterdir()] == ["host.key"]
    capsys.readouterr()
    assert card.wipe("--yes") == 0
    assert "wiped    what an earlier wipe left in" in capsys.readouterr().out
    assert list(card.store.iterdir()) == []


def test_when_one_slot_cannot_be_overwritten_the_others_go_all_the_same(
    card: Card, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (card.store / "slot-A").unlink()
    (card.store / "slot-A").symlink_to(tmp_path / "elsewhere")
    assert card.wipe("--all", "--yes") == 1
    assert "could not be overwritten" in capsys.readouterr().err
    assert list(card.store.iterdir()) == []


def test_no_store_is_no_wipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wipe", "--store", str(tmp_path / "none"), "--all", "--yes"]) == 1
    assert "there is no key store" in capsys.readouterr().err
