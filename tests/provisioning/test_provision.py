"""The order of things: the record is kept first, the card next, the confirmation last."""

from collections.abc import Callable
from pathlib import Path

import pytest

from device.errors import CounterExhausted, StoreError, StoreUnwritable
from device.keystore import CardKey, FileKeyStore
from protocol import pskc, serial
from protocol.errors import PskcError
from protocol.fingerprint import fingerprint, key_id
from protocol.ocra import DEFAULT_SUITE
from protocol.pskc import CardRecord, PreSharedKey
from provisioning.errors import LoadUncertain, NotLoaded, OutputRefused
from provisioning.loader import Keep, Loader, StoreLoader
from provisioning.order import Order
from provisioning.place import KeyFile, Place, Places
from provisioning.provision import provision

ORDER = Order(slot="A", issuer="The Club", suite=DEFAULT_SUITE)
RECORD = CardRecord(serial.make(7), DEFAULT_SUITE, bytes(32), 0, "The Club", "id")
SECRET = PreSharedKey(bytes(range(32)))


class Scripted(Loader):
    """Raises `before` or `after` the record is kept."""

    def __init__(
        self, before: BaseException | None = None, after: BaseException | None = None
    ) -> None:
        self.before, self.after = before, after

    def load(self, order: Order, keep: Keep) -> CardRecord:
        if self.before:
            raise self.before
        keep(RECORD)
        if self.after:
            raise self.after
        return RECORD


class Noting(Place):
    """Notes what was asked of it; `trouble` is raised by what is called so."""

    def __init__(self, name: str = "", notes: list[str] | None = None, trouble: str = "") -> None:
        self.name, self.trouble = name, trouble
        self.notes = notes if notes is not None else []

    def _note(self, what: str) -> None:
        if what == self.trouble:
            raise OutputRefused("no")
        self.notes.append(self.name + what)

    def prepare(self, record: CardRecord) -> None:
        self._note("prepare")

    def confirm(self, record: CardRecord) -> None:
        self._note("confirm")

    def abandon(self, record: CardRecord) -> None:
        self._note("abandon")


def test_a_card_that_surely_has_its_key_is_confirmed() -> None:
    place = Noting()
    assert provision(ORDER, Scripted(), place) == RECORD
    assert place.notes == ["prepare", "confirm"]


@pytest.mark.parametrize(
    ("loader", "notes"),
    [
        (Scripted(before=NotLoaded("x")), []),
        (Scripted(before=StoreUnwritable("x")), []),
        (Scripted(after=NotLoaded("x")), ["prepare", "abandon"]),
        (Scripted(after=LoadUncertain("x")), ["prepare"]),
        (Scripted(after=KeyboardInterrupt()), ["prepare"]),
        (Scripted(after=RuntimeError("a bug")), ["prepare"]),
    ],
)
def test_only_a_card_that_surely_has_no_key_loses_its_record(
    loader: Scripted, notes: list[str]
) -> None:
    place = Noting()
    with pytest.raises(type(loader.before or loader.after)):  # type: ignore[arg-type]
        provision(ORDER, loader, place)
    assert place.notes == notes


def test_several_places_are_prepared_all_or_none() -> None:
    notes: list[str] = []
    places = Places([Noting("a ", notes), Noting("b ", notes), Noting("c ", notes, "prepare")])
    with pytest.raises(OutputRefused):
        provision(ORDER, Scripted(), places)
    assert notes == ["a prepare", "b prepare", "b abandon", "a abandon"]
    notes.clear()
    provision(ORDER, Scripted(), Places([Noting("a ", notes), Noting("b ", notes)]))
    assert notes == ["a prepare", "b prepare", "a confirm", "b confirm"]


@pytest.fixture
def place(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "card.pskc", SECRET)


def names(place: KeyFile) -> set[str]:
    return {path.name for path in place.out.parent.iterdir()}


def test_a_key_file_has_its_name_only_when_it_is_confirmed(place: KeyFile) -> None:
    place.prepare(RECORD)
    assert names(place) == {"card.pskc.unconfirmed"}
    assert place.prepared() == RECORD
    place.confirm(RECORD)
    assert names(place) == {"card.pskc"}
    place.confirm(RECORD)
    assert pskc.read(place.out.read_bytes(), SECRET) == [RECORD]


@pytest.mark.parametrize("name", ["cards.csv", "cards.TSV", "cards.otpauth"])
def test_no_key_file_has_the_name_of_an_open_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(PskcError, match="use PSKC"):
        KeyFile(tmp_path / name, SECRET)


def test_an_abandoned_key_file_is_gone(place: KeyFile) -> None:
    place.prepare(RECORD)
    place.abandon(RECORD)
    place.abandon(RECORD)
    assert names(place) == set()


def test_a_file_that_came_meanwhile_is_not_written_over(place: KeyFile) -> None:
    place.prepare(RECORD)
    place.out.write_text("precious")
    with pytest.raises(OutputRefused, match="is there already"):
        place.confirm(RECORD)
    assert place.out.read_text() == "precious"
    assert place.prepared() == RECORD


def test_a_confirmation_that_was_cut_short_is_finished(place: KeyFile) -> None:
    place.prepare(RECORD)
    place.out.hardlink_to(place.unconfirmed)
    place.confirm(RECORD)
    assert names(place) == {"card.pskc"}


def test_what_an_earlier_run_left_is_not_written_over(place: KeyFile) -> None:
    place.prepare(RECORD)
    with pytest.raises(OutputRefused, match="a run that did not end"):
        place.prepare(RECORD)
    assert place.prepared() == RECORD


def failing(
    store: FileKeyStore, error: StoreError, *, written: bool
) -> Callable[[str, CardKey, bool], None]:
    real = store.add

    def add(slot: str, record: CardKey, replace: bool = False) -> None:
        if written:
            real(slot, record, replace=replace)
        raise error

    return add


@pytest.mark.parametrize(
    ("written", "expected"), [(False, NotLoaded), (True, LoadUncertain)], ids=["not", "perhaps"]
)
def test_a_store_that_fails_is_looked_at_before_the_record_is_given_up(
    tmp_path: Path,
    place: KeyFile,
    monkeypatch: pytest.MonkeyPatch,
    written: bool,
    expected: type[Exception],
) -> None:
    store = FileKeyStore(tmp_path / "store")
    monkeypatch.setattr(store, "add", failing(store, StoreUnwritable("the disk"), written=written))
    with pytest.raises(expected, match="the disk"):
        provision(ORDER, StoreLoader(store), place)
    assert place.unconfirmed.exists() is written
    assert not place.out.exists()


def test_a_store_that_does_not_say_leaves_the_record(
    tmp_path: Path, place: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileKeyStore(tmp_path / "store")

    def gone(*_: object, **__: object) -> CardKey:
        raise CounterExhausted("the store does not answer")

    monkeypatch.setattr(store, "add", gone)
    monkeypatch.setattr(store, "load", gone)
    with pytest.raises(LoadUncertain, match="make another key with --replace"):
        provision(ORDER, StoreLoader(store), place)
    assert place.unconfirmed.exists()


def test_a_key_id_names_card_slot_and_key_without_telling_the_key() -> None:
    assert len(fingerprint(bytes(32))) == 8
    assert fingerprint(bytes(32)) != fingerprint(bytes(31) + b"\1")
    name = key_id("CH00000013", "A", bytes(32))
    assert name == f"CH00000013-A-{fingerprint(bytes(32)).hex()[:8]}"
