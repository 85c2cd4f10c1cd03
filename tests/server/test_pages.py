"""The login pages, as a browser without JavaScript uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.errors import SessionUnknown
from server.factors import cards
from server.verifier import Verifier

from .browser import Browser, forms
from .support import PASSWORD, Card, ToldClock, add_card, add_user, make_verifier, wrong


@pytest.fixture
def browser(verifier: Verifier) -> Browser:
    return Browser(verifier)


def test_a_person_logs_in_and_out(browser: Browser, card: Card) -> None:
    asked = browser.password()
    assert asked.status_code == 200
    assert asked.url.path.startswith("/login/")
    assert "Valid until" in asked.text
    assert "12:02:00 UTC" in asked.text
    home = browser.send(answer=card.shows(browser.challenge()))
    assert home.url.path == "/"
    assert "You are signed in" in home.text
    assert card.serial in home.text
    assert browser.get("/login").url.path == "/"
    browser.get("/")
    out = browser.send("/logout")
    assert "You are logged out" in out.text
    assert browser.get("/").url.path == "/login"


def test_a_wrong_password_and_an_unknown_user_show_the_same_page(browser: Browser) -> None:
    shown = []
    for name, password in (("alice", "not hers"), ("nobody", PASSWORD)):
        page = browser.password(name, password)
        assert page.status_code == 401
        shown.append(page.text.replace(name, "NAME"))
        assert password not in page.text
    assert shown[0] == shown[1]


def test_empty_fields_are_told_beside_them(browser: Browser) -> None:
    page = browser.password("", "")
    assert page.status_code == 422
    assert 'aria-describedby="username-problem"' in page.text
    assert 'aria-describedby="password-problem"' in page.text


def test_a_wrong_response_says_how_many_tries_are_left(browser: Browser, card: Card) -> None:
    browser.password()
    bad = wrong(card.shows(browser.challenge()))
    assert "2 more tries" in browser.send(answer=bad).text
    assert "One more try" in browser.send(answer=bad).text
    over = browser.send(answer=bad)
    assert over.status_code == 401
    assert "no more tries" in over.text
    assert not forms(over)


def test_a_malformed_response_costs_no_try(browser: Browser, card: Card) -> None:
    browser.password()
    for text in ("", "123", "abcdefgh", "１２３４５６７８"):
        page = browser.send(answer=text)
        assert page.status_code == 422
        assert "8 digits" in page.text
    shown = card.shows(browser.challenge())
    assert browser.send(answer=f" {shown[:4]} {shown[4:]} ").url.path == "/"


def test_an_expired_challenge_leads_back(browser: Browser, card: Card, clock: ToldClock) -> None:
    asked = browser.password()
    clock.advance(120)
    assert browser.get(asked.url.path).status_code == 410
    browser.page = asked
    late = browser.send(answer="12345678")
    assert late.status_code == 410
    assert "Start again" in late.text


def test_a_locked_card_is_told_at_once(browser: Browser, card: Card, verifier: Verifier) -> None:
    for _ in range(4):
        browser.password()
        bad = wrong(card.shows(browser.challenge()))
        for _ in range(3):
            if forms(browser.page) and "is locked" not in browser.page.text:
                browser.send(answer=bad)
    page = browser.password()
    assert page.status_code == 423
    assert "Only the support desk can unlock it" in page.text
    with verifier.database.writing() as connection:
        cards.unlock(connection, card.serial)
    assert browser.password().status_code == 200


def test_the_back_button_and_a_double_submit_do_no_harm(browser: Browser, card: Card) -> None:
    asked = browser.password()
    answer = card.shows(browser.challenge())
    assert browser.send(answer=answer).url.path == "/"
    browser.page = asked  # back, and sent once more
    again = browser.send(answer=answer)
    assert again.status_code == 409
    assert browser.get("/").url.path == "/"  # still signed in
    assert browser.get(asked.url.path).status_code == 409


def test_another_card_can_be_chosen(browser: Browser, card: Card, verifier: Verifier) -> None:
    second = Card(number=2, key=b"k" * 32)
    add_card(verifier, second)
    page = browser.password()
    assert card.serial in page.text
    assert second.serial in page.text
    action = next(each for each in forms(page) if each.endswith("/factor"))
    browser.send(action, factor="card")
    assert browser.send(answer=card.shows(browser.challenge())).url.path == "/"


def test_a_user_without_a_card_is_told_what_he_may(browser: Browser) -> None:
    home = browser.password()
    assert home.url.path == "/"
    assert "until a device is set up" in home.text


def test_a_login_belongs_to_the_browser_that_began_it(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    asked = browser.password()
    stranger = Browser(verifier)
    assert stranger.get(asked.url.path).status_code == 404
    stranger.get("/login")
    assert stranger.get(asked.url.path).status_code == 404
    assert browser.get(asked.url.path).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/login/AAAAAAAAAAAAAAAAAAAAAA", "/logout"])
def test_a_form_from_elsewhere_is_refused(browser: Browser, card: Card, path: str) -> None:
    browser.get("/login")
    fields = {"username": "alice", "password": PASSWORD, "answer": "12345678"}
    token = forms(browser.page)["/login"]["form"]
    other_page = {"Sec-Fetch-Site": "cross-site"}
    for data, headers in (
        (fields, {}),
        (fields | {"form": "0" * 64}, {}),
        (fields | {"form": "é"}, {}),
        (fields | {"form": token}, other_page),
    ):
        refused = browser.client.post(path, data=data, headers=headers)
        assert refused.status_code == 403, (data, headers)
    json_body = browser.client.post(path, json=fields | {"form": token})
    assert json_body.status_code == 403
    browser.client.cookies.clear()
    assert browser.client.post(path, data=fields | {"form": token}).status_code == 403


def test_logging_in_anew_ends_the_session_before(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    browser.password()
    browser.send(answer=card.shows(browser.challenge()))
    first = browser.client.cookies["challng_session"]
    browser.client.cookies.delete("challng_session")  # the login page would lead back at once
    browser.password()
    browser.client.cookies.set("challng_session", first)
    browser.send(answer=card.shows(browser.challenge()))
    with pytest.raises(SessionUnknown):
        verifier.sessions.find(first, verifier.clock.now())


def test_every_answer_carries_the_security_headers(browser: Browser) -> None:
    for path in ("/login", "/static/challng.css", "/nothing", "/healthz"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    for text in browser.get("/login").headers.get_list("set-cookie"):
        assert "HttpOnly" in text
        assert "SameSite=strict" in text
        assert "Path=/" in text


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Browser]:
    verifier = make_verifier(tmp_path, https=True)
    add_user(verifier)
    yield Browser(verifier, "https://testserver")
    verifier.close()


def test_with_https_cookies_are_host_cookies_and_the_browser_stays_with_https(
    secure: Browser,
) -> None:
    page = secure.get("/login")
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-challng_browser=")
    assert "Secure" in cookie
    assert "max-age=31536000" in page.headers["strict-transport-security"]
    assert secure.password().url.path == "/"
    assert "__Host-challng_session" in secure.client.cookies


def test_pages_need_no_script_and_bring_none_of_their_own(browser: Browser, card: Card) -> None:
    for page in (browser.get("/login"), browser.password()):
        assert '<html lang="en">' in page.text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text)


def test_an_unknown_address_is_a_page_for_a_person(browser: Browser) -> None:
    page = browser.get("/nothing")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "Nothing here" in page.text
