"""Every screen of the app, dark and light, on the smallest phone, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import DOE, Actor, accessible
from .phones import A_PUSH_SERVICE, PIN, SMALL, House, Phone, house

ENDS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HEIGHTS = """[...document.querySelectorAll("main button, main a.button")]
    .map((each) => each.getBoundingClientRect().height).filter((height) => height > 0)"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="module")
def people(served: House) -> dict[str, Actor]:
    return {
        name: served.cast.customer(
            name, f"U100000{n}", DOE | {"document_number": f"X20000{n}", "ssn": f"21908888{n}"}
        )
        for n, name in enumerate(("alice", "bob"))
    }


def in_order(page: Page) -> None:
    """What holds on every screen."""
    assert page.evaluate(ENDS) <= 0
    assert page.locator("h1").count() == 1
    assert page.locator("[style], style, script:not([src])").count() == 0
    said = page.locator("body").inner_text()
    for word in ("undefined", "null", "NaN", "[object", "%("):
        assert word not in said
    heights = page.evaluate(HEIGHTS)  # all at once: a stream may draw the screen anew meanwhile
    assert min(heights, default=44) >= 44  # a thumb's
    accessible(page)


class Careful(Phone):
    """A phone that looks at each screen it comes to."""

    def sees(self, heading: str) -> Phone:
        super().sees(heading)
        in_order(self.page)
        return self


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_screen_of_a_phones_life_is_in_order(
    served: House, people: dict[str, Actor], visit: Callable[..., Page], look: str
) -> None:
    actor = people["alice" if look == "light" else "bob"]
    page = visit(viewport=SMALL, color_scheme=look)
    phone = Careful(page, served, lock=look == "dark").register(actor)
    phone.passcode("123456", None if look == "dark" else PIN)
    phone.tap("Another passcode").tap("Add user").sees("Add user")
    phone.tap("Back to the first screen").sees("Mobile key").tap(actor.name).sees(actor.name)
    desk = visit()
    actor.give_password(desk)
    chosen = desk.get_by_label("Use another device")
    option = chosen.locator("option", has_text="Mobile key")
    chosen.select_option(value=option.get_attribute("value"))
    desk.get_by_role("button", name="Use this device").click()
    number = desk.locator("#number").inner_text().strip()
    phone.tap("Back to the first screen").tap("Look at it").sees("Is this you?")
    phone.chooses(number)
    if look == "light":
        phone.fill("PIN", "k7Rw3").tap("Approve")
        expect(page.get_by_role("alert")).to_be_visible()
        in_order(page)
        phone.fill("PIN", PIN)
    phone.tap("Approve").sees("Approved").home()
    assert page.get_by_role("link", name="Look at it").count() == 0  # whatever a stream says later
    phone.tap(actor.name).tap("Remove this user from this phone").sees(f"Remove {actor.name}?")
    phone.tap("Keep it").sees(actor.name)
    page.goto(f"{served.url}/mobile-key/#/pending")
    phone.sees("Nothing waits")
    expect(desk.get_by_role("heading", name="You are signed in")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    places = ("", "register", "register/migrate", "register/reenable", "authenticate", "pending")
    for place in places:
        page.goto(f"{served.url}/mobile-key/#/{place}")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_be_visible()
        assert not heading.inner_text().isascii()
        in_order(page)


def test_a_phone_whose_clock_is_wrong_corrects_itself(
    served: House, visit: Callable[..., Page]
) -> None:
    person = DOE | {"document_number": "X200009", "ssn": "219088889"}
    carol = served.cast.customer("carol", "U1000009", person, card=False)
    page = visit(viewport=SMALL)
    phone = Phone(page, served).register(carol)
    page.clock.set_system_time(datetime.now() + timedelta(days=2))
    phone.open()
    desk = visit()
    carol.give_password(desk)
    number = desk.locator("#number").inner_text().strip()
    phone.tap("Look at it").sees("Is this you?").chooses(number).fill("PIN", PIN)
    phone.tap("Approve").sees("Approved")
    expect(desk.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_a_browser_can_install_it(served: House, visit: Callable[..., Page]) -> None:
    phone = Phone(visit(viewport=SMALL), served).open()
    errors = phone.devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors if each["errorId"] != "in-incognito"] == []
    assert phone.devtools.send("Page.getAppManifest")["errors"] == []
    expect(phone.page.locator("#install")).to_be_hidden()
    asked = """() => new Promise((resolve) => {
      const event = new Event("beforeinstallprompt", { cancelable: true });
      event.prompt = async () => resolve(event.defaultPrevented);
      dispatchEvent(event);
      document.getElementById("install").click();
    })"""
    assert phone.page.evaluate(asked) is True


def test_it_works_where_notifications_are_not_allowed(
    served: House, visit: Callable[..., Page]
) -> None:
    person = DOE | {"document_number": "X200008", "ssn": "219088887"}
    dan = served.cast.customer("dan", "U1000008", person, card=False)
    phone = Phone(visit(viewport=SMALL), served).open().tap("Register two-factor")
    phone.give_password(dan).give_token().choose_pin().tap("Turn on notifications")
    told = phone.page.locator("main [role=status]")
    expect(told).to_contain_text("open the app when you log in")
    in_order(phone.page)
    phone.home()
    expect(phone.page.get_by_text("No login waits.")).to_be_visible()


def test_where_they_are_allowed_the_verifier_learns_where_to_send_them(
    tmp_path: Path, visit: Callable[..., Page]
) -> None:
    with house(tmp_path, CHALLNG_PUSH_HOSTS='["127.0.0.1"]') as served:
        erin = served.cast.customer("erin", "U1000001", card=False)
        page = visit(viewport=SMALL, permissions=["notifications"])
        page.add_init_script(A_PUSH_SERVICE)
        phone = Phone(page, served).open().tap("Register two-factor")
        phone.give_password(erin).give_token()
        with page.expect_response("**/api/v1/mobile/push") as answer:
            phone.choose_pin()
        assert answer.value.status == 204
        phone.home().tap("erin").sees("erin")
        expect(page.locator(".facts")).to_contain_text("Notifications are on.")


def test_the_back_button_and_a_reload_break_nothing(
    served: House, visit: Callable[..., Page]
) -> None:
    phone = Phone(visit(viewport=SMALL), served).open()
    phone.tap("Register two-factor").sees("Register two-factor")
    phone.tap("Continue").sees("User name and password")
    phone.page.go_back()
    phone.sees("Register two-factor").tap("Continue").sees("User name and password")
    for place in ("number", "token", "card", "element"):
        phone.page.goto(f"{served.url}/mobile-key/#/register/{place}")
        phone.page.reload()
        phone.sees("Register two-factor")  # what was under way is gone: it begins anew
    for place in ("register/done", "approve/MK00000000/x", "user/MK00000000", "nothing", "%2e"):
        phone.page.goto(f"{served.url}/mobile-key/#/{place}")
        phone.page.reload()
        expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
    phone.tap("Register two-factor").sees("Register two-factor")
