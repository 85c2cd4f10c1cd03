"""The pages of sharing, opting, documents and a new PIN, and of the desk, without a browser's help:
statuses, replayed and foreign forms, what is kept of what was typed.
"""

from __future__ import annotations

import re

import pytest

from server.accounts.roles import Role
from server.verifier import Verifier

from .browser import Browser, forms
from .desk_support import KNOWN, REASON, Caller, customer, device_id, events, log, staff
from .people import join
from .support import PASSWORD, Api, add_user


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Caller:
    return customer(verifier, api, "alice", "U100")


def signed_in(verifier: Verifier, user: Caller) -> Browser:
    browser = Browser(verifier)
    browser.password(user.name)
    if user.card is not None:
        browser.send(answer=user.card.shows(browser.challenge()))
    return browser


@pytest.fixture
def carol(verifier: Verifier, api: Api) -> Browser:
    return signed_in(verifier, staff(verifier, api, "carol", Role.SUPPORT))


def identify(browser: Browser) -> None:
    browser.get("/desk/users/alice")
    browser.send("/desk/users/alice/checks")
    asked = re.findall(r'name="(\w+)" type="text"', browser.page.text)
    action = next(action for action in forms(browser.page) if "/checks/" in action)
    browser.send(action, **{fact: KNOWN[fact] for fact in asked})


def test_a_user_without_the_right_sees_who_has_it_on_every_page_that_changes_it(
    verifier: Verifier, alice: Caller, api: Api
) -> None:
    add_user(verifier, "bob")
    join(verifier, "U100", "bob", security=False)
    browser = signed_in(verifier, Caller(api, "bob"))
    for path in ("/share", "/settings"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "alice, has it" in page.text
        assert "/share" not in forms(page)
        assert "/settings/opt-out" not in forms(page)
    token = browser.page.text.split('name="form" value="')[1].split('"')[0]
    answer = browser.client.post(
        "/share", data={"form": token, "username": "alice", "password": PASSWORD}
    )
    assert answer.status_code == 403
    assert "alice, has it" in answer.text
    assert events(verifier)[-1] == "access.refused"


def test_the_desk_is_closed_to_a_customer_and_to_a_password_alone(
    verifier: Verifier, alice: Caller, api: Api
) -> None:
    dan = staff(verifier, api, "dan", Role.ADMIN, card=False)
    for who in (alice, dan):
        browser = signed_in(verifier, who)
        for path in ("/desk/find", "/desk/users/alice", "/desk/shares", "/desk/audit"):
            assert browser.get(path).status_code == 403
            assert f'href="{path}"' not in browser.get("/").text


def test_a_form_from_elsewhere_does_nothing(
    verifier: Verifier, alice: Caller, carol: Browser
) -> None:
    before = len(log(verifier))
    for path in (
        "/desk/find",
        "/desk/users/alice/checks",
        "/desk/users/alice/temporary-code",
        "/desk/users/alice/close-account",
        "/desk/shares/1",
        "/share",
        "/settings/opt-out",
    ):
        answer = carol.client.post(path, data={"form": "00" * 32, "reason": REASON})
        assert answer.status_code == 403, path
    assert len(log(verifier)) == before


def test_a_replayed_form_is_a_conflict_and_issues_no_second_code(
    verifier: Verifier, alice: Caller, carol: Browser
) -> None:
    identify(carol)
    sheet = carol.get("/desk/users/alice")
    path = "/desk/users/alice/temporary-code"
    first = carol.send(path, reason=REASON)
    assert first.status_code == 200
    carol.page = sheet
    again = carol.send(path, reason=REASON)
    assert again.status_code == 409
    assert 'id="code"' not in again.text
    assert events(verifier).count("temporary-code.issued") == 1


def test_a_reason_that_is_missing_is_asked_for_on_the_same_page(
    verifier: Verifier, alice: Caller, carol: Browser
) -> None:
    identify(carol)
    carol.get("/desk/users/alice")
    page = carol.send("/desk/users/alice/temporary-code", reason=" ")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert "3 to 200 characters" in page.text


def test_no_page_of_the_desk_holds_what_identifies_or_a_pin(
    verifier: Verifier, alice: Caller, carol: Browser
) -> None:
    identify(carol)
    number = device_id(verifier, alice.card.serial if alice.card else "")
    pages = [carol.get("/desk/users/alice").text]
    pages.append(carol.send(f"/desk/users/alice/devices/{number}/reset-pin", reason=REASON).text)
    for secret in ("X1234567", "219099999", "1980-02-29", "2025550123", "7305<"):
        assert secret not in "".join(pages)
    assert "waits for a new PIN" in pages[-1]


def test_the_page_of_a_pin_chosen_anew(verifier: Verifier, alice: Caller, carol: Browser) -> None:
    assert alice.card
    number = device_id(verifier, alice.card.serial)
    identify(carol)
    carol.get("/desk/users/alice")
    carol.send(f"/desk/users/alice/devices/{number}/reset-pin", reason=REASON)
    code = re.search(
        r'id="code">([^<]+)<',
        carol.send("/desk/users/alice/temporary-code", reason=REASON).text,
    )
    assert code
    login = Api(verifier).password("alice").json()
    token = Api(verifier).answer(login["login"], code[1]).json()["session"]
    browser = Browser(verifier)
    browser.get("/login")
    browser.client.cookies.set("challng_session", token, domain="testserver.local", path="/")
    path = f"/devices/{number}/pin"
    assert "has ended the PIN" in browser.get(path).text
    for pin, again in (("8152", "8153"), ("1234", "1234"), ("81520", "81520"), ("", "")):
        page = browser.send(path, pin=pin, again=again)
        assert page.status_code == 422
        assert not pin or pin not in page.text.replace("such as 1234", "")
    browser.send(path, pin="8152", again="8152")
    answer = next(action for action in forms(browser.page) if "/pin/" in action)
    asked = browser.page
    wrong = browser.send(answer, answer="00000000")
    assert wrong.status_code == 401
    assert "2 more tries" in wrong.text
    browser.page = asked
    done = browser.send(answer, answer=alice.card.shows(browser.challenge(), "8152"))
    assert done.status_code == 200
    assert "The new PIN is in force" in done.text
    assert "has ended the PIN" not in browser.get(path).text
    assert browser.get("/devices/999/pin").status_code == 404


def test_what_was_typed_is_kept_but_for_the_password(
    verifier: Verifier, alice: Caller, api: Api
) -> None:
    add_user(verifier, "bob")
    join(verifier, "U100", "bob")
    browser = signed_in(verifier, Caller(api, "bob"))
    browser.get("/share")
    page = browser.send("/share", username="alice", password="a wrong one <b>", serial="CH1")
    assert page.status_code == 401
    assert 'value="alice"' in page.text
    assert 'value="CH1"' in page.text
    assert "a wrong one" not in page.text
    assert browser.send("/share", username="", password="", serial="").status_code == 422
    assert browser.send("/share", username="\x00", password="x", serial="").status_code == 422


def test_another_ones_proof_and_share_are_not_there(
    verifier: Verifier, alice: Caller, api: Api
) -> None:
    add_user(verifier, "bob")
    join(verifier, "U100", "bob")
    bob, other = (signed_in(verifier, Caller(api, "bob")) for _ in range(2))
    bob.get("/share")
    bob.send("/share", username="alice", password=PASSWORD, serial="")
    place = str(bob.page.url.path)
    assert other.get(place).status_code == 404
    assert other.get("/share/999").status_code == 404
    assert other.get("/share/proof/" + "A" * 22).status_code == 404
    assert bob.get(place).status_code == 200
