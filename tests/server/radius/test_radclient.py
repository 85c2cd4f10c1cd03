"""FreeRADIUS's own client, which shares no line with ours: a whole login, and Status-Server."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from server.verifier import Verifier
from tests.server.support import PASSWORD, Card, wrong

from .support import HOST, SECRET, add_client, digits_in, serving

pytestmark = pytest.mark.skipif(
    shutil.which("radclient") is None,
    reason="radclient is not installed; apt-get install freeradius-utils",
)


@pytest.fixture
def port(verifier: Verifier, card: Card) -> Iterator[int]:
    add_client(verifier)
    with serving(verifier) as (number, _, _):
        yield number


def radclient(port: int, kind: str, secret: str = SECRET, **attributes: str) -> str:
    """Send one request; returns what came, the packets written out."""
    lines = [f"{name.replace('_', '-')} = {value}" for name, value in attributes.items()]
    done = subprocess.run(
        ["radclient", "-x", "-r", "1", "-t", "60", f"{HOST}:{port}", kind, secret],
        input="\n".join([*lines, "Message-Authenticator = 0x00"]) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


def test_radclient_logs_in_with_password_and_card(port: int, card: Card) -> None:
    first = radclient(port, "auth", User_Name="alice", User_Password=f'"{PASSWORD}"')
    assert "Received Access-Challenge" in first
    assert "Prompt = Echo" in first
    found = re.search(r"State = (0x[0-9a-f]+)", first.partition("Received")[2])
    assert found
    response = card.shows(digits_in(first))
    again = radclient(
        port, "auth", User_Name="alice", User_Password=f'"{wrong(response)}"', State=found[1]
    )
    assert "Received Access-Challenge" in again
    last = radclient(port, "auth", User_Name="alice", User_Password=f'"{response}"', State=found[1])
    assert "Received Access-Accept" in last
    replay = radclient(
        port, "auth", User_Name="alice", User_Password=f'"{response}"', State=found[1]
    )
    assert "Received Access-Reject" in replay


def test_radclient_asks_whether_the_server_is_there(port: int) -> None:
    assert "Received Access-Accept" in radclient(port, "status")


def test_radclient_takes_no_chap(port: int) -> None:
    told = radclient(port, "auth", User_Name="alice", CHAP_Password=f'"{PASSWORD}"')
    assert "Received Access-Reject" in told
    assert "PAP" in told
