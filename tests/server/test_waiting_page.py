"""The login page while the phone is asked: without JavaScript it looks again every few seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.db.tables import devices
from server.verifier import Verifier
from server.web.agent import shortened
from tests.phone import Phone

from .approving import events
from .browser import Browser, forms
from .people import ALICE, add_account
from .phones import PHONE_PIN, PUBLIC_URL, approve, deny, give_phone, pending, told, waits
from .support import Card, ToldClock, add_card, add_user, make_verifier, wrong

ASKED = "A notification is on its way"


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def browser(verifier: Verifier) -> Browser:
    return Browser(verifier)


@pytest.fixture
def phone(verifier: Verifier, browser: Browser) -> Phone:
    return give_phone(verifier, browser.client)


def number(browser: Browser) -> str:
    found = re.search(r'id="number">([0-9]{2})<', browser.page.text)
    assert found, browser.page.text
    return found[1]


def again(browser: Browser) -> str:
    """The page once more, as a browser without JavaScript loads it; where that leads."""
    path: str = browser.get(browser.page.url.path).url.path
    return path


def test_the_page_waits_for_the_phone_and_moves_on(browser: Browser, phone: Phone) -> None:
    page = browser.password()
    assert page.status_code == 200
    assert ASKED in page.text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page.text
    assert 'role="status" aria-live="polite"' in page.text
    assert again(browser).startswith("/login/")
    approve(phone, number(browser))
    assert again(browser) == "/"
    assert "alice" in browser.page.text


def test_the_phone_is_told_which_browser_it_was(browser: Browser, phone: Phone) -> None:
    browser.client.headers["User-Agent"] = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36"
    )
    browser.password()
    assert told(waits(phone))["agent"] == "Chrome on Windows"
    assert told(waits(phone))["from"] == "testclient"


def test_a_denied_login_says_so(browser: Browser, phone: Phone) -> None:
    browser.password()
    path = browser.page.url.path
    deny(phone)
    page = browser.get(path)
    assert page.status_code == 409
    assert "The login was denied" in page.text
    assert "somebody else" in page.text


def test_a_wrong_number_on_the_phone_ends_the_page_too(browser: Browser, phone: Phone) -> None:
    browser.password()
    other = next(each for each in waits(phone)["numbers"] if each != number(browser))
    assert approve(phone, other).status_code == 401
    assert browser.get(browser.page.url.path).status_code == 409


def test_who_gets_no_notification_types_a_passcode(browser: Browser, phone: Phone) -> None:
    browser.password()
    assert "?passcode=1" in browser.page.text
    browser.get(f"{browser.page.url.path}?passcode=1")
    assert "refresh" not in browser.page.text
    browser.send(answer=phone.keys[0].shows(browser.challenge(), PHONE_PIN))
    assert browser.page.url.path == "/"


def test_a_passcode_that_comes_after_the_approval_goes_in_too(
    browser: Browser, phone: Phone
) -> None:
    browser.password()
    shown = number(browser)
    browser.get(f"{browser.page.url.path}?passcode=1")
    passcode = phone.keys[0].shows(browser.challenge(), PHONE_PIN)
    approve(phone, shown)
    browser.send(answer=passcode)
    assert (browser.page.status_code, browser.page.url.path) == (200, "/")


def test_a_wrong_passcode_keeps_the_box(browser: Browser, phone: Phone) -> None:
    browser.password()
    browser.get(f"{browser.page.url.path}?passcode=1")
    page = browser.send(answer=wrong(phone.keys[0].shows(browser.challenge(), PHONE_PIN)))
    assert page.status_code == 401
    assert "The passcode is not right. 2 more tries" in page.text
    assert ASKED not in page.text
    browser.send(answer=phone.keys[0].shows(browser.challenge(), PHONE_PIN))
    assert browser.page.url.path == "/"


def test_who_was_asked_too_often_is_told_why_there_is_a_box(browser: Browser, phone: Phone) -> None:
    browser.password()
    page = browser.password()
    assert "left alone for now" in page.text
    assert "refresh" not in page.text
    assert "after all" not in page.text
    browser.send(answer=phone.keys[0].shows(browser.challenge(), PHONE_PIN))
    assert browser.page.url.path == "/"


def test_another_device_can_be_chosen(
    browser: Browser, phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    card = Card()
    add_card(verifier, card)
    clock.advance(1)
    with verifier.database.writing() as connection:
        connection.execute(
            devices.update().where(devices.c.kind == "mobile_key").values(used_at=clock.now())
        )
    browser.password()
    assert ASKED in browser.page.text
    browser.send(f"{browser.page.url.path}/factor", factor="card")
    assert pending(phone)["logins"] == []
    browser.send(answer=card.shows(browser.challenge()))
    assert browser.page.url.path == "/"


def test_a_locked_phone_is_not_waited_for(
    browser: Browser, phone: Phone, verifier: Verifier
) -> None:
    with verifier.database.writing() as connection:
        connection.execute(devices.update().values(locked_at=verifier.clock.now()))
    page = browser.password()
    assert page.status_code == 423
    assert "This device is locked" in page.text
    with verifier.database.writing() as connection:  # the desk unlocks it meanwhile
        connection.execute(devices.update().values(locked_at=None))
    browser.get(page.url.path)
    browser.send(answer=phone.keys[0].shows(browser.challenge(), PHONE_PIN))
    assert browser.page.url.path == "/"


def test_an_expired_login_says_so(browser: Browser, phone: Phone, clock: ToldClock) -> None:
    browser.password()
    clock.advance(120)
    assert browser.get(browser.page.url.path).status_code == 410


def test_no_other_browser_gets_the_session(
    browser: Browser, phone: Phone, verifier: Verifier
) -> None:
    browser.password()
    path = browser.page.url.path
    approve(phone, number(browser))
    other = Browser(verifier)
    other.get("/login")
    assert other.get(path).status_code == 404
    login = path.rsplit("/", 1)[1]
    answer = other.client.post(f"/api/v1/login/{login}/approval", json={})
    assert answer.status_code == 404  # nor an application that has seen the address
    assert again(browser) == "/"


def test_the_phone_never_gets_the_session(browser: Browser, phone: Phone) -> None:
    browser.password()
    on_phone = waits(phone)["login"]
    assert on_phone not in browser.page.url.path
    answer = approve(phone, number(browser))
    assert answer.json() == {"state": "approved"}
    assert "set-cookie" not in answer.headers
    assert again(browser) == "/"


def test_the_page_speaks_chinese(browser: Browser, phone: Phone) -> None:
    browser.get("/login")
    browser.send("/language", language="zh_Hant")
    browser.password()
    assert "通知正傳送到您的手機" in browser.page.text
    assert "如果沒有收到通知，請按這裡" in browser.page.text


def test_a_question_within_a_session_takes_a_passcode(
    browser: Browser, phone: Phone, verifier: Verifier
) -> None:
    """Opting out: the page asks for a passcode, and nothing is shown on the phone."""
    add_account(verifier, "U100", ALICE, "alice")
    browser.password()
    approve(phone, number(browser))
    again(browser)
    browser.get("/settings")
    action = next(each for each in forms(browser.page) if each.endswith("opt-out"))
    browser.send(action, understood="yes")
    assert "Passcode that the phone shows" in browser.page.text
    assert pending(phone)["logins"] == []
    page = browser.send(answer=wrong(phone.keys[0].shows(browser.challenge(), PHONE_PIN)))
    assert page.status_code == 401
    browser.send(answer=phone.keys[0].shows(browser.challenge(), PHONE_PIN))
    assert "security.opted-out" in events(verifier)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/18.5 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) "
            "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("python-httpx/0.28.1", "python-httpx"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
        ("A" * 4_000, "A" * 32),
        ("A" * 4_000 + " Firefox/1.0 Linux", "A" * 32),  # nobody reads that far
    ],
)
def test_a_browser_is_told_in_a_few_words(agent: str, words: str) -> None:
    assert shortened(agent) == words
