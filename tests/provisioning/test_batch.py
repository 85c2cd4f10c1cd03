"""Many cards in one go: told what is wrong at once, stopped anywhere, and gone on with."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.keystore import FileKeyStore
from protocol import pskc
from protocol.fingerprint import key_id
from provisioning import keyfile
from provisioning.batch.loaders import Cable
from provisioning.batch.plan import ListRefused, by_count, from_csv
from provisioning.cli import main
from provisioning.commands import batch as command
from provisioning.pair.port import Port
from provisioning.verifier import Verifier

from . import desk as desks
from .cards import EndCard
from .desk import PASSPHRASE, PIN, close_desk, open_desk
from .people import Desk as Person
from .scissors import Scissors


class Office:
    """A folder with a list, and what a batch makes in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stores, self.out = folder / "stores", folder / "records"
        self.passphrase = folder / "passphrase"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text(PASSPHRASE)
        self.secret: pskc.Secret = pskc.Passphrase(PASSPHRASE)
        self.secret_options: list[object] = ["--passphrase-file", self.passphrase]
        self.list = folder / "list.csv"

    def with_key(self) -> Office:
        """A pre-shared key for the records: hashing a passphrase again and again takes long."""
        path = self.folder / "key"
        path.touch(mode=0o600)
        path.write_text(bytes(range(32)).hex())
        self.secret = pskc.PreSharedKey(bytes(range(32)))
        self.secret_options = ["--key-file", path]
        return self

    def batch(self, *more: object) -> int:
        return main([*map(str, self.command(*more))])

    def command(self, *more: object) -> list[object]:
        return [
            *("batch", "--stores", self.stores, "--out", self.out),
            *self.secret_options,
            *more,
        ]

    def report(self) -> list[dict[str, str]]:
        with (self.out / "report.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def journal(self) -> list[dict[str, str]]:
        path = self.out / "batch.json"
        return list(json.loads(path.read_text())["cards"]) if path.exists() else []

    def states(self) -> list[str]:
        return [row["state"] for row in self.report()]

    def check_made(self, count: int) -> None:
        """Every card has a store and a record with the same key, and nothing else is left."""
        serials = {row["serial"] for row in self.report()}
        assert self.states() == ["made"] * count
        assert len(serials) == count
        assert {path.name for path in self.stores.iterdir()} == serials
        records = {f"{serial}.pskc" for serial in serials}
        assert {path.name for path in self.out.iterdir()} == {
            *records,
            "batch.json",
            "report.csv",
        }
        for row in self.report():
            held = FileKeyStore(self.stores / row["serial"])
            assert list(held.slots()) == [row["slot"]]
            (record,) = pskc.read((self.out / f"{row['serial']}.pskc").read_bytes(), self.secret)
            assert record.key == held.load(row["slot"]).key
            assert record.serial == row["serial"] == held.load(row["slot"]).serial


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


# --- the list


def test_a_number_of_cards_is_made(office: Office) -> None:
    assert office.batch("--count", 3, "--slot", "B") == 0
    office.check_made(3)
    assert {row["slot"] for row in office.report()} == {"B"}


def test_a_list_says_whose_card_it_is_and_which_slot(office: Office) -> None:
    office.list.write_text('name,slot\n"Müller, Jürgen",B\nAnn Smith,\n')
    assert office.batch("--csv", office.list) == 0
    office.check_made(2)
    told = [(row["name"], row["slot"]) for row in office.report()]
    assert told == [("Müller, Jürgen", "B"), ("Ann Smith", "A")]


def test_every_error_of_a_list_is_told_at_once_before_anything_is_made(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.list.write_text("user,slot\nann,A\nBob Smith,A\nann,A\ncarol,E\ndave,A,x\n=sum,A\n")
    assert office.batch("--csv", office.list) == 1
    told = capsys.readouterr().err
    for line, word in ((3, "user name"), (4, "line 2 already"), (5, "slot"), (6, "cells")):
        assert f"line {line}: " in told
        assert word in told
    assert "line 7: " in told
    assert not office.stores.exists()
    assert not office.out.exists()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", "header"),
        (b"name,pin\nann,7305\n", "secrets have no column"),
        (b"slot,issuer\nA,x\n", "header"),
        (b"name,name\nann,ann\n", "twice"),
        (b"name\n", "no card"),
        (b"name\n\xff\xfe\n", "line 2: not UTF-8"),
        (b'name\n"ann\n', "not CSV"),
        (b"name\n" + b"x" * 65 + b"\n", "64 characters"),
        (b"name\na\x1b[2Jb\n", "cannot be printed"),
        (b"name\n=1+1\n", "formula"),
        (b"name,slot\n,B\n", "no name"),
        (b"name\n" + b"".join(b"n%d\n" % each for each in range(1001)), "at most 1000"),
    ],
)
def test_a_list_that_cannot_be_one_is_refused(text: bytes, word: str) -> None:
    with pytest.raises(ListRefused, match=word):
        from_csv(text, "A", "Challng")


def test_a_list_from_a_spreadsheet_is_read() -> None:
    found = from_csv("\ufeffuser,issuer\r\nAnn,\r\n\r\nbob,Club\r\n".encode(), "A", "Challng")
    assert [(one.user, one.issuer, one.number) for one in found] == [
        ("ann", "Challng", 1),
        ("bob", "Club", 2),
    ]


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_a_batch_has_a_size(count: int) -> None:
    with pytest.raises(ListRefused, match="1 to 1000"):
        by_count(count, "A", "Challng")


# --- going on


STEPS = (
    (keyfile, "replace"),
    (keyfile, "write_new"),
    (keyfile, "rename_new"),
    (keyfile, "remove"),
    (FileKeyStore, "add"),
    (Verifier, "_once"),
)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_batch_cut_at_any_step_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    scissors = Scissors(monkeypatch, *STEPS)
    at = 0
    cut = True
    while cut:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        office = Office(folder).with_key()
        cut = scissors.run(at, after, lambda office=office: office.batch("--count", 2))
        kept = {path.name: path.read_bytes() for path in office.out.glob("*.pskc")}
        assert office.batch("--count", 2) == 0
        office.check_made(2)
        for name, data in kept.items():
            assert (office.out / name).read_bytes() == data  # what was made is not made again
    assert at == 2 + 2 * 6 + 1  # journal, report; four notes or so and three writes a card


HALTING = """
import sys, time
from provisioning.batch.journal import CardState, Journal
from provisioning.cli import main

enough, note = int(sys.argv.pop(1)), Journal.note

def note_and_stand(journal, number, **changes):
    entry = note(journal, number, **changes)
    if journal.count(CardState.MADE) >= enough:
        print("standing", flush=True)
        time.sleep(600)
    return entry

Journal.note = note_and_stand
sys.exit(main())
"""
"""The command, which stands still when that many cards are made: it is killed there for sure."""


def test_a_batch_that_is_killed_goes_on_where_it_stopped(office: Office) -> None:
    office.with_key()
    for enough in (1, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", HALTING, str(enough), *map(str, office.command("--count", 6))],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        while process.stdout.readline() not in {"standing\n", ""}:
            pass
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
        process.stdout.close()
        assert sum(row["state"] == "made" for row in office.journal()) == enough
    made = {path.name: path.read_bytes() for path in office.out.glob("*.pskc")}
    assert len(made) >= enough
    assert office.batch("--count", 6) == 0
    office.check_made(6)
    for name, data in made.items():
        assert (office.out / name).read_bytes() == data


def test_a_file_left_half_written_is_cleared_away(office: Office) -> None:
    assert office.batch("--count", 1) == 0
    (row,) = office.report()
    content = json.loads((office.out / "batch.json").read_text())
    content["cards"][0] |= {"state": "loading", "when": ""}
    (office.out / "batch.json").write_text(json.dumps(content))
    (office.stores / row["serial"] / "slot-A").unlink()
    record = office.out / f"{row['serial']}.pskc"
    record.rename(record.with_name(f"{record.name}.unconfirmed"))
    (office.out / f".{record.name}.0a1b2c3d").write_text("half")
    assert office.batch("--count", 1) == 0
    office.check_made(1)
    assert office.report()[0]["serial"] == row["serial"]


def test_a_journal_goes_on_with_its_own_list_in_its_own_way_alone(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office.batch("--count", 1) == 0
    assert office.batch("--count", 2) == 1
    assert "another list" in capsys.readouterr().err
    assert office.batch("--count", 1, "--suite", "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA256") == 1
    assert "another way" in capsys.readouterr().err
    (office.out / "batch.json").write_text("{")
    assert office.batch("--count", 1) == 1
    assert "not a batch's journal" in capsys.readouterr().err


def test_two_batches_do_not_work_in_one_place(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    import fcntl

    office.out.mkdir()
    other = os.open(office.out, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert office.batch("--count", 1) == 1
    assert "another batch is at work" in capsys.readouterr().err
    os.close(other)
    assert office.batch("--count", 1) == 0


# --- into the verifier


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[desks.Desk]:
    users = ("ann", "bob", *(f"u{number}" for number in range(2)))
    made = open_desk(tmp_path_factory.mktemp("desk"), *users)
    yield made
    close_desk(made)


def enrol(desk: desks.Desk, *pins: object) -> list[object]:
    where = ("--enrol", desk.verifier.url, "--token-file", desk.token)
    return [*where, *(pins or ("--pin-file", desk.pin))]


def test_a_batch_for_a_verifier_makes_cards_that_log_in(office: Office, desk: desks.Desk) -> None:
    office.list.write_text("user,name\nann,Ann Smith\nbob,Bob Brown\n")
    pins = office.folder / "pins"
    pins.touch(mode=0o600)
    pins.write_text(f"ann,{PIN}\nbob,{PIN}\n")
    assert office.batch("--csv", office.list, *enrol(desk, "--pins-file", pins)) == 0
    office.check_made(2)
    ann, bob = office.report()
    assert (ann["name"], bob["name"]) == ("Ann Smith", "Bob Brown")
    assert desk.log_in(office.stores / ann["serial"], "ann") == 200
    assert desk.log_in(office.stores / bob["serial"], "bob") == 200


def test_a_person_whom_the_verifier_does_not_know_stops_nobody_else(
    office: Office, desk: desks.Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    office.list.write_text("user\nann\neve\nbob\n")
    assert office.batch("--csv", office.list, *enrol(desk)) == 1
    assert office.states() == ["made", "refused", "made"]
    told = capsys.readouterr().err
    assert "card 2 (eve): " in told
    assert "no user eve" in told
    desk.verifier.command("user", "add", "eve", "--password-file", desk.folder / "password")
    assert office.batch("--csv", office.list, *enrol(desk)) == 0
    office.check_made(3)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_batch_for_a_verifier_is_cut_at_any_step(
    tmp_path: Path, desk: desks.Desk, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    scissors = Scissors(monkeypatch, *STEPS)
    at = 0
    cut = True
    while cut:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        office = Office(folder).with_key()
        office.list.write_text("user\nu0\nu1\n")
        options = ["--csv", office.list, *enrol(desk)]
        cut = scissors.run(at, after, lambda office=office, more=options: office.batch(*more))
        for card in office.journal() if cut else []:
            if desk.states(card["serial"]) == ["active"]:  # confirmed, so the card has it
                held = FileKeyStore(office.stores / card["serial"]).load("A")
                assert key_id(held.serial, "A", held.key) == card["key_id"]
        assert office.batch(*options) == 0
        office.check_made(2)
        for row in office.report():
            assert desk.states(row["serial"]) == ["active"]
            assert desk.revoke(row["serial"]) == 0
    assert at > 16


def test_a_verifier_that_cannot_be_reached_stops_the_batch(
    office: Office, desk: desks.Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.verifier._PAUSES", ())
    office.list.write_text("user\nann\nbob\n")
    away = ["--enrol", "http://127.0.0.1:9", "--token-file", desk.token, "--pin-file", desk.pin]
    assert office.batch("--csv", office.list, *away) == 1
    assert office.states() == ["waiting", "waiting"]


def test_options_that_do_not_go_together(
    office: Office, desk: desks.Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office.batch("--count", 1, *enrol(desk)) == 1
    assert "--csv" in capsys.readouterr().err
    office.list.write_text("user\nann\nbob\n")
    pins = office.folder / "pins"
    pins.touch(mode=0o600)
    for text, word in (("ann,7305\n", "bob"), ("ann,12a4\n", "line 1"), ("ann\n", "USER,PIN")):
        pins.write_text(text)
        assert office.batch("--csv", office.list, *enrol(desk, "--pins-file", pins)) == 1
        told = capsys.readouterr().err
        assert word in told
        assert "12a4" not in told
    pins.chmod(0o644)
    assert office.batch("--csv", office.list, *enrol(desk, "--pins-file", pins)) == 1
    assert "chmod 600" in capsys.readouterr().err
    assert not office.out.exists()


# --- over the cable


def test_cards_are_paired_one_after_the_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = []

    def says(person: Person) -> str:
        if "plugged in" in person.lines[-1]:
            folder = office.folder / f"card-{len(cards)}"
            folder.mkdir()
            cards.append(EndCard(folder))
            cards[-1].offer()
        return "yes"

    bench = Cable(lambda: Port(str(cards[-1].link)), "auto", office.out, Person(says))
    monkeypatch.setattr("provisioning.batch.loaders.loader_for", lambda *_: bench)
    assert (
        main(
            [
                *("batch", "--count", "2", "--port", "auto", "--out", str(office.out)),
                *("--passphrase-file", str(office.passphrase)),
            ]
        )
        == 0
    )
    for card, row in zip(cards, office.report(), strict=True):
        card.close()
        (record,) = pskc.read(
            (office.out / f"{row['serial']}.pskc").read_bytes(), pskc.Passphrase(PASSPHRASE)
        )
        assert card.keys() == [record.key]


def test_a_person_who_says_no_ends_the_batch_before_the_card(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Cable(lambda: Port("none"), "auto", office.out, Person(lambda _: "no"))
    monkeypatch.setattr("provisioning.batch.loaders.loader_for", lambda *_: bench)
    assert (
        main(
            [
                *("batch", "--count", "2", "--port", "auto", "--out", str(office.out)),
                *("--passphrase-file", str(office.passphrase)),
            ]
        )
        == 1
    )
    assert "run the same again" in capsys.readouterr().err
    assert office.states() == ["waiting", "waiting"]


# --- nothing secret


def test_nothing_secret_is_written_or_printed(
    office: Office, desk: desks.Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    office.list.write_text("user\nann\nbob\n")
    labels = office.folder / "labels.pdf"
    assert office.batch("--csv", office.list, *enrol(desk), "--labels", labels) == 0
    printed = "".join(capfd.readouterr()).encode()
    token = desk.token.read_bytes().strip()
    texts = {"printed": printed, "log": desk.verifier.log.read_bytes()}
    texts |= {path.name: path.read_bytes() for path in office.out.iterdir()}
    texts["labels"] = labels.read_bytes()
    for row in office.report():
        key = FileKeyStore(office.stores / row["serial"]).load("A").key
        for name, text in texts.items():
            for secret in (key, key.hex().encode(), PASSPHRASE.encode(), token):
                assert secret not in text, name
    for name in ("batch.json", "report.csv", "printed"):
        assert PIN not in "".join(
            each for each in texts[name].decode().replace("-", " ").split() if each == PIN
        )
    assert all(path.stat().st_mode & 0o077 == 0 for path in office.out.iterdir())


def test_a_plain_run_prints_plain_lines(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.list.write_text("name\nAnn [bold]Smith[/bold]\n")
    assert office.batch("--csv", office.list) == 0
    told = capsys.readouterr().out
    (row,) = office.report()
    assert told.splitlines() == [
        f"1/1\t{row['serial']}\tmade\tAnn [bold]Smith[/bold]",
        "serial\tslot\tname\tstate\twhen",
        f"{row['serial']}\tA\tAnn [bold]Smith[/bold]\tmade\t{row['when']}",
    ]
    assert "\x1b" not in told
    assert command.REPORT == "report.csv"
