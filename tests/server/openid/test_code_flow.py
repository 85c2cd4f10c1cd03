"""From an application's request to tokens that it can check, and on by refreshing."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.accounts import groups, people, users
from server.verifier import Verifier
from tests.server.apps import client_of
from tests.server.support import Card, ToldClock, add_card, add_user, make_verifier

from .party import REDIRECT, Browser, Party, answered, hidden, register


def test_a_login_with_the_card_gives_tokens_that_say_so(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    with verifier.database.writing() as connection:
        groups.set_all(connection, 1, ["staff", "wheel"])
    tokens = party.tokens(browser)
    claims = party.claims(tokens["id_token"])
    assert claims["acr"] == "urn:challng:card"
    assert claims["amr"] == ["pwd", "otp", "hwk"]
    assert claims["nonce"] == party.nonce
    assert claims["preferred_username"] == "alice"
    assert claims["groups"] == ["staff", "wheel"]
    assert claims["auth_time"] == int(verifier.clock.now().timestamp())
    assert "alice" not in claims["sub"]
    told = party.userinfo(tokens["access_token"]).json()
    assert told == {name: claims[name] for name in ("sub", "preferred_username", "groups")}
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == verifier.settings.openid_token_seconds


def test_each_scope_opens_its_claims_and_no_other(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    with verifier.database.writing() as connection:
        mail = people.Contact(mail="alice@example.net")
        people.set_contact(connection, verifier.keyring, 1, mail)
    bare = {"iss", "aud", "azp", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "sub"}
    for scope, more in {
        "openid": set(),
        "openid email": {"email", "email_verified"},
        "openid limits": {"limits"},
        "openid unheard-of": set(),
    }.items():
        if "unheard-of" in scope:
            location = browser.through(party.query(scope=scope))
            assert answered(location)["error"] == "invalid_scope"
            continue
        claims = party.claims(party.tokens(browser, scope=scope)["id_token"])
        assert set(claims) == bare | more, scope
    claims = party.claims(party.tokens(browser, scope="openid limits email")["id_token"])
    assert claims["email"] == "alice@example.net"
    assert claims["email_verified"] is False
    assert claims["limits"] == {
        "device_kind": "card",
        "access": "full",
        "currency": "USD",
        "per_day": None,
        "per_five_business_days": None,
    }


def test_a_client_is_given_no_more_than_its_own_scopes(
    verifier: Verifier, browser: Browser
) -> None:
    party = register(verifier, "narrow", scopes=("openid", "groups"))
    tokens = party.tokens(browser, scope="openid profile groups offline_access")
    assert tokens["scope"] == "openid groups"
    assert "refresh_token" not in tokens
    assert "preferred_username" not in party.claims(tokens["id_token"])


@pytest.mark.parametrize("auth", ["basic", "post", "none"])
def test_each_way_to_prove_a_client(verifier: Verifier, browser: Browser, auth: str) -> None:
    party = register(verifier, "another", public=auth == "none")
    answer = party.redeem(party.code(browser.through(party.query())), auth=auth)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert party.refresh(answer.json()["refresh_token"], auth=auth).status_code == 200


@pytest.mark.parametrize(("auth", "secret"), [("basic", "wrong"), ("post", "wrong"), ("none", "")])
def test_a_client_with_a_secret_is_nobody_without_it(
    party: Party, browser: Browser, auth: str, secret: str
) -> None:
    code = party.code(browser.through(party.query()))
    right, party.secret = party.secret, secret
    answer = party.redeem(code, auth=auth)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    party.secret = right
    assert party.redeem(code).status_code == 200  # nobody used it up


def test_a_client_cannot_redeem_the_code_of_another(
    party: Party, verifier: Verifier, browser: Browser
) -> None:
    other = register(verifier, "other")
    code = party.code(browser.through(party.query()))
    other.code_verifier = party.code_verifier
    assert other.redeem(code).json()["error"] == "invalid_grant"
    assert party.redeem(code).status_code == 200


def test_an_ended_client_is_nobody_and_its_tokens_are_worth_nothing(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    tokens = party.tokens(browser)
    verifier.openid.clients.end(party.client_id, "cli:test")
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert party.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    assert browser.get(f"/openid/authorize?{party.query()}").status_code == 400


def test_refreshing_gives_new_tokens_of_the_same_login(
    party: Party, browser: Browser, clock: ToldClock
) -> None:
    first = party.tokens(browser)
    clock.advance(3_000)  # longer than a session may idle
    again = party.refresh(first["refresh_token"]).json()
    after = party.claims(again["id_token"])
    assert again["refresh_token"] != first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert after["auth_time"] == int(clock.now().timestamp()) - 3_000
    assert after["acr"] == "urn:challng:card"
    assert "nonce" not in after
    assert party.userinfo(first["access_token"]).status_code == 401  # it was short-lived
    assert party.userinfo(again["access_token"]).status_code == 200


def test_refreshing_may_narrow_and_never_widens(party: Party, browser: Browser) -> None:
    tokens = party.tokens(browser, scope="openid groups offline_access")
    wider = party.refresh(tokens["refresh_token"], scope="openid profile")
    assert wider.json()["error"] == "invalid_scope"
    narrow = party.refresh(tokens["refresh_token"], scope="openid").json()
    assert narrow["scope"] == "openid"
    assert "groups" not in party.claims(narrow["id_token"])
    again = party.refresh(narrow["refresh_token"]).json()
    assert again["scope"] == "openid groups offline_access"


def test_a_refresh_token_outlives_no_session(
    party: Party, browser: Browser, verifier: Verifier, clock: ToldClock
) -> None:
    tokens = party.tokens(browser)
    clock.advance(verifier.settings.session_seconds)
    assert party.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_is_good_for_a_minute(party: Party, browser: Browser, clock: ToldClock) -> None:
    code = party.code(browser.through(party.query()))
    clock.advance(60)
    assert party.redeem(code).json()["error"] == "invalid_grant"


def test_the_code_goes_with_its_address_and_its_verifier(party: Party, browser: Browser) -> None:
    code = party.code(browser.through(party.query()))
    elsewhere = party.redeem(code, redirect_uri="https://app.example.com/other")
    assert elsewhere.json()["error"] == "invalid_grant"
    for verifier in ("x" * 43, party.code_verifier.swapcase()):
        assert party.redeem(code, code_verifier=verifier).json()["error"] == "invalid_grant"
    assert party.redeem(code, code_verifier="").json()["error"] == "invalid_request"
    assert party.redeem(code).status_code == 200


def test_sub_is_the_same_for_ever_and_for_no_two_users(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    add_user(verifier, "bob")
    card = Card(number=2, key=bytes(32))
    add_card(verifier, card, "bob")
    first = party.claims(party.tokens(browser)["id_token"])["sub"]
    again = party.claims(party.tokens(browser)["id_token"])["sub"]
    bob = party.claims(party.tokens(Browser(verifier, card, "bob"))["id_token"])["sub"]
    assert first == again != bob


def test_a_user_agrees_once_in_a_session(verifier: Verifier, browser: Browser) -> None:
    party = register(verifier, "foreign", first_party=False)
    party.tokens(browser)
    straight = browser.get(f"/openid/authorize?{party.query()}")
    assert straight.headers["location"].startswith(REDIRECT)  # agreed to already
    more = browser.get(f"/openid/authorize?{party.query(scope='openid email')}")
    assert "your mail address" in more.text
    asked = browser.get(f"/openid/authorize?{party.query(prompt='consent')}")
    assert 'value="allow"' in asked.text


def test_whoever_does_not_agree_is_sent_back_with_that(
    verifier: Verifier, browser: Browser
) -> None:
    party = register(verifier, "foreign", first_party=False)
    browser.through(party.query())
    page = browser.get(f"/openid/authorize?{party.query(prompt='consent')}")
    answer = browser.client.post("/openid/consent", data=hidden(page) | {"decision": "deny"})
    told = answered(answer.headers["location"])
    assert told == {"error": "access_denied", "state": party.state, "iss": told["iss"]}


def test_agreeing_needs_a_form_of_our_own(verifier: Verifier, browser: Browser) -> None:
    party = register(verifier, "foreign", first_party=False)
    browser.through(party.query())
    page = browser.get(f"/openid/authorize?{party.query(prompt='consent')}")
    fields = hidden(page) | {"decision": "allow"}
    for forged in (fields | {"form": "0" * 64}, {"request": party.query(), "decision": "allow"}):
        answer = browser.client.post("/openid/consent", data=forged)
        assert answer.status_code == 403
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert browser.client.post("/openid/consent", data=fields, headers=headers).status_code == 403


def test_groups_keep_others_out(verifier: Verifier, browser: Browser) -> None:
    party = register(verifier, "inner", groups=("wheel",))
    browser.through(register(verifier).query())
    page = browser.get(f"/openid/authorize?{party.query()}")
    assert page.status_code == 403
    assert "does not let you into The Application" in page.text
    silent = browser.get(f"/openid/authorize?{party.query(prompt='none')}")
    assert answered(silent.headers["location"])["error"] == "access_denied"
    with verifier.database.writing() as connection:
        groups.set_all(connection, users.get(connection, "alice").id, ["wheel"])
    tokens = party.tokens(browser)
    with verifier.database.writing() as connection:
        groups.set_all(connection, users.get(connection, "alice").id, [])
    assert party.userinfo(tokens["access_token"]).status_code == 401  # at once
    assert party.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_introspection_tells_a_client_of_its_own_tokens_alone(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    tokens = party.tokens(browser)
    for kind in ("access_token", "refresh_token"):
        told = party.post("/openid/introspect", {"token": tokens[kind]}).json()
        assert told["active"] is True
        assert told["username"] == "alice"
        assert told["amr"] == ["pwd", "otp", "hwk"]
        other = register(verifier, f"other-{kind.replace('_', '-')}")
        assert other.post("/openid/introspect", {"token": tokens[kind]}).json() == {"active": False}
    assert party.post("/openid/introspect", {"token": "nothing"}).json() == {"active": False}
    public = register(verifier, "public", public=True)
    refused = public.post("/openid/introspect", {"token": tokens["access_token"]}, auth="none")
    assert refused.status_code == 401


def test_revoking(party: Party, browser: Browser, verifier: Verifier) -> None:
    tokens = party.tokens(browser)
    other = register(verifier, "other")
    stranger = other.post("/openid/revoke", {"token": tokens["refresh_token"]})
    assert stranger.json()["error"] == "invalid_grant"
    assert party.post("/openid/revoke", {"token": tokens["access_token"]}).status_code == 200
    assert party.userinfo(tokens["access_token"]).status_code == 401
    again = party.refresh(tokens["refresh_token"]).json()
    assert party.post("/openid/revoke", {"token": again["refresh_token"]}).status_code == 200
    assert party.userinfo(again["access_token"]).status_code == 401  # the family is over
    assert party.refresh(again["refresh_token"]).json()["error"] == "invalid_grant"
    assert party.post("/openid/revoke", {"token": "nothing"}).status_code == 200


def test_without_a_public_address_there_is_no_provider(tmp_path: Path) -> None:
    made = make_verifier(tmp_path)
    client = client_of(made)
    for place in ("/.well-known/openid-configuration", "/openid/jwks", "/openid/authorize"):
        assert client.get(place).status_code == 404, place
    for place in ("/openid/token", "/openid/authorize", "/openid/revoke", "/openid/introspect"):
        assert client.post(place, data={"a": "b"}).status_code == 404, place
    made.close()
