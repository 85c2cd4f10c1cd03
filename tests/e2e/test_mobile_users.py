"""Several users on one phone, another phone, the app once more, and the end of a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import DOE, Actor, accessible
from .phones import PHONE, PIN, SMALL, House, Phone, house

NAMES = ("alice", "bob", "carol", "dan", "erin", "frank")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="module")
def people(served: House) -> dict[str, Actor]:
    """Customers; bob has a card."""
    return {
        name: served.cast.customer(
            name,
            f"U100000{n}",
            DOE | {"document_number": f"X20000{n}", "ssn": f"21908888{n}"},
            card=name == "bob",
        )
        for n, name in enumerate(NAMES)
    }


def logs_in(phone: Phone, actor: Actor, page: Page, pin: str | None = PIN) -> None:
    """Log in with a passcode of the phone, chosen where there are several devices."""
    actor.give_password(page)
    chosen = page.get_by_label("Use another device")
    expect(page.locator("#challenge, #number").first).to_be_visible()  # and not the page before
    if chosen.count():
        option = chosen.locator("option", has_text="Mobile key").first
        chosen.select_option(value=option.get_attribute("value"))
        page.get_by_role("button", name="Use this device").click()
    page.get_by_role("link", name="Click here if you do not receive the notification").click()
    asked = page.locator("#challenge").inner_text().strip()
    phone.open().tap("Authenticate").sees("Authenticate")
    if phone.page.get_by_role("radio").count():
        phone.page.get_by_role("radio", name=actor.name).check()
    if pin:
        phone.fill("PIN", pin)
    phone.fill("Challenge", asked).tap("Generate passcode").sees("Passcode")
    page.get_by_label("Passcode").fill(phone.page.locator("#passcode").inner_text())
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_another_user_is_added_with_the_pin_that_the_phone_has(
    served: House, people: dict[str, Actor], visit: Callable[..., Page], pictures: Path
) -> None:
    alice, carol = people["alice"], people["carol"]
    phone = Phone(visit(viewport=SMALL), served).register(alice)
    phone.tap("Authenticate").tap("Add user").sees("Add user")
    expect(phone.page.locator("main")).to_contain_text("the PIN that alice uses")
    accessible(phone.page)
    phone.give_password(carol).give_token().sees("Security element")
    expect(phone.page.get_by_label("New PIN")).to_have_count(0)
    phone.fill("PIN", "k7Rw3").tap("Register")
    expect(phone.page.get_by_role("alert")).to_be_visible()
    phone.fill("PIN", PIN).tap("Register").sees("Done").home()
    for name in ("alice", "carol"):
        expect(phone.page.get_by_role("link", name=name, exact=True)).to_be_visible()
    logs_in(phone, carol, visit())
    phone.tap("Another passcode").sees("Authenticate")
    accessible(phone.page)
    phone.page.screenshot(path=pictures / "mobile-two-users.png", full_page=True)
    logs_in(phone, alice, visit())

    desks = []
    for actor in (alice, carol):
        desk = visit()
        actor.give_password(desk)
        desks.append((actor, desk, desk.locator("#number").inner_text().strip()))
    phone.open()
    for actor, desk, number in desks:
        waiting = phone.page.locator(".waiting .said", has_text=f"{actor.name} wants")
        waiting.get_by_role("link", name="Look at it").click()
        phone.sees("Is this you?").chooses(number).fill("PIN", PIN).tap("Approve")
        phone.sees("Approved").home()
        expect(desk.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_the_key_moves_to_another_phone_and_the_old_one_stops(
    served: House, people: dict[str, Actor], visit: Callable[..., Page], pictures: Path
) -> None:
    dan = people["dan"]
    old = Phone(visit(viewport=PHONE), served).register(dan)
    new = Phone(visit(viewport=PHONE), served).open()
    new.tap("Move from another phone").sees("Move from another phone")
    accessible(new.page)
    new.page.screenshot(path=pictures / "mobile-migrate.png", full_page=True)
    new.give_password(dan).give_token().choose_pin("Vw93x").home()
    old.sees("This key has ended")
    accessible(old.page)
    old.home()
    expect(old.page.get_by_role("link", name="Authenticate")).to_have_count(0)
    logs_in(new, dan, visit(), "Vw93x")


def test_a_card_answers_in_place_of_the_sms(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    bob = people["bob"]
    assert bob.card
    Phone(visit(viewport=PHONE), served).register(bob)
    new = Phone(visit(viewport=PHONE), served).open().tap("Move from another phone")
    new.give_password(bob).sees("Phone number").tap("Answer with the card instead")
    new.sees("Answer with the card")
    asked = new.page.locator(".challenge").inner_text().strip()
    new.fill("Response", "123").tap("Continue")
    expect(new.page.get_by_role("alert")).to_have_text("This is too short.")
    new.fill("Response", bob.card.response(bob.pin, asked).replace(" ", ""))
    accessible(new.page)
    new.tap("Continue").choose_pin().home()
    logs_in(new, bob, visit())


def test_after_a_reinstall_the_recovery_pin_takes_the_key_back(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    erin = people["erin"]
    Phone(visit(viewport=PHONE), served, lock=True).register(erin)
    again = Phone(visit(viewport=PHONE), served, lock=True).open()
    again.tap("Use it again after reinstalling").give_password(erin).give_token()
    again.sees("Security element")
    accessible(again.page)
    again.fill("PIN", "k7Rw3").tap("Register")
    expect(again.page.get_by_role("alert")).to_be_visible()
    again.fill("PIN", PIN).tap("Register").sees("Done").home()
    logs_in(again, erin, visit(), None)


def test_who_has_a_phone_already_is_shown_the_way_and_who_has_none_too(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    phone = Phone(visit(viewport=PHONE), served).open()
    phone.tap("Register two-factor").give_password(people["erin"])
    expect(phone.page.get_by_role("alert")).to_be_visible()
    phone.tap("Move from another phone").sees("Move from another phone")
    phone.give_password(people["frank"])
    expect(phone.page.get_by_role("alert")).to_be_visible()
    phone.tap("Register two-factor").give_password(people["frank"]).sees("Phone number")


def test_a_user_is_taken_off_the_phone(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    frank = people["frank"]
    phone = Phone(visit(viewport=PHONE), served).register(frank)
    phone.tap("frank").sees("frank")
    accessible(phone.page)
    phone.tap("Remove this user from this phone").sees("Remove frank?")
    accessible(phone.page)
    phone.page.context.set_offline(True)
    phone.tap("Remove")
    expect(phone.page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(phone.page.get_by_role("button", name="Remove it here only")).to_be_visible()
    phone.page.context.set_offline(False)
    phone.tap("Remove").sees("Removed").home()
    expect(phone.page.get_by_role("link", name="Register two-factor")).to_be_visible()
    desk = visit()
    frank.give_password(desk)
    expect(desk.locator("#number")).to_have_count(0)


def test_a_key_that_is_deactivated_in_the_portal_leaves_the_phone_at_once(
    served: House, people: dict[str, Actor], visit: Callable[..., Page]
) -> None:
    dan = people["dan"]
    phone = Phone(visit(viewport=PHONE), served).open().tap("Move from another phone")
    phone.give_password(dan).give_token().choose_pin().home()
    desk = visit()
    logs_in(phone, dan, desk)
    phone.open().sees("Mobile key")
    desk.goto(f"{served.url}/devices")
    desk.get_by_role("link", name="Deactivate").click()
    desk.get_by_role("button", name="Deactivate").click()
    phone.sees("This key has ended").home()


def test_codes_by_sms_end_when_the_phone_is_registered(
    served: House, visit: Callable[..., Page]
) -> None:
    person = DOE | {"document_number": "X200009", "ssn": "219088889"}
    grace = served.cast.customer("grace", "U1000009", person, card=False)
    desk = visit()
    grace.log_in(desk)
    desk.goto(f"{served.url}/sms-code")
    desk.get_by_role("button", name="Send the first code").click()
    desk.get_by_label("The 6 digits of the SMS").fill(served.token())
    desk.get_by_role("button", name="Turn it on").click()
    expect(desk.locator("main")).to_contain_text("you get a code by SMS")
    phone = Phone(visit(viewport=PHONE), served).register(grace)
    desk = visit()
    grace.give_password(desk)
    expect(desk.locator("#number")).to_be_visible()
    expect(desk.get_by_label("Use another device")).to_have_count(0)
    assert served.gateway.came == []
    logs_in(phone, grace, visit())
