"""`challng-provision new`: a key into a store, its record into a file, never half of it."""

import os
import stat
from pathlib import Path

import pytest

from device.errors import StoreError, StoreUnwritable
from device.keystore import CardKey, FileKeyStore
from protocol import pskc, serial
from protocol.ocra import DEFAULT_SUITE, response
from provisioning.cli import main

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def bench(tmp_path: Path) -> "Bench":
    return Bench(tmp_path)


class Bench:
    """A workbench: a store, a passphrase file, and the command."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "store"
        self.out = folder / "card.pskc"
        self.passphrase = folder / "passphrase"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text(PASSPHRASE + "\n")

    def new(self, *more: str, out: Path | None = None) -> int:
        return main(
            [
                "new",
                *("--store", str(self.store)),
                *("--out", str(out or self.out)),
                *("--passphrase-file", str(self.passphrase)),
                *more,
            ]
        )

    def record(self, out: Path | None = None) -> pskc.CardRecord:
        (record,) = pskc.read((out or self.out).read_bytes(), pskc.Passphrase(PASSPHRASE))
        return record

    def key(self, slot: str = "A") -> CardKey:
        return FileKeyStore(self.store).load(slot)


def test_card_and_record_hold_the_same_key_and_compute_the_same_response(bench: Bench) -> None:
    assert bench.new() == 0
    record, key = bench.record(), bench.key()
    assert (record.serial, record.suite, record.counter) == (key.serial, DEFAULT_SUITE, 0)
    answers = {
        response(DEFAULT_SUITE, secret, question="123456", counter=0, pin="7305")
        for secret in (record.key, key.key)
    }
    assert len(answers) == 1
    assert len(key.key) == 32
    assert serial.check(key.serial) == key.serial


def test_every_card_gets_a_key_and_a_serial_of_its_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert Bench(tmp_path / name).new() == 0
    one, two = Bench(tmp_path / "one").key(), Bench(tmp_path / "two").key()
    assert one.key != two.key
    assert one.serial != two.serial


def test_the_slots_of_one_card_share_its_serial_but_not_the_key(bench: Bench) -> None:
    assert bench.new() == 0
    other = bench.out.with_name("other.pskc")
    assert bench.new("--slot", "C", "--issuer", "The Club", out=other) == 0
    assert bench.key("C").serial == bench.key("A").serial
    assert bench.key("C").key != bench.key("A").key
    assert bench.record(other).issuer == bench.key("C").issuer == "The Club"


def test_a_loaded_slot_is_refused_and_nothing_changes(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.new() == 0
    before = bench.key()
    other = bench.out.with_name("other.pskc")
    assert bench.new("--slot", "A", out=other) == 1
    assert "slot A holds a key already" in capsys.readouterr().err
    assert bench.key() == before
    assert not other.exists()


def test_replacing_is_said_aloud_and_gives_a_new_key(bench: Bench) -> None:
    assert bench.new() == 0
    before = bench.key()
    other = bench.out.with_name("other.pskc")
    assert bench.new("--replace", out=other) == 0
    assert bench.key().key != before.key
    assert bench.key().key == bench.record(other).key


def test_a_record_is_never_written_over(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.out.write_text("precious")
    assert bench.new() == 1
    assert "is there already" in capsys.readouterr().err
    assert bench.out.read_text() == "precious"
    assert FileKeyStore(bench.store).slots() == ()


def test_when_the_store_refuses_no_record_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise StoreUnwritable("the disk is full")

    monkeypatch.setattr(FileKeyStore, "add", refuse)
    assert issubclass(StoreUnwritable, StoreError)
    assert bench.new() == 1
    assert "disk is full" in capsys.readouterr().err
    assert list(bench.out.parent.glob("*card.pskc*")) == []


def test_a_crash_before_the_store_leaves_a_card_that_can_be_provisioned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(*args: object, **more: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(FileKeyStore, "add", crash)
        with pytest.raises(Crash):
            bench.new()
    assert FileKeyStore(bench.store).slots() == ()
    assert bench.new(out=bench.out.with_name("again.pskc")) == 0


def test_only_the_owner_can_read_what_is_made(bench: Bench) -> None:
    previous = os.umask(0)
    try:
        assert bench.new() == 0
    finally:
        os.umask(previous)
    assert stat.S_IMODE(bench.out.stat().st_mode) == 0o600
    assert stat.S_IMODE(bench.store.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in bench.store.iterdir()} == {0o600}


def test_nothing_secret_is_printed(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.new() == 0
    printed = "".join(capsys.readouterr())
    key = bench.key().key
    assert PASSPHRASE not in printed
    assert key.hex() not in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--serial", "CH00000014"], "check digit"),
        (["--serial", "7"], "CH and 8 digits"),
        (["--suite", "OCRA-1:HOTP-SHA256-8:QN06"], "no counter"),
        (["--suite", "nonsense"], "not one of RFC 6287"),
        (["--issuer", "a\nb"], "issuer"),
        (["--passphrase-file", "/nowhere/at/all"], "cannot be read"),
        (["--out", "/nowhere/at/all/card.pskc"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(
    bench: Bench, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert bench.new(*arguments) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert len(error.strip().splitlines()) == 1
    assert FileKeyStore(bench.store).slots() == ()
    assert not bench.out.exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 5000])
def test_a_passphrase_that_is_none_is_refused(
    bench: Bench, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    bench.passphrase.write_bytes(content)
    assert bench.new() == 1
    assert "passphrase" in capsys.readouterr().err
    assert not bench.out.exists()


def test_a_short_passphrase_is_taken_with_a_warning(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.passphrase.write_text("short")
    assert bench.new() == 0
    assert "under 12 characters" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["new"], ["old"], ["new", "--slot", "E"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_the_first_free_slot_is_taken_and_said(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, slot in enumerate("ABCD"):
        assert bench.new(out=bench.out.with_name(f"{number}.pskc")) == 0
        said = capsys.readouterr().out
        assert f"slot {slot}" in said
        assert ("beside A" in said) is (slot != "A")
    assert bench.new() == 1
    assert "all four slots hold keys" in capsys.readouterr().err
    assert not bench.out.exists()


def test_what_a_replacement_makes_invalid_is_said_before_and_after(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.new("--issuer", "The Club") == 0
    old = bench.record()
    capsys.readouterr()
    assert bench.new("--replace", out=bench.out.with_name("other.pskc")) == 0
    before = capsys.readouterr().err
    assert bench.new("--replace", "--slot", "A", out=bench.out.with_name("third.pskc")) == 0
    after = capsys.readouterr().out
    assert before.startswith(f"replaces key {old.key_id} for The Club: its record")
    assert f"revoke {old.serial} at that verifier" in before
    (line,) = [line for line in after.splitlines() if line.startswith("invalid")]
    assert "its record and every login with it end" in line


def test_a_damaged_key_is_replaced_and_that_it_cannot_be_named_is_said(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.new() == 0
    (bench.store / "slot-A").write_bytes(b"rubbish")
    assert bench.new("--replace", out=bench.out.with_name("other.pskc")) == 0
    assert "the key in slot A, which cannot be opened" in capsys.readouterr().err


def test_which_of_several_is_replaced_must_be_said(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.new() == 0
    other = bench.out.with_name("other.pskc")
    assert bench.new(out=other) == 0
    before = bench.key("A"), bench.key("B")
    assert bench.new("--replace", out=bench.out.with_name("third.pskc")) == 1
    assert "say with --slot which" in capsys.readouterr().err
    assert (bench.key("A"), bench.key("B")) == before


@pytest.mark.parametrize(
    ("arguments", "name", "reason"),
    [
        (["--format", "csv"], "card.pskc", "a CSV file shows its keys"),
        (["--format", "OTPAUTH"], "card.pskc", "an otpauth address"),
        (["--format", "json"], "card.pskc", "written as pskc"),
        ([], "card.csv", "a CSV file shows its keys"),
        ([], "card.TSV", "a CSV file shows its keys"),
        ([], "card.otpauth", "an otpauth address"),
    ],
)
def test_open_formats_are_not_written(
    bench: Bench, capsys: pytest.CaptureFixture[str], arguments: list[str], name: str, reason: str
) -> None:
    out = bench.out.with_name(name)
    assert bench.new(*arguments, out=out) == 1
    assert reason in capsys.readouterr().err
    assert not out.exists()
    assert FileKeyStore(bench.store).slots() == ()


def test_a_record_under_a_pre_shared_key(bench: Bench) -> None:
    secret = pskc.PreSharedKey(bytes(range(16)), "ours")
    file = bench.passphrase.with_name("key")
    file.touch(mode=0o600)
    file.write_text(secret.key.hex())
    code = main(
        [
            *("new", "--store", str(bench.store), "--out", str(bench.out)),
            *("--key-file", str(file), "--key-name", "ours"),
        ]
    )
    assert code == 0
    (record,) = pskc.read(bench.out.read_bytes(), secret)
    assert record.key == bench.key().key
    assert record.key_id.startswith(f"{record.serial}-A-")


def test_an_unconfirmed_record_of_an_earlier_run_is_left_alone(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    left = bench.out.with_name("card.pskc.unconfirmed")
    left.write_text("perhaps the only record")
    assert bench.new() == 1
    assert "left from a run that did not end" in capsys.readouterr().err
    assert left.read_text() == "perhaps the only record"
    assert FileKeyStore(bench.store).slots() == ()
