"""What comes a second time ends all that came of it; what ends a session ends its tokens."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.verify import verify
from server.commands import cards, users
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_log, openid_grants, openid_tokens
from server.openid.tokens import Tokens
from server.verifier import Verifier
from tests.server.browser import forms
from tests.server.support import PASSWORD, Card, ToldClock

from .party import Browser, Party, register


def dead(party: Party, tokens: dict[str, Any]) -> bool:
    """Tell whether both tokens of an answer are worth nothing; either way both are tried."""
    seen = party.userinfo(tokens["access_token"]).status_code
    told = party.post("/openid/introspect", {"token": tokens["refresh_token"]}).json()
    refreshed = party.refresh(tokens["refresh_token"])
    assert (seen == 401) == (refreshed.status_code == 400) == (not told["active"])
    return seen == 401


def events(verifier: Verifier) -> list[str]:
    with verifier.database.reading() as connection:
        found = connection.execute(select(audit_log.c.event).order_by(audit_log.c.seq)).scalars()
        return [event for event in found if event.startswith("openid")]


def test_a_code_that_comes_twice_ends_what_it_was_redeemed_for(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    code = party.code(browser.through(party.query()))
    tokens = party.redeem(code).json()
    assert party.redeem(code).json()["error"] == "invalid_grant"
    assert dead(party, tokens)
    assert "openid.replayed" in events(verifier)


def test_a_refresh_token_that_comes_twice_ends_its_family(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    first = party.tokens(browser)
    second = party.refresh(first["refresh_token"]).json()
    third = party.refresh(second["refresh_token"]).json()
    assert party.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert dead(party, third)
    assert events(verifier).count("openid.replayed") == 1
    again = party.tokens(browser)  # another family of the same session is untouched
    assert not dead(party, again)


def test_another_clients_token_is_neither_used_nor_ended(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    tokens = party.tokens(browser)
    other = register(verifier, "other")
    for _ in range(2):
        assert other.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert not dead(party, tokens)


def log_out(browser: Browser, _verifier: Verifier) -> None:
    page = browser.get("/")
    browser.client.post("/logout", data=forms(page)["/logout"])


def log_out_everywhere(browser: Browser, verifier: Verifier) -> None:
    other = Browser(verifier, browser.card)
    other.follow_login()
    page = other.get("/")
    other.client.post("/logout/everywhere", data=forms(page)["/logout/everywhere"])


def lock_the_user(_browser: Browser, verifier: Verifier) -> None:
    users.lock(verifier, Namespace(name="alice", unlock=False))


def change_the_password(_browser: Browser, verifier: Verifier) -> None:
    file = verifier.settings.data / "new-password"
    file.write_text(PASSWORD + "2")
    file.chmod(0o600)
    users.passwd(verifier, Namespace(name="alice", password_file=str(file)))


def revoke_the_card(_browser: Browser, verifier: Verifier) -> None:
    cards.revoke(verifier, Namespace(serial=Card().serial))


def log_in_anew(browser: Browser, verifier: Verifier) -> None:
    other = register(verifier, "other")
    browser.through(other.query(prompt="login"))


@pytest.mark.parametrize(
    "end",
    [
        log_out,
        log_out_everywhere,
        lock_the_user,
        change_the_password,
        revoke_the_card,
        log_in_anew,
    ],
)
def test_what_ends_a_session_ends_its_codes_and_tokens(
    party: Party, browser: Browser, verifier: Verifier, end: Any
) -> None:
    tokens = party.tokens(browser)
    code = party.code(browser.through(party.query()))
    assert party.userinfo(tokens["access_token"]).status_code == 200
    end(browser, verifier)
    assert party.redeem(code).json()["error"] == "invalid_grant"
    assert dead(party, tokens)
    with verifier.database.reading() as connection:
        left = select(openid_grants.c.client_id).join(openid_tokens, isouter=True)
        assert "app" not in connection.execute(left).scalars().all()


def test_a_session_that_ends_while_a_code_is_made_gets_none(
    party: Party, browser: Browser, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.through(party.query())
    grant = Tokens.grant

    def log_out_first(tokens: Tokens, *given: Any, **more: Any) -> None:
        log_out(browser, verifier)
        grant(tokens, *given, **more)

    monkeypatch.setattr(Tokens, "grant", log_out_first)
    answer = browser.get(f"/openid/authorize?{party.query()}")
    assert answer.headers["location"] == "/login"


def test_a_session_that_is_renewed_keeps_its_tokens(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    tokens = party.tokens(browser)
    cookie = next(iter(c.value for c in browser.client.cookies.jar if "session" in c.name))
    assert cookie is not None
    session = verifier.sessions.find(cookie, verifier.clock.now())
    assert verifier.sessions.renew(session) is not None
    assert not dead(party, tokens)


def test_what_can_open_nothing_any_more_is_forgotten(
    party: Party, browser: Browser, verifier: Verifier, clock: ToldClock
) -> None:
    def kept() -> tuple[int, int]:
        with verifier.database.reading() as connection:
            return (
                len(connection.execute(select(openid_grants)).all()),
                len(connection.execute(select(openid_tokens)).all()),
            )

    tokens = party.tokens(browser)
    for _ in range(5):
        clock.advance(verifier.settings.openid_token_seconds)
        tokens = party.refresh(tokens["refresh_token"]).json()
    assert kept() == (1, 7)  # six refresh tokens, so that one of them is known if it comes again
    clock.advance(verifier.settings.session_seconds)
    party.tokens(browser)
    assert kept() == (1, 2)


def test_nothing_that_opens_anything_stands_in_the_database_or_the_log(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    code = party.code(browser.through(party.query()))
    tokens = party.redeem(code).json()
    secrets = [code, party.secret, tokens["access_token"], tokens["refresh_token"]]
    secrets.append(tokens["id_token"])
    _, key = verifier.openid.keys.signing()
    secrets.append(str(key.as_dict(private=True)["d"]))
    for file in verifier.settings.data.iterdir():
        content = file.read_bytes()
        for secret in secrets:
            assert str(secret).encode() not in content, file.name


def test_every_decision_is_in_the_audit_log(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    tokens = party.tokens(browser)
    party.refresh(tokens["refresh_token"])
    party.refresh(tokens["refresh_token"])
    verifier.openid.clients.end("app", "cli:test")
    assert events(verifier) == [
        "openid-client.added",
        "openid.granted",
        "openid.tokens-issued",
        "openid-key.added",
        "openid.tokens-issued",
        "openid.replayed",
        "openid-client.ended",
    ]
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None
