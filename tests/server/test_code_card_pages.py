"""The pages around code cards and temporary codes, and the list of devices."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from server.db.tables import devices
from server.factors.kinds import DeviceKind
from server.lifecycle import devices as life
from server.portal.menu import MENU
from server.states.device import DeviceMove
from server.verifier import Verifier

from . import counter, people
from .browser import Browser, forms
from .printed import Print, read
from .support import Card, ToldClock, add_card, add_user

DAY = 86_400


@pytest.fixture
def browser(verifier: Verifier) -> Browser:
    return Browser(verifier)


def indexes(page: Any) -> dict[str, list[int]]:
    found = re.search(r'id="indexes">(.*?)</p>', page.text, re.DOTALL)
    assert found, page.text
    return {"indexes": [int(number) for number in re.findall(r">(\d+)<", found[1])]}


def printed(browser: Browser, size: str = "a4") -> Print:
    found = re.search(rf'href="([^"]*/{size}\.pdf)"', browser.page.text)
    assert found, browser.page.text
    pdf = browser.client.get(found[1])
    assert pdf.headers["content-type"] == "application/pdf"
    return read(pdf.content)


def choose(browser: Browser, label: str) -> Any:
    action = next(each for each in forms(browser.page) if each.endswith("/factor"))
    return browser.send(action, factor=label)


def with_code(browser: Browser, verifier: Verifier) -> Any:
    """Lose the card, be given a temporary code, and log in with it."""
    code = counter.issue(verifier)
    page = browser.password()
    if "Temporary code</label>" not in page.text:
        choose(browser, "temporary-code")
    return browser.send(answer=code.lower())


def at_its_question(browser: Browser, base: str = "/online-code-card") -> Print:
    """Make a card and print it, as far as the question for two of its values."""
    browser.get(base)
    browser.send(base)
    paper = printed(browser)
    browser.send(f"{base}/activate", printed="yes")
    return paper


def get_card(browser: Browser, base: str) -> tuple[Any, Print]:
    paper = at_its_question(browser, base)
    return browser.send(answer=paper.answer(indexes(browser.page))), paper


def suspend(verifier: Verifier, card: Card) -> int:
    """Report the card lost at the desk."""
    with verifier.database.writing() as connection:
        device_id: int = connection.execute(
            select(devices.c.id).where(devices.c.serial == card.serial)
        ).scalar_one()
        life.move(connection, device_id, DeviceMove.SUSPENDED, verifier.clock.now())
    return device_id


# --- logging in


def test_the_page_asks_for_a_temporary_code_in_words(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    verifier.clock.advance(60)  # type: ignore[attr-defined]
    code = counter.issue(verifier)
    page = browser.password()  # what was given last is asked first
    assert "Type the temporary code" in page.text
    other = "222" if code[-3:] != "222" else "333"
    assert "2 more tries" in browser.send(answer=code[:-3] + other).text
    assert browser.page.status_code == 401
    assert browser.send(answer=code).url.path == "/"


def test_devices_are_chosen_in_words_the_highest_protection_first(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    browser.password()
    browser.send(answer=card.shows(browser.challenge()))
    get_card(browser, "/code-card")
    counter.issue(verifier)
    browser.client.cookies.clear()
    page = browser.password()
    options = re.findall(r'<option value="([^"]*)"[^>]*>(\S.*?) (\w\w\d{8})', page.text)
    assert [(label, words) for label, words, _ in options] == [
        ("card", "Card"),
        ("code-card", "Code card"),
        ("temporary-code", "Temporary code"),
    ]
    assert "Look up two values" in choose(browser, "code-card").text
    assert "Answer the challenge" in choose(browser, "card").text
    assert browser.send(answer=card.shows(browser.challenge())).url.path == "/"


def test_wrong_values_say_how_many_tries_are_left_and_nothing_typed_comes_back(
    browser: Browser, card: Card
) -> None:
    browser.password()
    browser.send(answer=card.shows(browser.challenge()))
    _, paper = get_card(browser, "/code-card")
    browser.client.cookies.clear()
    browser.password()
    choose(browser, "code-card")
    right = paper.answer(indexes(browser.page))
    bad = "333333" if right != "333333" else "444444"
    refused = browser.send(answer=bad)
    assert refused.status_code == 401
    assert "2 more tries" in refused.text
    assert bad not in refused.text
    malformed = browser.send(answer="OOOOOO")
    assert malformed.status_code == 422
    assert "look alike" in malformed.text
    assert browser.send(answer=f"{right[:3]} {right[3:].lower()}").url.path == "/"


# --- the online code card


def test_from_the_temporary_code_to_the_four_ways_on(
    browser: Browser, card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    with_code(browser, verifier)
    page, paper = get_card(browser, "/online-code-card")
    assert page.url.path == "/online-code-card"
    assert "22 March 2026, 12:00 UTC" in page.text  # 21 days after 1 March
    assert 'id="options"' in page.text
    assert "Keep using the online code card" in page.text
    assert f"Use your card again {card.serial}" in page.text  # it was not suspended
    assert 'href="/cards/request"' in page.text  # in the menu alone
    assert "Request a new device" not in page.text
    assert "Switch to the mobile key" not in page.text  # this verifier has none
    assert "End the temporary devices" not in page.text
    assert printed(browser).values == paper.values
    assert "22 March 2026" in printed(browser, "wallet").text
    browser.client.cookies.clear()
    browser.password()
    if 'id="indexes"' not in browser.page.text:
        choose(browser, "online-code-card")
    assert browser.send(answer=paper.answer(indexes(browser.page))).url.path == "/"


def test_a_limited_code_sees_the_online_code_card_and_nothing_else(
    browser: Browser, card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    code = counter.issue(verifier)
    clock.advance(3 * DAY)
    browser.password()
    choose(browser, "temporary-code")
    home = browser.send(answer=code)
    assert "/online-code-card" in home.text
    assert 'href="/devices"' not in home.text
    for path in ("/devices", "/code-card"):
        assert browser.get(path).status_code == 403
    page, _ = get_card(browser, "/online-code-card")
    assert 'id="options"' in page.text  # full from here on
    assert browser.get("/devices").status_code == 200


def test_who_has_not_printed_it_is_told_to(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    browser.get("/online-code-card")
    browser.send("/online-code-card")
    page = browser.send("/online-code-card/activate")
    assert page.status_code == 422
    assert "printed-problem" in page.text


def test_a_card_is_activated_once_and_the_back_button_does_no_harm(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    paper = at_its_question(browser)
    asked, path = indexes(browser.page), browser.page.url.path
    form = browser.page
    browser.send(answer=paper.answer(asked))
    assert browser.get(path).status_code == 409
    browser.page = form
    again = browser.send(answer=paper.answer(asked))
    assert again.status_code == 409
    assert "/online-code-card" in again.text


def test_after_the_third_wrong_answer_the_way_leads_back(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    paper = at_its_question(browser)
    right = paper.answer(indexes(browser.page))
    bad = "333333" if right != "333333" else "444444"
    assert [browser.send(answer=bad).status_code for _ in range(3)] == [401] * 3
    assert "/online-code-card" in browser.page.text
    assert "Start again" in browser.page.text


def test_other_values_are_made_when_the_print_is_lost(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    browser.get("/online-code-card")
    browser.send("/online-code-card")
    before = printed(browser).values
    browser.send("/online-code-card")
    assert printed(browser).values != before


def test_the_files_of_somebody_else_are_not_there(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    browser.get("/online-code-card")
    browser.send("/online-code-card")
    path = re.search(r'href="([^"]*/a4\.pdf)"', browser.page.text)
    assert path
    add_user(verifier, "bob")
    theirs = Card(number=2)
    add_card(verifier, theirs, "bob")
    other = Browser(verifier)
    other.password("bob")
    other.send(answer=theirs.shows(other.challenge()))
    assert other.get(path[1]).status_code == 404
    assert Browser(verifier).get(path[1]).url.path == "/login"


# --- the list


def test_the_list_says_in_plain_words_what_happens_next_and_when(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    text = browser.get("/devices").text
    assert "Active: you can log in with it." in text
    assert "Opens everything until 3 March 2026, 12:00 UTC" in text
    assert "until 13 March 2026, 12:00 UTC" in text
    get_card(browser, "/online-code-card")
    assert "Active until 22 March 2026, 12:00 UTC" in browser.get("/devices").text


def test_every_way_that_the_list_offers_leads_somewhere(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    get_card(browser, "/online-code-card")
    browser.get("/devices")
    found = set(re.findall(r'href="(/[^"]*)"', browser.page.text))
    assert {"/code-card", "/online-code-card"} <= found
    for path in found:
        if path not in {entry.path for entry in MENU}:  # the menu is everybody's
            assert browser.get(path).status_code == 200, path


def test_a_suspended_card_is_reactivated_from_the_ways_on(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    device_id = suspend(verifier, card)
    get_card(browser, "/online-code-card")
    assert "nobody can log in with it" in browser.get("/devices").text
    text = browser.get("/online-code-card").text
    assert "Use your card again" not in text
    assert "Request a new device" not in text  # no account that a deposit could be held on
    path = f"/devices/{device_id}/reactivate"
    assert f'href="{path}"' in text
    browser.get(path)
    browser.send(path)
    browser.send(browser.page.url.path, answer=card.shows(browser.challenge()))
    listed = browser.get("/devices").text
    assert re.findall(r'class="serial">(\w+)<', listed) == [card.serial]


def test_the_four_ways_on_are_there_for_whoever_has_an_account(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    people.add_account(verifier, "U1000001", people.ALICE, "alice")
    with_code(browser, verifier)
    suspend(verifier, card)
    verifier.factors = {**verifier.factors, DeviceKind.MOBILE_KEY: None}  # type: ignore[dict-item]
    browser.client.app.add_api_route("/mobile-key", lambda: None)  # type: ignore[attr-defined]
    get_card(browser, "/online-code-card")
    text = browser.get("/online-code-card").text
    found = re.findall(r'<h3><a href="([^"]*)"', text)
    assert [re.sub(r"\d+", "1", path) for path in found] == [
        "/cards/request",
        "/devices/1/reactivate",
        "/",
        "/mobile-key",
    ]


def test_the_temporary_devices_are_ended_from_the_card(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    with_code(browser, verifier)
    get_card(browser, "/online-code-card")
    browser.client.cookies.clear()
    browser.password()
    choose(browser, "card")
    browser.send(answer=card.shows(browser.challenge()))
    browser.get("/online-code-card")
    page = browser.send("/online-code-card/end")
    assert page.url.path == "/devices"
    assert re.findall(r'class="serial">(\w+)<', page.text) == [card.serial]


def test_a_locked_device_says_who_unlocks_it(
    browser: Browser, card: Card, verifier: Verifier
) -> None:
    browser.password()
    browser.send(answer=card.shows(browser.challenge()))
    with verifier.database.writing() as connection:
        connection.execute(update(devices).values(locked_at=verifier.clock.now()))
    assert "Only the support desk can unlock it" in browser.get("/devices").text
