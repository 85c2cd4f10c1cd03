"""The login page that waits: without JavaScript, on a small screen, and when too much was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import Actor, accessible
from .phones import PHONE, PIN, SMALL, House, Phone, house

SECONDS = 1_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    often = {"CHALLNG_PROMPT_PAUSE_SECONDS": "0", "CHALLNG_PROMPT_WINDOW_SECONDS": "600"}
    with house(tmp_path_factory.mktemp("house"), **often) as made:
        yield made


@pytest.fixture(scope="module")
def alice(served: House) -> Actor:
    return served.cast.customer("alice", "U1000001", card=False)


def test_the_page_waits_moves_on_and_at_last_leaves_the_phone_alone(
    served: House, alice: Actor, visit: Callable[..., Page], pictures: Path
) -> None:
    phone = Phone(visit(viewport=PHONE), served).register(alice)

    small = visit(viewport=SMALL)
    alice.give_password(small)
    expect(small.get_by_role("status")).to_contain_text("This page moves on by itself")
    accessible(small)
    small.screenshot(path=pictures / "mobile-login-small.png", full_page=True)
    small.get_by_role("link", name="Click here if you do not receive the notification").click()
    expect(small.get_by_label("Passcode")).to_be_focused()
    accessible(small)
    small.get_by_role("link", name="Wait for the notification after all").click()
    number = small.locator("#number").inner_text().strip()
    phone.tap("Look at it").sees("Is this you?").chooses(number).fill("PIN", PIN).tap("Approve")
    phone.sees("Approved").home()
    expect(small.get_by_role("heading", name="You are signed in")).to_be_visible()

    plain = visit(javascript=False)
    alice.give_password(plain)
    number = plain.locator("#number").inner_text().strip()
    phone.tap("Look at it").sees("Is this you?").chooses(number).fill("PIN", PIN).tap("Approve")
    phone.sees("Approved").home()
    expect(plain.get_by_role("heading", name="You are signed in")).to_be_visible(
        timeout=30 * SECONDS  # it looks every three seconds
    )

    denied = visit(javascript=False)
    alice.give_password(denied)
    phone.tap("Look at it").sees("Is this you?").tap("Deny").sees("Denied").home()
    expect(denied.get_by_role("heading", level=1)).to_have_text(
        "The login was denied", timeout=30 * SECONDS
    )

    flooded = visit(viewport={"width": 900, "height": 760})
    alice.give_password(flooded)
    expect(flooded.get_by_role("status")).to_contain_text("left alone for now")
    accessible(flooded)
    flooded.screenshot(path=pictures / "mobile-login-flooded.png")
    expect(phone.page.get_by_text("No login waits.")).to_be_visible()
    challenge = flooded.locator("#challenge").inner_text().strip()
    flooded.get_by_label("Passcode").fill(phone.passcode(challenge))
    flooded.get_by_role("button", name="Log in").click()
    expect(flooded.get_by_role("heading", name="You are signed in")).to_be_visible()
