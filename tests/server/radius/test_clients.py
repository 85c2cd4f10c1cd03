"""The clients: added, listed, changed and removed by commands; their secrets sealed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread

import httpx
import pytest
from sqlalchemy import select

from server.clock import SystemClock
from server.crypto import keyring, rotation
from server.crypto.keyring import Keyring, KeySource
from server.db.tables import audit_log, radius_clients
from server.errors import RadiusClientRefused
from server.login.access import Access
from server.radius import attributes, clients
from server.radius.clients import Rules
from server.settings import Settings
from server.verifier import Verifier, open_verifier
from tests.doors import free_port
from tests.server.support import Card, add_user, commands_find, make_verifier
from tests.server.test_commands import Operator, fast_and_alone
from tests.server.test_supervision import Manager, manager

from .support import ACCEPT, HOST, REJECT, SECRET, Nas, add_client, digits_in, serving

__all__ = ["fast_and_alone", "manager"]


@pytest.fixture
def operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Operator:
    made = make_verifier(tmp_path, SystemClock())
    commands_find(made, monkeypatch)
    made.close()
    return Operator(tmp_path, capsys)


def added(operator: Operator, *more: object, name: str = "vpn", where: str = "192.0.2.7") -> int:
    secret = operator.file("secret", f"{SECRET}\n")
    return operator("radius", "client", "add", name, where, "--secret-file", secret, *more)


# --- commands


def test_a_client_is_added_listed_given_another_secret_and_removed(operator: Operator) -> None:
    assert added(operator) == 0
    assert operator.err == ""
    assert operator("radius", "client", "list") == 0
    assert operator.out == "vpn\t192.0.2.7/32\tsigned\t-\tchallenged\tfull\n"
    other = operator.file("other", "another-secret-of-the-vpn\n")
    assert operator("radius", "client", "secret", "vpn", "--secret-file", other) == 0
    assert operator("radius", "client", "remove", "vpn") == 0
    assert operator("radius", "client", "list") == 0
    assert operator.out == ""
    assert "list" in operator.refused("radius", "client", "remove", "vpn")


def test_a_switch_that_risks_something_says_what(operator: Operator) -> None:
    assert added(operator, "--without-message-authenticator") == 0
    assert "CVE-2024-3596" in operator.err
    assert added(operator, "--accept", "restricted", name="two", where="::1") == 0
    assert "password alone" in operator.err
    assert operator("radius", "client", "list") == 0
    assert "without-message-authenticator" in operator.out


def test_every_switch_is_kept(operator: Operator) -> None:
    mapping = operator.file("map.json", '{"groups": {"*": {"Class": "{group}"}}}')
    code = added(
        *(operator, "--together", ",", "--trust-calling-station", "--attributes", mapping),
        *("--accept", "full", "--accept", "read_only"),
        where="10.0.0.0/8",
    )
    assert code == 0
    assert operator("radius", "client", "list") == 0
    assert operator.out == "vpn\t10.0.0.0/8\tsigned\tnames-caller\ttogether=,\tfull,read_only\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Vpn", "192.0.2.9"], "name"),
        (["other", "192.0.2.7"], "already"),
        (["vpn", "192.0.2.9"], "already"),
        (["other", "192.0.2.9/24"], "beyond its length"),
        (["other", "vpn.example"], "address"),
        (["other", "192.0.2.9", "--together", "x"], "separator"),
        (["other", "192.0.2.9", "--together", ",,"], "separator"),
        (["other", "192.0.2.9", "--attributes", "missing.json"], "cannot be read"),
    ],
)
def test_a_client_that_cannot_be_is_refused_and_nothing_changes(
    operator: Operator, arguments: list[str], says: str
) -> None:
    assert added(operator) == 0
    secret = operator.file("secret", f"{SECRET}\n")
    refusal = operator.refused("radius", "client", "add", *arguments, "--secret-file", secret)
    assert says in refusal
    assert operator("radius", "client", "list") == 0
    assert operator.out.count("\n") == 1


@pytest.mark.parametrize("secret", ["short", "fifteen-letters", "x" * 129, "with a space in it"])
def test_a_secret_that_is_too_weak_is_refused_and_not_repeated(
    operator: Operator, secret: str
) -> None:
    file = operator.file("weak", f"{secret}\n")
    refusal = operator.refused(
        *("radius", "client", "add", "vpn", "192.0.2.7", "--secret-file", file)
    )
    assert "openssl rand" in refusal
    assert secret not in refusal


# --- at rest


def test_the_secret_is_sealed_and_a_rotation_seals_it_anew(
    verifier: Verifier, card: Card, tmp_path: Path
) -> None:
    add_client(verifier)
    for path in (tmp_path / "data").iterdir():
        assert SECRET.encode() not in path.read_bytes(), path
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        text, state = nas.challenge()
        path = tmp_path / "data" / "master.key"
        keyring.add_key(path)
        rotation.reseal_all(verifier.database, Keyring(KeySource("master.key", path=path)))
        with verifier.database.reading() as connection:
            sealed = connection.execute(select(radius_clients.c.secret_sealed)).scalar_one()
        verifier.keyring.reload()
        assert verifier.keyring.is_newest(sealed)
        # A State of before the rotation is good after it.
        assert nas.ask(password=card.shows(digits_in(text)), state=state).code == ACCEPT


def test_the_audit_log_tells_of_clients_and_not_their_secrets(operator: Operator) -> None:
    assert added(operator) == 0
    assert operator("radius", "client", "remove", "vpn") == 0
    verifier = open_verifier(Settings(data=operator.data))
    with verifier.database.reading() as connection:
        rows = connection.execute(select(audit_log.c.event, audit_log.c.detail)).all()
    verifier.close()
    assert [row.event for row in rows][-2:] == ["radius-client.added", "radius-client.removed"]
    assert SECRET not in repr(rows)


# --- what an Accept may tell


@pytest.mark.parametrize(
    "mapping",
    [
        "no JSON",
        "[]",
        '{"everybody": {}}',
        '{"always": []}',
        '{"groups": []}',
        '{"groups": {"a": []}}',
        '{"access": {"complete": {}}}',
        '{"always": {"User-Password": "x"}}',
        '{"always": {"Message-Authenticator": "x"}}',
        '{"always": {"State": "x"}}',
        '{"always": {"Session-Timeout": "long"}}',
        '{"always": {"Session-Timeout": -1}}',
        '{"always": {"Session-Timeout": true}}',
        '{"always": {"Session-Timeout": [1, 2]}}',
        '{"always": {"Service-Type": "Root"}}',
        '{"always": {"Framed-IP-Address": "nowhere"}}',
        '{"always": {"Filter-Id": ""}}',
        '{"always": {"Filter-Id": 7}}',
        '{"always": {"Filter-Id": [["a"]]}}',
        '{"always": {"Service-Type": {"a": 1}}}',
        '{"groups": {"*": {"Filter-Id": "{group}{group}{group}{group}"}}}',
        json.dumps({"always": {"Filter-Id": ["x" * 240] * 9}}),
    ],
)
def test_a_mapping_that_cannot_be_told_is_refused(mapping: str) -> None:
    with pytest.raises(RadiusClientRefused):
        attributes.check(mapping)


def test_a_group_is_told_by_its_own_entry_and_by_that_of_every_group() -> None:
    mapping = attributes.check(
        json.dumps(
            {
                "always": {"Filter-Id": "all"},
                "groups": {"a": {"Filter-Id": "is-a"}, "*": {"Filter-Id": "in-{group}"}},
                "access": {"restricted": {"Filter-Id": "guest", "Session-Timeout": 60}},
            }
        )
    )
    assert attributes.told(mapping, ("a", "b"), Access.FULL) == {
        "Filter-Id": ["all", "is-a", "in-a", "in-b"]
    }
    assert attributes.told(mapping, (), Access.RESTRICTED) == {
        "Filter-Id": ["all", "guest"],
        "Session-Timeout": [60],
    }


def test_what_is_written_wrongly_into_the_table_is_not_added(verifier: Verifier) -> None:
    with pytest.raises(RadiusClientRefused), verifier.database.writing() as connection:
        clients.add(
            *(connection, verifier.keyring, "vpn", clients.network(HOST), SECRET),
            *(Rules(attributes='{"always": {"State": "x"}}'), verifier.clock.now()),
        )
    with verifier.database.reading() as connection:
        assert clients.all_of_them(connection) == []


# --- the whole program


def test_it_is_served_says_ready_alive_and_stopping_and_is_counted(
    manager: Manager,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, numbers = free_udp_port(), free_port()
    made = make_verifier(tmp_path, SystemClock())
    add_user(made, "ada")
    add_client(made, name="test")
    made.close()
    commands_find(made, monkeypatch)
    command = [sys.executable, "-m", "server", "radius", "serve"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--metrics-port", str(numbers)],
        env={**os.environ, **manager.environment(0.5)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str | None] = []
    try:
        while said.count("WATCHDOG=1") < 2:
            said.append(manager.next())
            assert said[-1] is not None
        listening = Thread(target=lambda: said.extend(iter(manager.next, "STOPPING=1")))
        listening.start()  # the manager's queue is short
        assert Nas(port).ask("ada", "not the password").code == REJECT
        metrics = httpx.get(f"http://127.0.0.1:{numbers}/metrics").text
        assert 'challng_radius_requests_total{client="test",outcome="rejected"} 1.0' in metrics
        refusal = Operator(tmp_path, capsys).refused("radius", "serve", "--port", port)
        assert "Nothing can listen" in refusal
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0
    finally:
        process.kill()
    listening.join(60)
    assert not listening.is_alive()
    assert said[:3] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert None not in said  # all that followed came before the end was told
    assert out == f"RADIUS is served at 127.0.0.1 port {port}.\n"
    assert err == ""


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((HOST, 0))
        return int(door.getsockname()[1])
