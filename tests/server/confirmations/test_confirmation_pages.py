"""The page of an action, as a browser without JavaScript sees it."""

from __future__ import annotations

import re

import pytest

from server.audit.events import Event
from server.verifier import Verifier

from ..browser import Browser, forms
from ..support import Api, Card, ToldClock, add_card, add_user, wrong
from .asking import PAYMENT, Bank
from .test_confirmations import log, states


@pytest.fixture
def bank(verifier: Verifier, api: Api) -> Bank:
    return Bank(verifier, api)


@pytest.fixture
def browser(verifier: Verifier, card: Card) -> Browser:
    """alice, logged in with her card."""
    found = Browser(verifier)
    found.password()
    found.send(answer=card.shows(found.challenge()))
    return found


def place(asked: dict[str, str]) -> str:
    return f"/confirmations/{asked['id']}"


def test_the_first_page_leads_to_what_waits(browser: Browser, bank: Bank) -> None:
    assert "/confirmations/" not in browser.get("/").text
    asked = bank.ask()
    home = browser.get("/").text
    assert "bank asks you to confirm an action." in home
    assert f'href="{place(asked)}"' in home


def test_the_page_shows_the_action_in_plain_words(browser: Browser, bank: Bank) -> None:
    asked = bank.ask()
    page = browser.get(place(asked))
    assert page.status_code == 200
    assert browser.challenge() == asked["challenge"]
    for words in (PAYMENT["title"], "Zoë Müller, DE89 3704 0044 0532 0130 00", "Invoice 2026-117"):
        assert str(words) in page.text
    assert "bank asks whether you want this." in page.text


def test_the_response_confirms_it_on_the_page(browser: Browser, bank: Bank, card: Card) -> None:
    asked = bank.ask()
    browser.get(place(asked))
    page = browser.send(place(asked), answer=card.shows(browser.challenge()))
    assert "You have confirmed this action." in page.text
    assert list(forms(page)) == []
    told = bank.state(asked).json()
    assert told["state"] == "confirmed"
    assert bank.receipt(told)["sub"] == "alice"


def test_a_wrong_response_is_said_and_the_last_one_ends_it(
    browser: Browser, bank: Bank, card: Card
) -> None:
    asked = bank.ask()
    browser.get(place(asked))
    for status in (401, 401, 401):
        page = browser.send(place(asked), answer=wrong(card.shows(asked["challenge"])))
        assert page.status_code == status
    assert "too many wrong answers" in page.text
    assert states(bank, asked) == ["closed"]
    malformed = browser.get(place(bank.ask()))
    malformed = browser.send(next(iter(forms(malformed))), answer="12")
    assert malformed.status_code == 422
    assert "8 digits" in malformed.text


def test_a_user_denies_what_he_did_not_begin(
    browser: Browser, bank: Bank, verifier: Verifier, card: Card
) -> None:
    asked = bank.ask()
    browser.get(place(asked))
    page = browser.send(f"{place(asked)}/deny")
    assert "You have denied this action" in page.text
    assert bank.state(asked).json() | {"decided": None} == {
        "id": asked["id"],
        "state": "denied",
        "user": "alice",
        "action_sha256": asked["action_sha256"],
        "expires": asked["expires"],
        "decided": None,
        "device_kind": None,
        "receipt": None,
    }
    assert bank.answer(asked, card.shows(asked["challenge"])).status_code == 409
    last = log(verifier)[-1]
    assert (last.event, last.actor) == (Event.CONFIRMATION_DENIED, "user:alice")


def test_what_is_over_is_said_whatever_is_sent(
    browser: Browser, bank: Bank, card: Card, clock: ToldClock
) -> None:
    asked = bank.ask()
    browser.get(place(asked))
    sent = forms(browser.page)
    clock.advance(300)
    for action in (place(asked), f"{place(asked)}/deny"):
        page = browser.client.post(
            action, data=sent[action] | {"answer": card.shows(asked["challenge"])}
        )
        assert "The time to confirm this action is over" in page.text
    assert states(bank, asked) == ["expired"]


def test_another_device_gets_a_challenge_of_its_own_length(
    browser: Browser, bank: Bank, card: Card, verifier: Verifier
) -> None:
    own = Card(number=2, suite="OCRA-1:HOTP-SHA256-8:C-QN08-PSHA256", key=b"k" * 32)
    add_card(verifier, own)
    asked = bank.ask()
    page = browser.get(place(asked))
    assert re.search(rf">{asked['challenge']}<", page.text)
    assert len(asked["challenge"]) == 8
    browser.send(f"{place(asked)}/factor", factor="card")
    challenge = browser.challenge()
    assert challenge[0] == "0"
    page = browser.send(place(asked), answer=card.shows(challenge))
    assert "You have confirmed this action." in page.text


def test_somebody_elses_action_is_not_there(bank: Bank, card: Card, verifier: Verifier) -> None:
    asked = bank.ask()
    add_user(verifier, "bob")
    other = Card(number=2, key=b"b" * 32)
    add_card(verifier, other, "bob")
    browser = Browser(verifier)
    browser.password("bob")
    browser.send(answer=other.shows(browser.challenge()))
    assert browser.get(place(asked)).status_code == 404
    assert "Zoë" not in browser.page.text
    browser.get("/")
    token = next(iter(forms(browser.page).values()))["form"]
    for path in (place(asked), f"{place(asked)}/deny", f"{place(asked)}/factor"):
        assert browser.client.post(path, data={"form": token}).status_code == 404
    assert states(bank, asked) == ["open"]


def test_the_page_is_for_who_logged_in_with_a_device(
    bank: Bank, card: Card, verifier: Verifier
) -> None:
    asked = bank.ask()
    stranger = Browser(verifier)
    assert stranger.get(place(asked)).url.path == "/login"
    add_user(verifier, "new")
    stranger.password("new")  # by the password alone
    assert stranger.get(place(asked)).status_code == 403


def test_a_strangers_form_confirms_nothing(browser: Browser, bank: Bank, card: Card) -> None:
    asked = bank.ask()
    given = {"answer": card.shows(asked["challenge"])}
    assert browser.client.post(place(asked), data=given).status_code == 403
    assert states(bank, asked) == ["open"]


def test_the_page_speaks_chinese_around_the_applications_words(
    browser: Browser, bank: Bank
) -> None:
    asked = bank.ask()
    browser.client.cookies.set("challng_language", "zh_Hant")
    page = browser.get(place(asked))
    assert "確認這項操作" in page.text
    assert "Pay 250.00 EUR" in page.text
