"""With the network cut in the browser, the app opens and makes a passcode that is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .cast import DOE, Actor, accessible
from .phones import PHONE, PIN, SMALL, House, Phone, house

OF_BOB = DOE | {"document_number": "X7654321", "ssn": "219088888"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def challenge(page: Page, actor: Actor) -> str:
    """Log in as far as the challenge."""
    actor.give_password(page)
    page.get_by_role("link", name="Click here if you do not receive the notification").click()
    return page.locator("#challenge").inner_text().strip()


def answer(page: Page, digits: str) -> None:
    page.get_by_label("Passcode").fill(digits)
    page.get_by_role("button", name="Log in").click()


def signed_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_a_passcode_is_made_without_a_network_and_accepted(
    served: House, visit: Callable[..., Page], pictures: Path
) -> None:
    alice = served.cast.customer("alice", "U1000001", card=False)
    phone = Phone(visit(viewport=PHONE), served).register(alice)
    desk = visit()
    asked = challenge(desk, alice)

    phone.page.context.set_offline(True)
    phone.page.close()
    phone = Phone(phone.page.context.new_page(), served)
    phone.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    phone.open().sees("Mobile key")
    expect(phone.page.get_by_text("Authenticate works without a network")).to_be_visible()
    accessible(phone.page)
    phone.tap("Authenticate").sees("Authenticate")
    accessible(phone.page)
    phone.fill("PIN", PIN).fill("Challenge", asked)
    phone.page.screenshot(path=pictures / "mobile-authenticate.png", full_page=True)
    phone.tap("Generate passcode").sees("Passcode")
    accessible(phone.page)
    phone.page.screenshot(path=pictures / "mobile-passcode.png", full_page=True)
    digits = phone.page.locator("#passcode").inner_text().replace(" ", "")
    assert len(digits) == 8
    answer(desk, digits)
    signed_in(desk)

    # Each has its own counter: the next one is good too, and the last one never again.
    desk = visit()
    asked = challenge(desk, alice)
    answer(desk, digits)
    expect(desk.get_by_role("alert").first).to_be_visible()
    phone.tap("Another passcode").sees("Authenticate")
    phone.fill("PIN", PIN).fill("Challenge", asked).tap("Generate passcode").sees("Passcode")
    answer(desk, phone.page.locator("#passcode").inner_text())
    signed_in(desk)
    phone.page.context.set_offline(False)


def test_a_wrong_pin_makes_a_passcode_that_costs_a_try(
    served: House, visit: Callable[..., Page]
) -> None:
    bob = served.cast.customer("bob", "U1000002", OF_BOB, card=False)
    phone = Phone(visit(viewport=SMALL), served).register(bob)
    desk = visit()
    asked = challenge(desk, bob)
    phone.page.context.set_offline(True)
    phone.tap("Authenticate")
    expect(phone.page.get_by_text("costs one of your tries")).to_be_visible()
    phone.fill("PIN", "k7Rw3").fill("Challenge", asked).tap("Generate passcode").sees("Passcode")
    answer(desk, phone.page.locator("#passcode").inner_text())
    expect(desk.get_by_role("alert").first).to_contain_text("2")
    phone.tap("Another passcode").sees("Authenticate")
    phone.fill("PIN", PIN).fill("Challenge", asked).tap("Generate passcode").sees("Passcode")
    answer(desk, phone.page.locator("#passcode").inner_text())
    signed_in(desk)


def test_the_phones_own_lock_is_asked_without_a_network_too(
    served: House, visit: Callable[..., Page]
) -> None:
    person = DOE | {"document_number": "X200003", "ssn": "219077777"}
    carol = served.cast.customer("carol", "U1000003", person, card=False)
    phone = Phone(visit(viewport=SMALL), served, lock=True).register(carol)
    desk = visit()
    asked = challenge(desk, carol)
    phone.page.context.set_offline(True)
    phone.tap("Authenticate").fill("Challenge", asked)
    expect(phone.page.get_by_label("PIN", exact=True)).to_be_hidden()
    phone.finger(right=False)
    phone.tap("Generate passcode")
    expect(phone.page.get_by_role("alert")).to_contain_text("did not confirm")
    phone.finger(right=True)
    phone.tap("Generate passcode").sees("Passcode")
    answer(desk, phone.page.locator("#passcode").inner_text())
    signed_in(desk)


def test_the_counter_is_on_the_disk_before_the_digits_are_shown(
    served: House, visit: Callable[..., Page]
) -> None:
    person = DOE | {"document_number": "X200004", "ssn": "219066666"}
    dan = served.cast.customer("dan", "U1000004", person, card=False)
    phone = Phone(visit(viewport=SMALL), served).register(dan)
    taken = phone.page.evaluate(
        """async () => {
          const store = await import("/mobile-key/app/store.js");
          const [{ serial }] = await store.keys();
          const taken = await Promise.all([1, 2, 3, 4, 5].map(() => store.takeCounter(serial)));
          return [taken, (await store.key(serial)).counter];
        }"""
    )
    assert taken == [[0, 1, 2, 3, 4], 5]
    phone.passcode("123456")
    phone.page.reload()
    counter = """async () => (await (await import("/mobile-key/app/store.js")).keys())[0].counter"""
    assert phone.page.evaluate(counter) == 6


def test_a_new_version_is_taken_up_when_its_user_says_so(
    served: House, visit: Callable[..., Page]
) -> None:
    page = visit(viewport=SMALL)
    phone = Phone(page, served).open()
    page.reload()
    (before,) = page.evaluate("caches.keys()")
    verifier = served.household.verifier
    assert verifier.stop() == 0
    verifier.environment["CHALLNG_HELP_URL"] = "https://help.example.com"
    verifier.start()

    page.evaluate("navigator.serviceWorker.ready.then((place) => place.update())")
    expect(page.get_by_text("There is a new version of this app.")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Take it").click()
    moved = page.get_by_role("link", name="Help", exact=True)
    expect(moved).to_have_attribute("href", "https://help.example.com/mobile-key")
    phone.sees("Mobile key")
    (after,) = page.evaluate("caches.keys()")
    assert after != before
