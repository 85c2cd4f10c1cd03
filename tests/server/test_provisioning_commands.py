"""`challng-server provisioner` and `card revoke`."""

from __future__ import annotations

import re

import pytest

from protocol import serial
from server.provisioning import provisioners

from .support import Card
from .test_commands import Operator, empty, fast_and_alone, opened, operator

__all__ = ["empty", "fast_and_alone", "operator"]


def test_a_credentials_token_stands_in_its_file_alone(operator: Operator) -> None:
    out = operator.folder / "token"
    assert operator("provisioner", "add", "desk", "--out", out) == 0
    token = out.read_text().removesuffix("\n")
    assert re.fullmatch(r"chp_[A-Za-z0-9_-]{43}", token)
    assert out.stat().st_mode & 0o777 == 0o600
    assert token not in operator.out
    for path in operator.data.iterdir():
        assert token.encode() not in path.read_bytes(), path.name
    with opened(operator).database.reading() as connection:
        found = provisioners.find(connection, token)
    assert found is not None
    assert found.name == "desk"


def test_credentials_are_listed_and_revoked(operator: Operator) -> None:
    operator("provisioner", "add", "desk", "--out", operator.folder / "token")
    assert operator("provisioner", "revoke", "desk") == 0
    assert operator("provisioner", "list") == 0
    assert operator.out == "desk\trevoked\n"
    assert "provisioner list" in operator.refused("provisioner", "revoke", "desk")
    assert "another name" in operator.refused(
        "provisioner", "add", "desk", "--out", operator.folder / "second"
    )


@pytest.mark.parametrize("name", ["Desk", "a b", "", "x" * 65])
def test_a_credential_that_is_refused_leaves_no_file(operator: Operator, name: str) -> None:
    out = operator.folder / "token"
    operator.refused("provisioner", "add", name, "--out", out)
    assert not out.exists()


def test_a_token_is_never_written_over_a_file(operator: Operator) -> None:
    out = operator.file("token", "dear diary")
    assert "is there already" in operator.refused("provisioner", "add", "desk", "--out", out)
    assert out.read_text() == "dear diary"
    missing = operator.folder / "no such folder" / "token"
    operator.refused("provisioner", "add", "desk", "--out", missing)
    operator("provisioner", "list")
    assert operator.out == ""


def test_the_operator_takes_a_card_away_for_good(operator: Operator) -> None:
    operator(*operator.import_card())
    assert operator("card", "revoke", Card().serial) == 0
    assert operator("card", "list") == 0
    assert operator.out == f"{Card().serial}\talice\trevoked\t0\tnever\n"
    assert "no card" in operator.refused("card", "revoke", Card().serial)
    assert "no card" in operator.refused("card", "unlock", Card().serial)
    assert "no card" in operator.refused("card", "revoke", serial.make(9))
    assert operator(*operator.import_card(records=[Card(key=b"n" * 32)])) == 0


def test_a_key_is_rotated_beside_a_revoked_card(operator: Operator) -> None:
    operator(*operator.import_card())
    operator("card", "revoke", Card().serial)
    assert operator("key", "rotate") == 0
    assert "6 values" in operator.out
