"""Logging out at an application's wish, and at no stranger's."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from server.verifier import Verifier
from tests.server.browser import forms
from tests.server.support import ToldClock

from .party import FAREWELL, Browser, Party, register


def place(**given: str) -> str:
    return f"/openid/end-session?{urlencode(given)}"


def logged_in(browser: Browser) -> bool:
    return browser.get("/").status_code == 200


def test_with_an_id_token_it_is_done_and_the_browser_goes_back(
    party: Party, browser: Browser, clock: ToldClock
) -> None:
    tokens = party.tokens(browser)
    clock.advance(1_200)  # it has expired, and is a hint all the same
    wish = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": FAREWELL,
        "state": "a b&c",
    }
    answer = browser.get(place(**wish))
    assert answer.headers["location"] == f"{FAREWELL}?state=a+b%26c"
    assert not logged_in(browser)
    assert party.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert browser.get(place(**wish)).headers["location"].startswith(FAREWELL)  # once more


def test_without_one_the_user_is_asked(party: Party, browser: Browser) -> None:
    party.tokens(browser)
    wish = {"client_id": "app", "post_logout_redirect_uri": FAREWELL}
    page = browser.get(place(**wish))
    assert "The Application asks to log you out" in page.text
    assert "form-action 'self' https://app.example.com;" in page.headers["content-security-policy"]
    assert logged_in(browser)
    fields = forms(page)["/openid/logout"]
    forged = browser.client.post("/openid/logout", data=fields | {"form": "0" * 64})
    assert forged.status_code == 403
    assert logged_in(browser)
    answer = browser.client.post("/openid/logout", data=fields)
    assert answer.headers["location"] == FAREWELL
    assert not logged_in(browser)


def test_the_wish_may_come_by_a_form_and_from_another_site(party: Party, browser: Browser) -> None:
    tokens = party.tokens(browser)
    wish = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": FAREWELL}
    page = browser.client.post("/openid/end-session", data=wish)
    assert page.status_code == 200
    assert browser.follow(page) == FAREWELL
    assert not logged_in(browser)


def test_nobody_is_sent_where_no_client_has_registered(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    register(verifier, "other", logout_uris=("https://other.example.com/bye",))
    tokens = party.tokens(browser)
    for address in ("https://evil.example.net", "https://other.example.com/bye", f"{FAREWELL}/"):
        for who in ({"client_id": "app"}, {"client_id": "nobody"}, {}):
            page = browser.get(place(post_logout_redirect_uri=address, **who))
            assert page.status_code == 200
            policy = page.headers["content-security-policy"]
            assert "form-action 'self';" in policy
    mixed = place(
        id_token_hint=tokens["id_token"], client_id="other", post_logout_redirect_uri=FAREWELL
    )
    assert browser.get(mixed).status_code == 200  # asked: the token is another client's
    answer = browser.get(
        place(id_token_hint=tokens["id_token"], post_logout_redirect_uri="https://evil.example.net")
    )
    assert answer.headers["location"] == "/login?out"


@pytest.mark.parametrize("hint", ["", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_a_hint_that_is_none_spares_no_question(party: Party, browser: Browser, hint: str) -> None:
    party.tokens(browser)
    assert browser.get(place(id_token_hint=hint)).status_code == 200
    assert logged_in(browser)
