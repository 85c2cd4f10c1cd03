"""The mobile key and codes by SMS in the portal, and at the support desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import DOE, accessible
from .phones import PHONE, House, Phone, house
from .test_desk import DESKTOP, act, find

OF_BOB = DOE | {"name": "Bob Doe", "document_number": "X7654321", "ssn": "219088888"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_codes_by_sms_until_there_is_a_device(
    served: House, visit: Callable[..., Page], pictures: Path, javascript: bool
) -> None:
    name = "alice" if javascript else "carol"
    number = "U1000001" if javascript else "U1000003"
    person = DOE if javascript else OF_BOB | {"document_number": "X200001"}
    alice = served.cast.customer(name, number, person, card=False)
    page = visit(viewport=PHONE, javascript=javascript)

    def looked_at(picture: str) -> None:
        if javascript:  # axe is a script
            accessible(page)
            page.screenshot(path=pictures / f"{picture}.png", full_page=True)

    alice.log_in(page)
    page.goto(f"{served.url}/devices")
    page.get_by_role("link", name="Get codes by SMS").click()
    looked_at("mobile-sms-1")
    page.get_by_role("button", name="Send the first code").click()
    if javascript:
        accessible(page)
    page.get_by_role("button", name="Send another SMS").click()
    expect(page.locator("#problem")).to_contain_text("Wait")
    page.get_by_label("The 6 digits of the SMS").fill(served.token())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("main")).to_contain_text("at each login you get a code by SMS")
    page.goto(f"{served.url}/")
    page.get_by_role("button", name="Log out", exact=True).click()
    alice.give_password(page)
    expect(page.get_by_role("heading", name="Type the code of the SMS")).to_be_visible()
    looked_at("mobile-sms-2")
    page.get_by_label("The 6 digits of the SMS").fill(served.token())
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#device")).to_contain_text("SMS code")


def test_a_mobile_key_from_the_list_of_devices_to_its_end(
    served: House, visit: Callable[..., Page], pictures: Path
) -> None:
    bob = served.cast.customer("bob", "U1000002", OF_BOB)
    page = visit(viewport=PHONE)

    def looked_at(picture: str) -> None:
        accessible(page)
        page.screenshot(path=pictures / f"{picture}.png", full_page=True)

    bob.log_in(page)
    page.goto(f"{served.url}/devices")
    page.get_by_role("link", name="Use your phone as a mobile key").click()
    expect(page.locator("#app")).to_have_text(f"{served.url}/mobile-key/")
    looked_at("mobile-portal")
    phone = Phone(visit(viewport=PHONE), served).register(bob)
    page.goto(f"{served.url}/devices")
    expect(page.locator("main")).to_contain_text("Mobile key MK")
    looked_at("mobile-devices")
    page.get_by_role("link", name="Deactivate").click()
    looked_at("mobile-deactivate")
    page.get_by_role("button", name="Deactivate").click()
    expect(page.locator("main")).not_to_contain_text("Mobile key MK")
    phone.open()
    expect(phone.page.get_by_role("heading", level=1)).to_be_visible()


def test_the_desk_deactivates_a_lost_phone_and_resets_no_pin_of_it(
    served: House, visit: Callable[..., Page], pictures: Path
) -> None:
    dan = served.cast.customer("dan", "U1000004", OF_BOB | {"document_number": "X200004"})
    clerk = served.cast.staff("erin", "support")
    Phone(visit(viewport=PHONE), served).register(dan)
    page = visit(viewport=DESKTOP)
    clerk.log_in(page)
    find(page, "dan")
    page.get_by_role("button", name="Check identity").click()
    said = {
        "date_of_birth": "1980-02-29",
        "document_number": "X200004",
        "ssn": "219-08-8888",
        "citizenship": "US",
        "residence": "DE",
        "account": "U1000004",
        "postal_code": "01101",
        "phone": "+1 202 555 0123",
        "mail": "alice@example.net",
    }
    for each in page.locator("main input[type=text]").all():
        each.fill(said[each.get_attribute("name") or ""])
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("main")).to_contain_text("Its PIN is not ended here")
    accessible(page)
    page.screenshot(path=pictures / "mobile-desk.png", full_page=True)
    act(page, "Deactivate for good", "the phone was stolen")
    expect(page.get_by_role("status")).to_contain_text("The mobile key is deactivated")
    expect(page.locator("main")).not_to_contain_text("mobile key MK")
