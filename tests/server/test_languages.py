"""Which language a page speaks, and how a person changes it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from server import language
from server.db import tables
from server.verifier import Verifier

from .browser import Browser, all_forms
from .support import PASSWORD, Api, Card, add_user, wrong

CHINESE = "zh_Hant"


@pytest.fixture
def browser(verifier: Verifier) -> Browser:
    return Browser(verifier)


def log_in(browser: Browser, card: Card) -> None:
    browser.password()
    browser.send(answer=card.shows(browser.challenge()))


def change(browser: Browser, locale: str = CHINESE, **fields: str) -> None:
    browser.send("/language", language=locale, **fields)


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("de-CH, de;q=0.9", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", CHINESE),
        ("zh-Hant-HK", CHINESE),
        ("zh-HK", CHINESE),
        ("en-GB, zh-TW;q=0.9", "en"),
        ("fr, zh-Hant;q=0.5, en;q=0.4", CHINESE),
        ("zh-TW;q=0.1, en;q=0.9", "en"),
        ("zh-TW;q=...", "en"),
        ("*;q=1", "en"),
        ("," * 5_000, "en"),
    ],
)
def test_the_browser_says_which_language_it_wants(header: str, locale: str) -> None:
    assert language.negotiated(header) == locale


def test_the_first_page_comes_in_the_browsers_language(browser: Browser) -> None:
    page = browser.client.get("/login", headers={"Accept-Language": "zh-TW"})
    assert '<html lang="zh-Hant">' in page.text
    assert "使用者名稱" in page.text
    assert '<html lang="en">' in browser.get("/login").text


def test_the_language_is_changed_before_logging_in_and_on_the_page_one_was_at(
    browser: Browser,
) -> None:
    browser.get("/login?out")
    change(browser)
    assert str(browser.page.url).endswith("/login?out")
    assert "您已登出。" in browser.page.text
    assert "使用者名稱" in browser.get("/login").text
    change(browser, "en")
    assert "User name" in browser.page.text


def test_a_choice_made_before_logging_in_is_kept_for_the_user(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    browser.get("/login")
    change(browser)
    log_in(browser, card)
    assert "您已登入" in browser.page.text
    elsewhere = Browser(verifier)
    log_in(elsewhere, card)
    assert "您已登入" in elsewhere.page.text


def test_the_users_own_choice_is_kept_and_comes_before_the_browsers(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    log_in(browser, card)
    change(browser)
    assert "您已登入" in browser.page.text
    elsewhere = Browser(verifier)
    elsewhere.client.headers["Accept-Language"] = "en"
    log_in(elsewhere, card)
    assert '<html lang="zh-Hant">' in elsewhere.page.text
    change(elsewhere, "en")
    assert "You are signed in" in browser.get("/").text  # one user, one language


def test_what_a_browser_was_told_does_not_change_the_users_own_choice(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    log_in(browser, card)
    change(browser, "en")
    elsewhere = Browser(verifier)
    elsewhere.get("/login")
    change(elsewhere)
    log_in(elsewhere, card)
    assert "You are signed in" in elsewhere.page.text


def test_a_choice_is_one_persons_alone(browser: Browser, card: Card, verifier: Verifier) -> None:
    add_user(verifier, "bob")
    log_in(browser, card)
    change(browser)
    bob = Browser(verifier)
    bob.password("bob")
    assert "You are signed in" in bob.page.text


def test_what_was_refused_is_said_in_the_language_of_the_page(browser: Browser, card: Card) -> None:
    browser.get("/login")
    change(browser)
    refused = browser.send("/login", username="alice", password="not hers")
    assert "使用者名稱或密碼不正確" in refused.text
    browser.password()
    page = browser.send(answer=wrong(card.shows(browser.challenge())))
    assert "還可以再試 2 次" in page.text
    assert "卡片顯示" in page.text
    nothing = browser.get("/nothing")
    assert nothing.status_code == 404
    assert "這個網址沒有內容。" in nothing.text


def test_a_page_that_answers_a_form_leads_back_to_where_the_form_was(
    browser: Browser, card: Card
) -> None:
    asked = browser.password()
    here = str(asked.url)
    token = all_forms(asked)[asked.url.path]
    page = browser.client.post(
        asked.url.path, data=token | {"answer": "123"}, headers={"Referer": here}
    )
    assert page.status_code == 422
    browser.page = page
    change(browser)
    assert str(browser.page.url) == here
    assert "回應碼" in browser.page.text


def test_every_page_can_be_changed_even_one_that_is_not_there(browser: Browser) -> None:
    assert browser.get("/nothing").status_code == 404
    change(browser)
    assert "這裡沒有內容" in browser.page.text


@pytest.mark.parametrize(
    "back",
    ["https://example.com/", "//example.com", "/\\example.com", "/\r\nX: y", "javascript:x", ""],
)
def test_the_form_leads_to_no_other_site(browser: Browser, back: str) -> None:
    browser.get("/login")
    token = all_forms(browser.page)["/language"]
    answer = browser.client.post(
        "/language", data=token | {"language": CHINESE, "back": back}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("locale", ["", "xx", "../../secret", "zh_Hans", "EN"])
def test_a_language_that_is_not_there_changes_nothing(browser: Browser, locale: str) -> None:
    browser.get("/login")
    change(browser, locale)
    assert browser.page.status_code == 400
    assert language.COOKIE not in browser.client.cookies


def test_a_strangers_form_changes_no_language(browser: Browser, card: Card) -> None:
    log_in(browser, card)
    for fields in ({"language": CHINESE}, {"language": CHINESE, "form": "0" * 64}):
        assert browser.client.post("/language", data=fields).status_code == 403
    assert '<html lang="en">' in browser.get("/").text


def test_a_cookie_that_names_no_language_is_ignored(browser: Browser) -> None:
    browser.client.cookies.set(language.COOKIE, "../../etc/passwd")
    assert '<html lang="en">' in browser.get("/login").text


def test_days_and_moments_are_written_as_the_language_writes_them() -> None:
    at = datetime(2028, 2, 29, 23, 30, tzinfo=UTC)
    assert language.moment(at) == "29 February 2028, 23:30 UTC"
    assert language.day(date(2028, 2, 29)) == "29 February 2028"
    chosen = language.current.set(CHINESE)
    try:
        assert language.day(date(2028, 2, 29)) == "2028年2月29日"
        assert language.moment(at) == "2028年2月29日 23:30 UTC"
    finally:
        language.current.reset(chosen)


def test_what_programs_read_stays_english(api: Api, card: Card) -> None:
    api.client.headers["Accept-Language"] = "zh-TW"
    api.client.cookies.set(language.COOKIE, CHINESE)
    refused = api.password(password="not hers").json()
    assert refused["title"] == "User name or password not right"
    assert refused["detail"] == "The user name or the password is not right. Try again."
    login, _ = api.login()
    assert "8 digits" in api.answer(login, "123").json()["detail"]
    assert api.password("alice", PASSWORD).json()["factor"] == "card"


# --- over the API


def choose(api: Api, token: str, body: object) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return api.client.put("/api/v1/session/language", json=body, headers=headers)


def told(api: Api, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return api.client.get("/api/v1/session/language", headers=headers).json()


@pytest.fixture
def token(api: Api, card: Card) -> str:
    login, challenge = api.login()
    return str(api.answer(login, card.shows(challenge)).json()["session"])


def test_a_language_that_is_chosen_over_the_api_is_the_users_and_written_down_once(
    verifier: Verifier, api: Api, card: Card, token: str, browser: Browser
) -> None:
    assert told(api, token) == {"language": None, "languages": ["en", CHINESE]}
    for _ in range(2):
        chosen = choose(api, token, {"language": CHINESE})
        assert (chosen.status_code, chosen.json()["language"]) == (200, CHINESE)
    assert told(api, token)["language"] == CHINESE
    log_in(browser, card)
    assert '<html lang="zh-Hant">' in browser.get("/").text
    change(browser, "en")
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(tables.audit_log).where(tables.audit_log.c.event == "language.set")
        ).all()
    assert [(row.actor, row.detail) for row in rows] == [
        ("user:alice", f'{{"language":"{CHINESE}"}}'),
        ("user:alice", '{"language":"en"}'),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"language": "fr"},
        {"language": "ZH_HANT"},
        {"language": ""},
        {"language": "x" * 99},
        {"language": None},
        {"language": 7},
        {"language": "en", "user": "bob"},
        {},
        [],
    ],
)
def test_what_is_no_language_of_the_pages_is_refused(api: Api, token: str, body: object) -> None:
    assert choose(api, token, body).status_code == 422
    assert told(api, token)["language"] is None


def test_nobody_chooses_without_a_session(api: Api, token: str) -> None:
    assert choose(api, "x" * 43, {"language": CHINESE}).status_code == 401
    assert api.client.put("/api/v1/session/language", json={"language": "en"}).status_code == 401
    assert told(api, token)["language"] is None
