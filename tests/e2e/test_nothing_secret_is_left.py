"""After a whole run: no PIN, password, key or response in anything that was written or listed."""

from __future__ import annotations

import re
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from device.keystore import FileKeyStore
from tests import doors
from tests.doors import DoorError, Household


@contextmanager
def watched_processes() -> Iterator[set[bytes]]:
    """The command lines of all processes that ran meanwhile."""
    seen: set[bytes] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        seen.add((entry / "cmdline").read_bytes())
                    except OSError:
                        continue  # it has ended

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def spellings(secret: bytes) -> set[bytes]:
    """A secret as it might have been written down."""
    return {
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        b64encode(secret).rstrip(b"="),
        urlsafe_b64encode(secret).rstrip(b"="),
    }


def holds(text: bytes, secret: bytes) -> bool:
    """Whether `text` has the secret in any spelling; digits only where they stand alone."""
    if secret.isdigit() and len(secret) < 8:
        return (
            re.search(rb"(?<![0-9A-Za-z_.:-])" + secret + rb"(?![0-9A-Za-z_:-])", text) is not None
        )
    return any(spelling in text for spelling in spellings(secret))


def test_nothing_secret_is_left_in_files_logs_errors_or_the_process_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "runner", doors.process)  # each with its own line in the list
    household = Household(tmp_path, workers=2)
    printed: list[str] = []
    responses: list[str] = []
    with watched_processes() as command_lines:
        household.set_up()
        household.verifier.start()
        api = f"{household.verifier.url}/api/v1"
        for pin in (household.pin, "9517"):  # a right answer and a wrong one
            login = httpx.post(
                f"{api}/login",
                json={"username": household.user, "password": household.password},
            ).json()
            responses.append(household.card.response(pin, login["prompt"]["challenge"]))
            answered = httpx.post(
                f"{api}/login/{login['login']}/answer", json={"answer": responses[-1]}
            )
            printed.append(answered.text if answered.status_code != 200 else "")
        # What people get wrong: the password as user name, the PIN as an answer, a wrong file.
        for body in (
            {"username": household.password, "password": "wrong and long"},
            {"username": household.user, "password": [household.password]},
            {"username": household.user, "password": household.password, "x": household.pin},
        ):
            printed.append(httpx.post(f"{api}/login", json=body).headers.get("x-none", ""))
        try:
            household.verifier.command("user", "add", household.user, "--password-file", "/none")
        except DoorError as error:
            printed.append(str(error))
        printed.append(household.verifier.command("user", "list"))
        printed.append(household.verifier.command("card", "list"))
        printed.append(household.verifier.command("audit", "verify"))
        printed.append(household.card.play(["press", household.pin, "ok", "show", "off"]))
        assert household.verifier.stop() == 0

    key = FileKeyStore(household.card.store).load("A").key
    secrets = {
        "the key": key,
        "the password": household.password.encode(),
        "the PIN": household.pin.encode(),
        "a response": responses[0].encode(),
        "another response": responses[1].encode(),
    }
    written = {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    written["what was printed"] = "\n".join(printed).encode()
    # Other runs on this machine have PINs of their own; each of our commands names the folder.
    own = [line for line in command_lines if str(tmp_path).encode() in line]
    written["the process list"] = b"\n".join(line.replace(b"\0", b" ") for line in own)
    assert any(b"challng-server" in line for line in own)
    assert any(b"challng-card" in line for line in own)
    assert any(name.endswith(".log") for name in written)
    found = [
        f"{what} in {where}"
        for what, secret in secrets.items()
        for where, text in written.items()
        if holds(text, secret)
    ]
    assert found == []


def test_the_search_itself_finds_what_it_looks_for() -> None:
    key = bytes(range(32))
    assert holds(b"x" + key, key)
    assert holds(key.hex().encode(), key)
    assert holds(b'{"pin": "7305"}', b"7305")
    assert not holds(b"1730519 and 7305a", b"7305")
