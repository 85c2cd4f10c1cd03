"""Clients are kept by the operator's commands and by an admin at the desk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from server import cli
from server.accounts.roles import Role
from server.db.tables import audit_log
from server.db.tables import users as users_table
from server.errors import NotTaken
from server.login.access import Access
from server.openid.client import Client, check_address
from server.verifier import Verifier
from tests.server.browser import forms
from tests.server.support import commands_find

from .party import ISSUER, REDIRECT, Browser, Party, register

DESK = "/desk/applications"


@pytest.fixture
def command(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    monkeypatch.setenv("CHALLNG_PUBLIC_URL", ISSUER)
    commands_find(verifier, monkeypatch)

    def run(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()  # what the application has logged
        code = cli.main(["openid", *map(str, arguments)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_a_client_made_by_command_logs_a_user_in(
    command: Any, verifier: Verifier, browser: Browser, tmp_path: Path
) -> None:
    out = tmp_path / "secret"
    adding = ("client", "add", "gitea", "--name", "Gitea", "--redirect-uri", REDIRECT)
    assert command(*adding, "--first-party", "--out", out)[0] == 0
    assert out.stat().st_mode & 0o777 == 0o600
    party = Party(verifier, "gitea", out.read_text().strip())
    assert party.tokens(browser)

    code, told = command("client", "show", "gitea")
    assert code == 0
    assert f"issuer\t{ISSUER}" in told
    assert f"redirect_uris\t{REDIRECT}" in told
    assert str(party.secret) not in told
    assert command("client", "list") == (0, "gitea\tconfidential\tGitea\n")

    again = tmp_path / "again"
    assert command("client", "secret", "gitea", "--out", again)[0] == 0
    assert party.redeem("x").json()["error"] == "invalid_client"
    party.secret = again.read_text().strip()
    assert party.redeem("x").json()["error"] == "invalid_grant"

    assert command("client", "remove", "gitea")[0] == 0
    assert party.redeem("x").json()["error"] == "invalid_client"
    assert command("client", "list") == (0, "gitea\tended\tGitea\n")
    code, told = command(*adding, "--public")
    assert code == 1  # an id is never used again
    assert "there is, or was, a client" in told.lower()


def test_what_a_command_refuses_leaves_nothing_behind(
    command: Any, verifier: Verifier, tmp_path: Path
) -> None:
    out = tmp_path / "secret"
    good = ("--redirect-uri", REDIRECT)
    for arguments, word in (
        (("UPPER", *good), "id"),
        (("app",), "redirect_uris"),
        (("app", "--redirect-uri", "http://app.example.com/cb"), "redirect_uris"),
        (("app", *good, "--post-logout-uri", "x"), "logout_uris"),
        (("app", *good, "--group", "a b"), "groups"),
        (("app", *good, "--scope", "profile"), "scopes"),
    ):
        code, told = command("client", "add", *arguments, "--out", out)
        assert (code, out.exists()) == (1, False), arguments
        assert f"{word}:" in told
    out.write_text("mine")
    code, told = command("client", "add", "app", *good, "--out", out)
    assert (code, out.read_text()) == (1, "mine")
    assert verifier.openid.clients.all_of_them() == []
    for act in (("show", "app"), ("remove", "app"), ("secret", "app", "--out", tmp_path / "x")):
        code, told = command("client", *act)
        assert code == 1
        assert "openid client list" in told
    assert not (tmp_path / "x").exists()
    register(verifier, "spa", public=True)
    code, told = command("client", "secret", "spa", "--out", tmp_path / "x")
    assert (code, (tmp_path / "x").exists()) == (1, False)


def test_keys_by_command(command: Any, verifier: Verifier) -> None:
    kid, _ = verifier.openid.keys.signing()
    assert command("key", "rotate")[0] == 0
    lines = command("key", "list")[1].splitlines()
    assert [line.split("\t")[2] for line in lines] == ["next", "current"]
    assert command("key", "rotate", "--now")[0] == 0
    lines = command("key", "list")[1].splitlines()
    assert [line.split("\t")[2] for line in lines] == ["current", "gone", "gone"]
    assert kid == lines[-1].split("\t")[0]


@pytest.fixture
def admin(verifier: Verifier, browser: Browser) -> Browser:
    with verifier.database.writing() as connection:
        connection.execute(update(users_table).values(role=Role.ADMIN.value))
    browser.follow_login()
    return browser


def test_an_admin_adds_and_ends_an_application_at_the_desk(
    admin: Browser, verifier: Verifier
) -> None:
    page = admin.get(DESK)
    assert ISSUER in page.text
    fields = forms(page)[DESK] | {
        "id": "wiki",
        "name": "The Wiki",
        "redirect_uris": f"{REDIRECT}\r\nhttps://app.example.com/other",
        "first_party": "yes",
    }
    shown = admin.client.post(DESK, data=fields)
    secret = re.findall(r'id="secret">([^<]*)<', shown.text)[0]
    party = Party(verifier, "wiki", secret)
    assert party.tokens(admin)
    page = admin.get(DESK)
    assert "The Wiki" in page.text
    assert secret not in page.text

    renewed = admin.client.post(f"{DESK}/wiki/secret", data=forms(page)[f"{DESK}/wiki/secret"])
    assert secret not in renewed.text
    assert party.redeem("x").json()["error"] == "invalid_client"

    ending = forms(page)[f"{DESK}/wiki/end"]
    unsaid = admin.client.post(f"{DESK}/wiki/end", data=ending | {"reason": ""})
    assert unsaid.status_code == 422
    assert 'role="alert"' in unsaid.text
    done = admin.client.post(f"{DESK}/wiki/end", data=ending | {"reason": "not used any more"})
    assert done.headers["location"] == f"{DESK}?ended"
    assert verifier.openid.clients.find("wiki") is None
    with verifier.database.reading() as connection:
        told = connection.execute(
            select(audit_log.c.actor, audit_log.c.detail).where(
                audit_log.c.event == "openid-client.ended"
            )
        ).one()
    assert told.actor == "user:alice"
    assert "not used any more" in told.detail


def test_what_the_desk_types_wrong_is_kept_and_named(admin: Browser, verifier: Verifier) -> None:
    form = forms(admin.get(DESK))[DESK]
    typed = {"id": "wiki", "name": "<b>", "redirect_uris": "http://app.example.com", "groups": ""}
    page = admin.client.post(DESK, data=form | typed)
    assert page.status_code == 422
    assert "&lt;b&gt;" in page.text
    assert 'id="redirect_uris-problem"' in page.text
    assert verifier.openid.clients.all_of_them() == []


def test_a_public_client_has_no_secret_to_be_shown(admin: Browser, verifier: Verifier) -> None:
    form = forms(admin.get(DESK))[DESK]
    typed = {"id": "spa", "redirect_uris": REDIRECT, "public": "yes", "restricted": "yes"}
    page = admin.client.post(DESK, data=form | typed)
    assert "It has no secret." in page.text
    client = verifier.openid.clients.find("spa")
    assert client is not None
    assert client.public
    assert client.access == (Access.FULL, Access.RESTRICTED)


def test_the_desk_page_is_an_admins_alone(verifier: Verifier, browser: Browser) -> None:
    browser.follow_login()
    for role in Role:
        with verifier.database.writing() as connection:
            connection.execute(update(users_table).values(role=role.value))
        expected = 200 if role is Role.ADMIN else 403
        assert browser.get(DESK).status_code == expected, role


def test_addresses_that_a_browser_may_be_sent_to() -> None:
    for address in (
        "https://app.example.com",
        "https://app.example.com:8443/a/b?c=d",
        "http://localhost:3000/callback",
        "http://127.0.0.1/callback",
        "http://[::1]:3000/callback",
    ):
        assert check_address(address, "f") == address
    for address in (
        "http://app.example.com",
        "https://user@app.example.com/",
        "https://app.example.com/#x",
        "https://app.example.com/a b",
        "https://app.example.com/;form-action *",
        "https://app.example.com:99999/",
        "https:///x",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/callback",
        "https://app.example.com\n/x",
        "https://app.example.com/" + "x" * 512,
    ):
        with pytest.raises(NotTaken):
            check_address(address, "f")


def test_no_client_lets_in_what_opens_no_application() -> None:
    for access in Access:
        client = Client("app", "App", (REDIRECT,), access=tuple(Access))
        expected = access in {Access.FULL, Access.RESTRICTED}
        assert client.lets_in(access, ()) is expected
        by_default = Client("app", "App", (REDIRECT,)).lets_in(access, ())
        assert by_default is (access is Access.FULL)
