"""`challng-server`: the operator's commands, their exit codes and their sentences."""

from __future__ import annotations

import hashlib
import io
import os
import socket
from base64 import b64encode
from pathlib import Path

import pytest

from protocol import pskc, serial
from server.cli import main
from server.factors import pins
from server.settings import Settings
from server.verifier import Verifier, open_verifier

from .support import PASSWORD, PIN, Card, quick_tables


@pytest.fixture(autouse=True)
def fast_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("CHALLNG_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHALLNG_ARGON2_TIME", "1")
    monkeypatch.setenv("CHALLNG_ARGON2_MEMORY_KIB", "8")


class Operator:
    """Types commands on one data directory."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._capture = capture
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: object) -> int:
        code = main(["--data", str(self.data), *map(str, arguments)])
        self.out, self.err = self._capture.readouterr()
        return code

    def file(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def refused(self, *arguments: object) -> str:
        """Run a command that is refused: exit code 1, one line on stderr, nothing on stdout."""
        assert self(*arguments) == 1
        assert self.out == ""
        assert self.err.startswith("challng-server: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith(".\n")
        return self.err

    def import_card(
        self, *more: object, records: list[Card] | None = None, pin: str = PIN
    ) -> list[object]:
        held = records if records is not None else [Card()]
        content = pskc.write([card.record() for card in held], pskc.Passphrase("pass phrase"))
        return [
            *("card", "import", self.file("card.pskc", content)),
            *("--passphrase-file", self.file("passphrase", "pass phrase\n")),
            *("--user", "alice", "--pin-file", self.file("pin", f"{pin}\n")),
            *more,
        ]


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(tmp_path, capsys)


@pytest.fixture
def operator(empty: Operator) -> Operator:
    with quick_tables():
        assert empty("init") == 0
    assert empty("user", "add", "Alice", "--password-file", empty.file("pw", PASSWORD + "\n")) == 0
    return empty


def everything(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_a_second_init_refuses_and_changes_nothing(operator: Operator) -> None:
    before = everything(operator.data)
    assert "nothing is changed" in operator.refused("init")
    assert everything(operator.data) == before


def test_init_refuses_a_directory_with_something_in_it(empty: Operator) -> None:
    empty.data.mkdir()
    (empty.data / "diary").write_text("dear diary")
    empty.refused("init")
    assert [path.name for path in empty.data.iterdir()] == ["diary"]


def test_init_that_fails_leaves_nothing_behind(
    empty: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALLNG_MASTER_KEY", "not a key")
    assert "CHALLNG_MASTER_KEY" in empty.refused("init")
    assert not empty.data.exists()


def test_a_master_key_from_the_environment_makes_no_key_file(
    empty: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALLNG_MASTER_KEY", "q" * 43 + "=")
    assert empty("init") == 0
    assert not (empty.data / "master.key").exists()
    monkeypatch.delenv("CHALLNG_MASTER_KEY")
    assert "master.key" in empty.refused("user", "list")


@pytest.mark.parametrize("command", ["serve", "user list", "audit verify"])
def test_commands_on_a_missing_or_foreign_directory(empty: Operator, command: str) -> None:
    assert "init" in empty.refused(*command.split())
    empty.data.mkdir()
    (empty.data / "diary").write_text("dear diary")
    assert "not a verifier" in empty.refused(*command.split())
    (empty.data / "challng.db").write_bytes(b"not a database at all" * 100)
    (empty.data / "master.key").write_text("q" * 43 + "=\n")
    empty.refused(*command.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["user"],
        ["user", "add"],
        ["user", "add", "bob"],
        ["card", "import", "FILE"],
        ["serve", "--port", "0"],
        ["serve", "--port", "many"],
        ["serve", "--workers", "0"],
    ],
)
def test_wrong_use_is_exit_code_2(operator: Operator, arguments: list[str]) -> None:
    assert operator(*arguments) == 2
    assert "usage:" in operator.err


@pytest.mark.parametrize(
    "arguments", [[], ["init"], ["user", "add"], ["card", "import"], ["serve"], ["audit", "verify"]]
)
def test_every_command_has_help(empty: Operator, arguments: list[str]) -> None:
    assert empty(*arguments, "--help") == 0
    assert "usage: challng-server" in empty.out


def test_users_are_added_and_listed(operator: Operator) -> None:
    assert operator("user", "list") == 0
    assert operator.out == "alice\tactive\n"
    password = operator.file("pw", "another password\n")
    assert "already" in operator.refused("user", "add", "ALICE", "--password-file", password)
    for name in ("", "a b", "é", "x" * 65, "a/b"):
        assert "user name" in operator.refused("user", "add", name, "--password-file", password)
    assert "no user bob" in operator.refused("user", "passwd", "bob", "--password-file", password)
    assert "no user bob" in operator.refused("user", "lock", "bob")
    assert operator("user", "lock", "alice") == 0
    assert operator("user", "list") == 0
    assert operator.out == "alice\tlocked\n"
    assert operator("user", "lock", "alice", "--unlock") == 0


@pytest.mark.parametrize(
    "password", ["", "\n", "1234567", "x" * 257, "bob-the-user", "BOB-the-USER", "tab\tand so on"]
)
def test_a_password_that_is_not_good_enough(operator: Operator, password: str) -> None:
    file = operator.file("pw", password)
    said = operator.refused("user", "add", "bob-the-user", "--password-file", file)
    assert not password.strip() or password not in said.replace("user name", "")


def test_a_password_of_any_alphabet_is_good(operator: Operator) -> None:
    for number, password in enumerate(("密碼密碼密碼密碼", "x" * 8, "y" * 256, "with  spaces ")):
        file = operator.file("pw", password)
        assert operator("user", "add", f"user{number}", "--password-file", file) == 0


def test_secret_files_that_others_may_read_are_warned_of(operator: Operator) -> None:
    file = operator.file("pw", PASSWORD, 0o644)
    assert operator("user", "add", "bob", "--password-file", file) == 0
    assert "chmod 600" in operator.err
    assert operator("user", "passwd", "bob", "--password-file", operator.file("p2", PASSWORD)) == 0
    assert operator.err == ""


def test_secret_files_that_are_not_there_or_not_text(operator: Operator) -> None:
    for file in (operator.folder / "none", operator.folder, operator.file("binary", b"\xff" * 9)):
        assert "password file" in operator.refused("user", "add", "bob", "--password-file", file)
    operator.refused("user", "add", "bob", "--password-file", operator.file("long", "x" * 5_000))


def test_a_secret_from_standard_input(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PASSWORD.encode() + b"\n")))
    assert operator("user", "add", "bob", "--password-file", "-") == 0


def test_a_card_is_imported_listed_and_known_again(operator: Operator) -> None:
    assert operator(*operator.import_card()) == 0
    assert operator("card", "list") == 0
    assert operator.out == f"{Card().serial}\talice\tactive\t0\tnever\n"
    assert "imported already" in operator.refused(*operator.import_card())
    assert operator("card", "unlock", Card().serial) == 0
    assert "was not locked" in operator.out
    assert "no card" in operator.refused("card", "unlock", serial.make(9))
    assert "check digit" in operator.refused("card", "unlock", "CH00000001")


def test_of_several_cards_in_a_file_one_is_named(operator: Operator) -> None:
    both = [Card(number=1), Card(number=2, key=b"k" * 32)]
    assert "--serial" in operator.refused(*operator.import_card(records=both))
    assert "no card" in operator.refused(
        *operator.import_card("--serial", serial.make(3), records=both)
    )
    assert operator(*operator.import_card("--serial", both[1].serial, records=both)) == 0
    assert operator("card", "list") == 0
    assert operator.out.startswith(both[1].serial)


@pytest.mark.parametrize(
    "pin", ["", "123", "12345", "12a4", "１２３４", "0000", "9999", "1234", "4321", "7890", "2580"]
)
def test_a_pin_that_anybody_guesses_is_refused(operator: Operator, pin: str) -> None:
    said = operator.refused(*operator.import_card(pin=pin))
    assert not pin or pin not in said
    assert operator("card", "list") == 0
    assert operator.out == ""


def test_most_pins_are_allowed() -> None:
    allowed = 0
    for number in range(10_000):
        try:
            pins.check(f"{number:04}")
        except ValueError:
            continue
        allowed += 1
    assert allowed >= 9_940


@pytest.mark.parametrize(
    ("suite", "reason"),
    [
        ("OCRA-1:HOTP-SHA256-8:QN06-PSHA256", "no counter"),
        ("OCRA-1:HOTP-SHA256-8:C-QN06", "no PIN"),
        ("OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256-T1M", "clock"),
    ],
)
def test_a_card_whose_suite_no_card_can_do_is_refused(
    operator: Operator, suite: str, reason: str
) -> None:
    assert reason in operator.refused(*operator.import_card(records=[Card(suite=suite)]))
    assert operator("card", "list") == 0
    assert operator.out == ""


def test_a_card_file_that_is_not_one(operator: Operator) -> None:
    arguments = operator.import_card()
    operator.file("passphrase", "another\n")
    said = operator.refused(*arguments)
    assert "passphrase" in said
    assert "another" not in said
    operator.file("card.pskc", b"<not xml")
    operator.refused(*arguments)
    (operator.folder / "card.pskc").unlink()
    assert "cannot be read" in operator.refused(*arguments)
    arguments[arguments.index("alice")] = "bob"
    assert "no user bob" in operator.refused(*arguments)


def test_a_card_file_under_a_pre_shared_key(operator: Operator) -> None:
    secret = pskc.PreSharedKey(bytes(range(32)), "The club's")
    file = operator.file("card.pskc", pskc.write([Card().record()], secret))
    key = operator.file("key", secret.key.hex() + "\n")
    arguments = [
        *("card", "import", file, "--user", "alice", "--pin-file", operator.file("pin", PIN)),
        *("--key-file", key),
    ]
    assert 'with the key "The club\'s"' in operator.refused(*arguments)
    operator.file("key", "00" * 20)
    assert "16, 24 or 32 bytes" in operator.refused(*arguments, "--key-name", "The club's")
    operator.file("key", b64encode(secret.key))
    assert operator(*arguments, "--key-name", "The club's") == 0
    assert operator(*arguments, "--passphrase-file", key) == 2


def test_the_audit_log_is_verified_and_tampering_is_exit_code_1(operator: Operator) -> None:
    assert operator("audit", "seal") == 0
    assert operator("audit", "verify") == 0
    assert operator.out.startswith("2 rows, 2 seals, 0 rows after the last seal.\n")
    with opened(operator).database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit_log SET actor = 'cli:nobody' WHERE seq = 2")
    assert operator("audit", "verify") == 1
    assert "row 2 is not what was written" in operator.err


def test_a_key_is_rotated_and_everything_still_opens(operator: Operator) -> None:
    assert operator(*operator.import_card()) == 0
    lines = (operator.data / "master.key").read_text().splitlines()
    assert operator("key", "rotate") == 0
    assert "8 values" in operator.out
    after = (operator.data / "master.key").read_text().splitlines()
    assert after[:-1] == lines
    assert (operator.data / "master.key").stat().st_mode & 0o777 == 0o600
    (operator.data / "master.key").write_text(after[-1] + "\n")
    assert operator("audit", "verify") == 0
    assert operator("card", "list") == 0


def test_a_wrong_setting_is_named_and_its_value_is_not_repeated(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALLNG_CHALLENGE_SECONDS", "soonish")
    said = operator.refused("user", "list")
    assert "CHALLNG_CHALLENGE_SECONDS" in said
    assert "soonish" not in said
    monkeypatch.setenv("CHALLNG_CHALLENGE_SECONDS", "60")
    monkeypatch.setenv("CHALLNG_TRUSTED_PROXIES", "not json")
    assert "JSON" in operator.refused("user", "list")


def test_serve_refuses_a_port_that_is_taken(operator: Operator) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert "--port" in operator.refused("serve", "--port", port)
    assert "--host" in operator.refused("serve", "--host", "192.0.2.1")
    assert "--host" in operator.refused("serve", "--host", "no host at all")


def opened(operator: Operator) -> Verifier:
    return open_verifier(Settings(data=operator.data))
