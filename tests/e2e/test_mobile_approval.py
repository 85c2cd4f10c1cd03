"""Approving a login on the phone: the login page, in another browser, moves on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import DOE, Actor, accessible
from .phones import A_PUSH_SERVICE, PHONE, PIN, SMALL, House, Phone, house


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="module")
def people(served: House) -> dict[str, Actor]:
    """Two customers without a device."""
    bob = DOE | {"document_number": "X7654321", "ssn": "219088888"}
    return {
        "alice": served.cast.customer("alice", "U1000001", card=False),
        "bob": served.cast.customer("bob", "U1000002", bob, card=False),
    }


def asked(page: Page) -> str:
    """The number on a login page that waits for the phone."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve the login on your phone")
    return page.locator("#number").inner_text().strip()


def signed_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def another(phone: Phone, number: str) -> str:
    """One of the two numbers that are not on the login page."""
    shown = phone.page.get_by_role("radio").all()
    return next(str(v) for each in shown if (v := each.get_attribute("value")) != number)


def test_an_approval_with_the_pin_moves_the_login_page_on(
    served: House, people: dict[str, Actor], visit: Callable[..., Page], pictures: Path
) -> None:
    alice = people["alice"]
    phone = Phone(visit(viewport=PHONE), served).register(alice)
    expect(phone.page.get_by_text("No login waits.")).to_be_visible()

    desk = visit(viewport={"width": 900, "height": 700})
    alice.give_password(desk)
    number = asked(desk)
    desk.screenshot(path=pictures / "mobile-login-waits.png")
    expect(phone.page.get_by_text("alice wants to log in, from 127.0.0.1.")).to_be_visible()
    accessible(phone.page)
    phone.page.screenshot(path=pictures / "mobile-login-asks.png", full_page=True)
    phone.tap("Look at it").sees("Is this you?")
    facts = phone.page.locator(".facts")
    for told in ("alice", "127.0.0.1", "Chrom"):
        expect(facts).to_contain_text(told)
    accessible(phone.page)

    phone.fill("PIN", PIN).tap("Approve")
    expect(phone.page.get_by_role("alert")).to_have_text("Choose one of them.")
    phone.chooses(number).fill("PIN", "k7Rw3").tap("Approve")
    expect(phone.page.get_by_role("alert")).to_contain_text("Tries left: 2.")
    expect(phone.page.get_by_label("PIN", exact=True)).to_have_value("")
    phone.fill("PIN", PIN)
    phone.page.screenshot(path=pictures / "mobile-approve.png", full_page=True)
    phone.tap("Approve").sees("Approved")
    signed_in(desk)
    expect(desk.locator("main")).to_contain_text("mobile key")


def test_an_approval_by_the_phones_own_lock(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    bob = people["bob"]
    phone = Phone(visit(viewport=SMALL), served, lock=True).register(bob)
    desk = visit()
    bob.give_password(desk)
    number = asked(desk)
    phone.tap("Look at it").sees("Is this you?").chooses(number)
    expect(phone.page.get_by_label("PIN", exact=True)).to_have_count(0)
    accessible(phone.page)
    phone.finger(right=False)
    phone.tap("Approve")
    expect(phone.page.get_by_role("alert")).to_contain_text("did not confirm")
    asked(desk)
    phone.finger(right=True)
    phone.tap("Approve").sees("Approved")
    signed_in(desk)


def test_a_login_that_is_denied_is_over_and_reported(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    alice = people["alice"]
    phone = Phone(visit(viewport=PHONE), served).open().sees("Mobile key")
    phone.tap("Move from another phone").give_password(alice).give_token().choose_pin().home()
    desk = visit()
    alice.give_password(desk)
    asked(desk)
    phone.tap("Look at it").sees("Is this you?").tap("Deny").sees("Denied")
    accessible(phone.page)
    expect(desk.locator("main")).to_contain_text("denied")


def test_a_wrong_number_is_not_guessed_twice(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    bob = people["bob"]
    phone = Phone(visit(viewport=PHONE), served).open()
    phone.tap("Move from another phone").give_password(bob).give_token().choose_pin().home()
    desk = visit()
    bob.give_password(desk)
    number = asked(desk)
    phone.tap("Look at it").sees("Is this you?").fill("PIN", PIN)
    phone.chooses(another(phone, number)).tap("Approve").sees("Not approved")
    expect(desk.get_by_role("heading", name="You are signed in")).to_have_count(0)
    phone.home()
    expect(phone.page.get_by_text("No login waits.")).to_be_visible()


def test_a_login_that_was_answered_elsewhere_leaves_the_phone(
    served: House, people: dict[str, Actor], visit: Callable[..., Page], pictures: Path
) -> None:
    alice = people["alice"]
    phone = Phone(visit(viewport=PHONE), served).open()
    phone.tap("Move from another phone").give_password(alice).give_token().choose_pin().home()
    desk = visit(viewport={"width": 900, "height": 760})
    alice.give_password(desk)
    asked(desk)
    phone.tap("Look at it").sees("Is this you?")
    desk.get_by_role("link", name="Click here if you do not receive the notification").click()
    challenge = desk.locator("#challenge").inner_text().strip()
    desk.screenshot(path=pictures / "mobile-login-passcode.png")
    beside = Phone(phone.page.context.new_page(), served).open()
    desk.get_by_label("Passcode").fill(beside.passcode(challenge))
    desk.get_by_role("button", name="Log in").click()
    signed_in(desk)
    phone.sees("Nothing waits")


def test_a_notification_names_the_login_and_leads_to_it(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    alice = people["alice"]
    page = visit(viewport=PHONE, permissions=["notifications"])
    page.add_init_script(A_PUSH_SERVICE)
    phone = Phone(page, served).open()
    phone.tap("Move from another phone").give_password(alice).give_token().choose_pin().home()
    worker = page.context.service_workers[0]
    told = {"kind": "login", "serial": "MK00000000", "user": "alice", "from": "203.0.113.7"}
    shown = worker.evaluate(
        """async (told) => {
          const event = new PushEvent("push", { data: JSON.stringify(told) });
          let done;
          event.waitUntil = (work) => { done = work; };
          self.dispatchEvent(event);
          await done;
          const all = await self.registration.getNotifications();
          return all.map((each) => [each.title, each.body, each.tag]);
        }""",
        told,
    )
    assert shown == [["Log in to Challng?", "alice · 203.0.113.7", "login"]]
    desk = visit()
    alice.give_password(desk)
    number = asked(desk)
    worker.evaluate(
        """async () => {
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    phone.sees("Is this you?").chooses(number).fill("PIN", PIN).tap("Approve").sees("Approved")
    signed_in(desk)


def test_a_closed_key_is_told_of_its_end(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    bob = people["bob"]
    old = Phone(visit(viewport=PHONE), served, lock=True).open()
    old.tap("Move from another phone").give_password(bob).give_token().choose_pin().home()
    new = Phone(visit(viewport=PHONE), served, lock=True).open()
    new.tap("Move from another phone").give_password(bob).give_token().choose_pin().home()
    old.page.reload()
    old.sees("This key has ended")
    old.home()
    expect(old.page.get_by_role("link", name="Register two-factor")).to_be_visible()
