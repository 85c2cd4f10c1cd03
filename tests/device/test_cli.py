"""`challng-card` at the command line: what it prints, and its exit codes."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from device import info
from device.cli import main
from device.keystore import FileKeyStore
from drivers.board import Board
from drivers.cable import GadgetCable
from tests.device.conftest import KEY, card_key

LOGIN = "press\n7305\nok\n248690\nok\nshow\n"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys.txt"


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_play_prints_the_response(
    store: FileKeyStore, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.write_text(LOGIN)
    assert run("--store", store.directory, "play", keys) == 0
    assert capsys.readouterr().out == "3201 7761\n"
    assert store.load("A").counter == 1


def test_play_reads_standard_input(
    store: FileKeyStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHALLNG_STORE", str(store.directory))
    monkeypatch.setattr(sys, "stdin", io.StringIO("press\nshow\nnonsense\nshow\n"))
    assert run("play", "-") == 1
    printed = capsys.readouterr()
    assert printed.out == "PIN>\n_\n"
    assert printed.err.startswith("challng-card: -:3: expected one of")


def test_an_expectation_that_fails_is_exit_code_1(
    store: FileKeyStore, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.write_text("press\nexpect CHALLNG>\n")
    assert run("--store", store.directory, "play", keys) == 1
    error = capsys.readouterr().err
    assert error == f"challng-card: {keys}:2: expected 'CHALLNG>' on the glass, got 'PIN> / _'\n"


def test_a_bad_line_is_refused_before_anything_is_pressed(
    store: FileKeyStore, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.write_text(LOGIN + "presss\n")
    assert run("--store", store.directory, "play", keys) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{keys}:7: " in printed.err
    assert store.load("A").counter == 0


@pytest.mark.parametrize("data", [None, b"\xff\xfe"])
def test_a_script_that_cannot_be_read_is_named(
    store: FileKeyStore, keys: Path, data: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if data is not None:
        keys.write_bytes(data)
    assert run("--store", store.directory, "play", keys) == 1
    assert f"{keys}: expected a key script" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_named(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.write_text("press\n")
    assert run("--store", tmp_path / "none", "play", keys) == 1
    assert "challng-provision new" in capsys.readouterr().err


def test_wrong_settings_are_refused(
    store: FileKeyStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "card.toml"
    config.write_text("[press]\npin = 5\n")
    assert run("--store", store.directory, "--config", config, "info") == 1
    assert f"{config}: press.pin: expected a pin that is free" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["play"], ["dance"], ["--driver", "magic", "info"], ["play", "a", "b"]]
)
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        run(*arguments)
    assert refused.value.code == 2


@pytest.mark.parametrize("command", [["play", "x"], ["sim"]])
def test_a_simulated_card_has_no_real_parts(command: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        run("--driver", "hardware", *command)
    assert refused.value.code == 2


def test_sim_wants_a_terminal(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run("--store", store.directory, "sim") == 1
    assert "draws a card in a terminal" in capsys.readouterr().err


def test_info_tells_everything_but_the_key(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--store", store.directory, "--driver", "sim", "info") == 0
    printed = capsys.readouterr().out
    for line in (
        "slot A:",
        "  serial: CH00000018",
        "  issuer: Example",
        "  suite: OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256",
        "  counter: 0",
        "parts: sim (asked for: sim)",
        "display: ssd1306 128x64 on bus 1 at 0x3c",
    ):
        assert line in printed.splitlines()
    assert KEY.hex() not in printed
    assert store.load("A").counter == 0


@pytest.mark.parametrize(
    ("port", "said"),
    [("/dev/null", "there"), ("/dev/no-port", "not there: is the USB gadget set up?")],
)
def test_info_names_the_port_for_pairing_and_whether_it_is_there(
    port: str,
    said: str,
    store: FileKeyStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = info.open_board

    def with_a_port(*given: Any, **named: Any) -> Board:
        return real(*given, **named, cable=GadgetCable(Path(port)))

    monkeypatch.setattr(info, "open_board", with_a_port)
    assert run("--store", store.directory, "--driver", "sim", "info") == 0
    assert f"cable: {port}, {said}" in capsys.readouterr().out.splitlines()


def test_info_of_a_card_without_a_port_names_none(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--store", store.directory, "--driver", "sim", "info") == 0
    assert "cable:" not in capsys.readouterr().out


def test_info_says_why_auto_fell_back(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    if Path("/proc/device-tree/model").exists():
        pytest.skip("this machine may be a Raspberry Pi")
    assert run("--store", store.directory, "info") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "parts: sim (asked for: auto)" in lines
    assert any(line.startswith("why: ") and len(line) > 20 for line in lines)


def test_info_without_hardware_is_exit_code_1(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    if Path("/proc/device-tree/model").exists():
        pytest.skip("this machine may be a Raspberry Pi")
    assert run("--store", store.directory, "--driver", "hardware", "info") == 1
    assert "parts: " in capsys.readouterr().out


def test_info_names_a_slot_that_is_out_of_use(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    store.add("B", card_key(key=b"b" * 32))
    (store.directory / "slot-B").write_bytes(b"junk")
    assert run("--store", store.directory, "--driver", "sim", "info") == 1
    printed = capsys.readouterr().out
    assert "slot A:" in printed
    assert "slot-B is damaged" in printed


def test_the_module_is_the_command(store: FileKeyStore, keys: Path) -> None:
    keys.write_text(LOGIN)
    done = subprocess.run(
        [sys.executable, "-m", "device", "--store", store.directory, "play", keys],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "3201 7761\n", "")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run("--help")
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("run", "sim", "play", "info", "selftest"))


@pytest.mark.parametrize("face", [[], ["--glass"]])
def test_the_self_test_of_a_simulated_card_is_refused_with_the_reason(
    face: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        run("--driver", "sim", "selftest", *face)
    assert refused.value.code == 2
    assert "leave --driver sim out, on the computer that the card is built on" in (
        capsys.readouterr().err
    )


def test_the_self_test_on_a_computer_without_a_card_names_what_is_missing(
    store: FileKeyStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path("/proc/device-tree/model").exists():
        pytest.skip("this machine may be a Raspberry Pi")
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setenv("LG_WD", "/tmp")
    assert run("--store", store.directory, "selftest") == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("S10 the library for the pins is missing (") for line in lines)
    assert "All is well." not in lines


def test_a_script_with_a_cable_offers_pairing_and_takes_its_link_away(
    store: FileKeyStore, keys: Path, tmp_path: Path
) -> None:
    link = tmp_path / "cable"
    keys.write_text("press\nhold ok\nexpect PAIRING BY CABLE\nawait 58\nclear\nexpect (dark)\n")
    assert run("--store", store.directory, "play", "--cable", link, keys) == 0
    assert not link.is_symlink()


def test_a_cable_that_cannot_be_made_is_refused(
    store: FileKeyStore, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.write_text("press\n")
    assert run("--store", store.directory, "play", "--cable", keys, keys) == 1
    assert "name another place" in capsys.readouterr().err


def test_a_card_brings_no_key_agreement_before_pairing_begins() -> None:
    code = (
        "import sys, device.service, device.loop, device.pairing; "
        "print([name for name in sys.modules if 'x25519' in name or 'card_end' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
