"""Setting up the mobile key on a phone, from nothing to done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import CONTACT, DOE, accessible
from .phones import PHONE, PIN, SMALL, House, Phone, house

OF_BOB = DOE | {"name": "Bob Doe", "document_number": "X7654321", "ssn": "219088888"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def test_a_phone_is_registered_with_a_pin(
    served: House, visit: Callable[..., Page], pictures: Path
) -> None:
    alice = served.cast.customer("alice", "U1000001", card=False)
    phone = Phone(visit(viewport=PHONE), served).open()

    def looked_at(name: str = "") -> None:
        accessible(phone.page)
        if name:
            phone.page.screenshot(path=pictures / f"mobile-{name}.png", full_page=True)

    phone.sees("Mobile key")
    looked_at("1-first")
    phone.tap("Register two-factor").sees("Register two-factor")
    looked_at()
    phone.tap("Continue").sees("User name and password")
    phone.fill("User name", "alice").fill("Password", "not hers").tap("Continue")
    expect(phone.page.get_by_role("alert")).to_contain_text("not right")
    expect(phone.page.get_by_label("Password")).to_have_value("")
    phone.fill("Password", alice.password).tap("Continue").sees("Phone number")
    expect(phone.page.get_by_label("23", exact=False).first).to_be_checked()
    looked_at("3-number")
    phone.tap("Get activation SMS").sees("Activation token")
    expect(phone.page.get_by_role("button", name="Send it again in")).to_be_disabled()
    token = served.token()
    phone.fill("Activation token", "12345").tap("Continue")
    expect(phone.page.get_by_role("alert")).to_have_text("This is too short.")
    phone.fill("Activation token", f"{(int(token) + 1) % 10**6:06}").tap("Continue")
    expect(phone.page.get_by_role("alert")).to_contain_text("Tries left: 4.")
    looked_at()
    phone.fill("Activation token", token)
    looked_at("4-token")
    phone.tap("Continue").sees("Security element")
    expect(phone.page.get_by_text("Fingerprint")).to_have_count(0)  # this phone has none
    phone.fill("New PIN", "1980").fill("New PIN again", "1980").tap("Register")
    expect(phone.page.get_by_role("alert")).to_be_visible()  # a date of birth
    phone.fill("New PIN", PIN).fill("New PIN again", "k7Rw3").tap("Register")
    expect(phone.page.get_by_role("alert")).to_contain_text("not the same")
    looked_at()
    phone.choose_pin()
    expect(phone.page.locator("main")).to_contain_text("the mobile key of alice")
    looked_at("6-done")
    phone.home()
    expect(phone.page.get_by_role("link", name="alice", exact=True)).to_be_visible()
    looked_at()

    another = Phone(visit(), served).open().tap("Register two-factor")
    another.give_password(alice)
    expect(another.page.get_by_role("alert")).to_be_visible()
    expect(another.page.get_by_role("link", name="Move from another phone")).to_be_visible()


def test_a_phone_with_a_lock_is_registered_by_fingerprint_and_a_recovery_pin(
    served: House, visit: Callable[..., Page], pictures: Path
) -> None:
    bob = served.cast.customer("bob", "U1000002", OF_BOB, card=False)
    phone = Phone(visit(viewport=SMALL), served, lock=True)
    phone.open().tap("Register two-factor").give_password(bob).give_token()
    phone.sees("Security element")
    accessible(phone.page)
    phone.page.screenshot(path=pictures / "mobile-5-element.png", full_page=True)
    expect(phone.page.get_by_label("Fingerprint")).to_be_checked()
    phone.finger(right=False)
    phone.fill("New PIN", PIN).fill("New PIN again", PIN).tap("Register")
    expect(phone.page.get_by_role("alert")).to_contain_text("did not confirm")
    phone.finger(right=True)
    phone.choose_pin()
    expect(phone.page.locator("main")).to_contain_text("Lock of this phone")


def test_a_user_without_a_number_on_record_gives_one(
    served: House, visit: Callable[..., Page]
) -> None:
    served.cast.account("U1000003", OF_BOB | {"document_number": "X200001"})
    carol = served.cast.another("carol", "U1000003")
    phone = Phone(visit(viewport=PHONE), served).open().tap("Register two-factor")
    phone.give_password(carol).sees("Phone number")
    country = phone.page.get_by_label("Country")
    assert country.locator("option").count() > 200
    country.select_option(label="Australia (+61)")
    phone.fill("Number", "0491 570156").tap("Get activation SMS")
    expect(phone.page.get_by_role("alert")).to_have_text(
        "Type digits alone, no spaces and no signs."
    )
    phone.fill("Number", "0491570156").tap("Get activation SMS")
    expect(phone.page.get_by_role("alert")).to_contain_text("0")  # the trunk prefix
    accessible(phone.page)
    phone.fill("Number", "491570156").tap("Get activation SMS").sees("Activation token")
    phone.fill("Activation token", served.token()).tap("Continue")
    phone.choose_pin()


def test_every_screen_on_the_way_is_reached_by_the_keyboard_alone(
    served: House, visit: Callable[..., Page]
) -> None:
    dan = served.cast.customer(
        "dan", "U1000004", OF_BOB | {"document_number": "X200002"}, card=False
    )
    phone = Phone(visit(viewport=SMALL), served).open()
    keys = phone.page.keyboard

    def step(*texts: str) -> None:
        for text in texts:
            keys.press("Tab")
            keys.type(text)
        keys.press("Enter")

    phone.page.get_by_role("link", name="Register two-factor").focus()
    keys.press("Enter")
    phone.sees("Register two-factor")
    expect(phone.page.get_by_role("heading", level=1)).to_be_focused()
    phone.page.keyboard.press("Tab")
    keys.press("Enter")
    phone.sees("User name and password")
    step("dan", dan.password)
    phone.sees("Phone number")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    phone.sees("Activation token")
    step(served.token())
    phone.sees("Security element")
    step(PIN, PIN)
    phone.sees("Done")


def test_the_app_speaks_the_language_that_is_chosen_and_keeps_it(
    served: House, visit: Callable[..., Page]
) -> None:
    page = visit(viewport=PHONE, locale="zh-TW")
    phone = Phone(page, served).open().sees("行動金鑰")
    accessible(page)
    page.get_by_role("button", name="English").click()
    phone.sees("Mobile key")
    page.reload()
    phone.sees("Mobile key")
    page.get_by_role("button", name="中文").click()
    phone.sees("行動金鑰")
    page.get_by_role("link", name="註冊雙重驗證").click()
    page.get_by_role("link", name="繼續").click()
    page.get_by_label("使用者名稱").fill("alice")
    page.get_by_label("密碼").fill("not hers")
    page.get_by_role("button", name="繼續").click()
    expect(page.get_by_role("alert")).to_contain_text("使用者名稱或密碼不正確")


def test_the_number_on_record_is_never_shown_whole(
    served: House, visit: Callable[..., Page]
) -> None:
    erin = served.cast.customer(
        "erin", "U1000005", OF_BOB | {"document_number": "X200003"}, card=False
    )
    phone = Phone(visit(), served).open().tap("Register two-factor").give_password(erin)
    phone.sees("Phone number")
    digits = CONTACT["phone"].lstrip("+")  # type: ignore[union-attr]
    assert digits not in phone.page.content().replace(" ", "")
    assert digits[-2:] in phone.page.locator("main").inner_text()
