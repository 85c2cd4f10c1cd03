"""A session at the pages: how long it lasts, when its cookie is another, and how it is ended."""

from __future__ import annotations

import pytest

from server.errors import SessionUnknown
from server.states.device import DeviceState
from server.verifier import Verifier

from .browser import Browser
from .holders import add_holder
from .support import Api, Card, ToldClock, add_card, add_user
from .test_activation import give

COOKIE = "challng_session"
QUARTER = 15 * 60


def sign_in(browser: Browser, card: Card, user: str = "alice") -> Browser:
    browser.password(user)
    browser.send(answer=card.shows(browser.challenge()))
    assert browser.page.url.path == "/"
    return browser


def cookie(browser: Browser) -> str:
    return str(browser.client.cookies[COOKIE])


def is_signed_in(browser: Browser) -> bool:
    return str(browser.get("/").url.path) == "/"


def is_over(verifier: Verifier, token: str) -> bool:
    try:
        verifier.sessions.find(token, verifier.clock.now())
    except SessionUnknown:
        return True
    return False


@pytest.fixture
def browser(verifier: Verifier, card: Card) -> Browser:
    """Alice, signed in with her card."""
    return sign_in(Browser(verifier), card)


# --- how long it lasts


def test_after_30_idle_minutes_the_way_leads_to_the_login(
    browser: Browser, clock: ToldClock
) -> None:
    clock.advance(1_799)
    assert is_signed_in(browser)
    clock.advance(1_800)
    assert browser.get("/devices").url.path == "/login"


def test_after_12_hours_of_use_the_way_leads_to_the_login(
    browser: Browser, clock: ToldClock
) -> None:
    for _ in range(47):
        clock.advance(QUARTER)
        assert is_signed_in(browser)
    clock.advance(QUARTER)
    assert browser.get("/devices").url.path == "/login"


def test_a_form_sent_when_the_session_is_over_does_nothing(
    browser: Browser, clock: ToldClock, verifier: Verifier, card: Card
) -> None:
    other = sign_in(Browser(verifier), card)
    clock.advance(1_000)
    assert is_signed_in(other)
    browser.get("/")  # and left open
    idle = browser.page
    clock.advance(1_000)
    assert is_signed_in(other)
    clock.advance(1_000)
    browser.page = idle
    assert browser.send("/logout/everywhere").url.path == "/login"
    assert is_signed_in(other)


# --- when the cookie is another


def test_a_cookie_that_somebody_put_into_the_browser_is_not_the_one_after_the_login(
    verifier: Verifier, card: Card
) -> None:
    """Else whoever put it there would be signed in as alice."""
    add_user(verifier, "mallory")
    hers = Card(number=66, key=b"m" * 32)
    add_card(verifier, hers, "mallory")
    known = cookie(sign_in(Browser(verifier), hers, "mallory"))
    for planted in (known, "A" * 43):
        browser = Browser(verifier)
        browser.password()
        browser.client.cookies.set(COOKIE, planted, domain="testserver.local", path="/")
        browser.send(answer=card.shows(browser.challenge()))
        assert 'id="user">alice<' in browser.page.text
        assert cookie(browser) != planted
        assert is_over(verifier, planted)


def test_the_cookie_is_another_when_the_session_reaches_more(verifier: Verifier, api: Api) -> None:
    """Whoever had the one of the password alone has nothing of what the card opens."""
    new = Card(number=7, key=b"n" * 32)
    give(verifier, new, DeviceState.INACTIVE)
    alice = add_holder(verifier, api)
    browser = Browser(verifier)
    browser.password()
    before = cookie(browser)
    place = f"/devices/{alice.device(new.serial)}/activate"
    browser.get(place)
    browser.send(place)
    assert cookie(browser) == before  # only asked yet
    browser.send(answer=new.shows(browser.challenge()))
    assert cookie(browser) != before
    assert is_over(verifier, before)
    session = verifier.sessions.find(cookie(browser), verifier.clock.now())
    assert (session.user, session.access) == ("alice", "full")


def test_what_was_asked_before_can_be_answered_after_it(verifier: Verifier, api: Api) -> None:
    first, second = Card(number=7, key=b"f" * 32), Card(number=8, key=b"s" * 32)
    for card in (first, second):
        give(verifier, card, DeviceState.INACTIVE)
    alice = add_holder(verifier, api)
    browser = Browser(verifier)
    browser.password()
    asked = []
    for card in (first, second):
        place = f"/devices/{alice.device(card.serial)}/activate"
        browser.get(place)
        asked.append(browser.send(place))
    for page, card in zip(asked, (first, second), strict=True):
        browser.page = page
        browser.send(answer=card.shows(browser.challenge()))
        assert alice.state(card.serial) == "active"


# --- how it is ended


def test_logging_out_ends_this_browsers_session_and_no_other(
    browser: Browser, verifier: Verifier, card: Card
) -> None:
    other, token = sign_in(Browser(verifier), card), cookie(browser)
    browser.get("/")
    browser.send("/logout")
    assert is_over(verifier, token)
    assert is_signed_in(other)


def test_logging_out_everywhere_ends_the_session_of_the_other_browser(
    browser: Browser, verifier: Verifier, card: Card, api: Api
) -> None:
    other = sign_in(Browser(verifier), card)
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    add_user(verifier, "bob")
    bobs = Browser(verifier)
    bobs.password("bob")
    browser.get("/")
    assert "logged out" in browser.send("/logout/everywhere").text
    assert not is_signed_in(browser)
    assert not is_signed_in(other)
    assert api.session(token).status_code == 401
    assert is_signed_in(bobs)
