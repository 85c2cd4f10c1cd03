"""Who shares another's device goes on in the session in which it answered, or is told that not."""

# ruff: noqa: F811 - fixtures of other files are used by their names
from __future__ import annotations

import pytest

from server.accounts.roles import Role
from server.verifier import Verifier

from .browser import Browser, forms
from .desk_support import REASON, Caller, staff
from .support import PASSWORD, Api, Card, add_card
from .test_sharing import alice, elsewhere, second  # noqa: F401


def ask(verifier: Verifier, asker: Caller, owner: Caller) -> Browser:
    """Log in, ask for the owner's device, have it answer, and submit."""
    browser = Browser(verifier)
    browser.password(asker.name)
    if asker.card is not None:
        browser.send(answer=asker.card.shows(browser.challenge()))
    browser.get("/share")
    browser.send("/share", username=owner.name, password=PASSWORD)
    assert owner.card is not None
    browser.send(answer=owner.card.shows(browser.challenge()))
    browser.send(next(action for action in forms(browser.page) if action.endswith("/submit")))
    return browser


@pytest.mark.parametrize("own", [False, True])
def test_who_shares_at_once_goes_on_under_the_shared_device(
    verifier: Verifier, alice: Caller, second: Caller, own: bool
) -> None:
    if own:
        second.card = Card(number=31, key=b"s" * 32)
        add_card(verifier, second.card, second.name)
    browser = ask(verifier, second, alice)
    assert browser.page.status_code == 200
    assert "Approved" in browser.page.text
    home = browser.get("/")
    assert "You are signed in" in home.text
    assert alice.card is not None
    assert alice.card.serial in home.text
    assert browser.get("/devices").status_code == 200


def test_who_waits_for_compliance_is_told_to_log_in_again(
    verifier: Verifier, api: Api, alice: Caller, elsewhere: Caller
) -> None:
    browser = ask(verifier, elsewhere, alice)
    assert "When it is approved you are logged out here" in browser.page.text
    cora = staff(verifier, api, "cora", Role.COMPLIANCE)
    share = str(browser.page.url).rsplit("/", 1)[1]
    decision = {"decision": "approve", "reason": REASON}
    assert cora.post(f"/desk/shares/{share}", decision).status_code == 200
    assert str(browser.get("/devices").url).endswith("/login")
    browser.password(elsewhere.name)
    assert alice.card is not None
    browser.send(answer=alice.card.shows(browser.challenge()))
    assert "You are signed in" in browser.page.text
