"""Where passphrases, PINs and keys come from, and what is refused."""

import argparse
import os
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from protocol.errors import PskcError
from protocol.pskc import Passphrase, PreSharedKey
from provisioning import record_secret, secret_source
from provisioning.errors import SecretRefused

SECRET = "sésame ouvre-toi"


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    secret_source.add_options(parser, "pin", "the PIN")
    return parser.parse_args(arguments)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text(SECRET + "\n")
    return path


def test_a_file(file: Path) -> None:
    assert secret_source.read(parsed("--pin-file", str(file)), "pin") == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o777])
def test_a_file_that_others_can_open_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(SecretRefused, match="others may read the pin file") as caught:
        secret_source.read(parsed("--pin-file", str(file)), "pin")
    assert SECRET not in str(caught.value)


def test_a_descriptor_read_to_its_end() -> None:
    read_end, write_end = os.pipe()
    for piece in (SECRET[:4], SECRET[4:], "\n"):
        os.write(write_end, piece.encode())
    os.close(write_end)
    assert secret_source.read(parsed("--pin-fd", str(read_end)), "pin") == SECRET
    os.close(read_end)


@pytest.mark.parametrize("number", ["-1", "991", str(2**70)])
def test_a_descriptor_that_is_not_open_is_refused(number: str) -> None:
    with pytest.raises(SecretRefused, match="cannot be read from descriptor"):
        secret_source.read(parsed(f"--pin-fd={number}"), "pin")


def test_a_systemd_credential(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(secret_source.CREDENTIALS, str(file.parent))
    assert secret_source.read(parsed("--pin-credential", "secret"), "pin") == SECRET
    for wrong in ("../secret", "..", "none", "", f"{file}"):
        with pytest.raises(SecretRefused):
            secret_source.read(parsed("--pin-credential", wrong), "pin")
    monkeypatch.delenv(secret_source.CREDENTIALS)
    with pytest.raises(SecretRefused, match="LoadCredential="):
        secret_source.read(parsed("--pin-credential", "secret"), "pin")


def test_one_source_at_a_time(file: Path) -> None:
    with pytest.raises(SystemExit):
        parsed("--pin-file", str(file), "--pin-fd", "0")


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", b"\xff\xfe", b"x" * 1025, b"x" * 9000])
def test_what_is_no_secret_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(SecretRefused):
        secret_source.read(parsed("--pin-file", str(file)), "pin")


def test_a_new_secret_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([SECRET, SECRET, SECRET, "another", SECRET])
    monkeypatch.setattr(secret_source, "getpass", lambda prompt: next(typed))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert secret_source.read(parsed(), "pin", ask_twice=True) == SECRET
    with pytest.raises(SecretRefused, match="typed in two ways"):
        secret_source.read(parsed(), "pin", ask_twice=True)
    assert secret_source.read(parsed(), "pin") == SECRET


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(SecretRefused, match="use --pin-file"):
        secret_source.read(parsed(), "pin")


def record_arguments(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    record_secret.add_options(parser)
    return parser.parse_args(arguments)


KEYS = [bytes(range(size)) for size in (16, 24, 32)]


@pytest.mark.parametrize("key", KEYS, ids=len)
@pytest.mark.parametrize("spelling", [bytes.hex, lambda key: b64encode(key).decode()])
def test_a_pre_shared_key_in_hex_or_base64(file: Path, key: bytes, spelling: object) -> None:
    assert callable(spelling)
    file.write_text(spelling(key) + "\n")
    secret = record_secret.read(
        record_arguments("--key-file", str(file), "--key-name", "ours"), new=True
    )
    assert secret == PreSharedKey(key, "ours")


@pytest.mark.parametrize("text", ["00" * 20, "z!" * 16, "AAAA", "not base64 at all!", "0" * 31])
def test_what_is_no_key_is_refused_unquoted(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(PskcError) as caught:
        record_secret.read(record_arguments("--key-file", str(file)), new=True)
    assert text not in str(caught.value)


def test_passphrase_and_key_exclude_each_other(file: Path) -> None:
    assert record_secret.read(
        record_arguments("--passphrase-file", str(file)), new=False
    ) == Passphrase(SECRET)
    with pytest.raises(SystemExit):
        record_arguments("--passphrase-file", str(file), "--key-fd", "3")
