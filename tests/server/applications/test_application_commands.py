"""`challng-server application`."""

from __future__ import annotations

import re

from server.applications.applications import TOKENS, May
from server.verifier import Verifier

from ..test_commands import Operator, empty, fast_and_alone, opened, operator
from .programs import add_application, revoke

__all__ = ["empty", "fast_and_alone", "operator"]


def test_an_applications_token_stands_in_its_file_alone(operator: Operator) -> None:
    out = operator.folder / "token"
    command = ("application", "add", "cloud", "--may", "validate", "--may", "confirm")
    assert operator(*command, "--out", out) == 0
    token = out.read_text().removesuffix("\n")
    assert re.fullmatch(r"cha_[A-Za-z0-9_-]{43}", token)
    assert out.stat().st_mode & 0o777 == 0o600
    assert token not in operator.out
    for path in operator.data.iterdir():
        assert token.encode() not in path.read_bytes(), path.name
    with opened(operator).database.reading() as connection:
        found = TOKENS.find(connection, token)
    assert found is not None
    assert (found.name, found.may) == ("cloud", {May.VALIDATE, May.CONFIRM})


def test_applications_are_listed_with_what_they_may_and_revoked(operator: Operator) -> None:
    for name, may in (("bank", "confirm"), ("cloud", "validate")):
        out = operator.folder / name
        assert operator("application", "add", name, "--may", may, "--out", out) == 0
    assert operator("application", "revoke", "bank") == 0
    assert operator("application", "list") == 0
    assert operator.out == "bank\trevoked\tconfirm\ncloud\tactive\tvalidate\n"
    assert "application list" in operator.refused("application", "revoke", "bank")
    out = operator.folder / "again"
    refused = operator.refused("application", "add", "bank", "--may", "confirm", "--out", out)
    assert "another name" in refused
    assert not out.exists()


def test_an_application_without_a_right_is_a_usage_error(operator: Operator) -> None:
    out = operator.folder / "token"
    assert operator("application", "add", "cloud", "--out", out) == 2
    assert operator("application", "add", "cloud", "--may", "everything", "--out", out) == 2
    assert not out.exists()


def test_a_provisioners_token_is_no_applications(verifier: Verifier) -> None:
    token = add_application(verifier, "cloud", May.VALIDATE)
    with verifier.database.reading() as connection:
        assert TOKENS.find(connection, token.replace("cha_", "chp_")) is None
        assert TOKENS.find(connection, token[:-1]) is None
        assert TOKENS.find(connection, token) is not None
    revoke(verifier, "cloud")
    with verifier.database.reading() as connection:
        assert TOKENS.find(connection, token) is None
