"""Phones: browser contexts with the app and an authenticator, and a gateway that gets the SMS."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from tests.doors import Household, Verifier
from tests.server.post import Hook, hook

from .cast import Actor, Cast

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
PIN = "k7Rw2"

# Chromium without Google's push service: what a subscription there is like, at another address.
A_PUSH_SERVICE = """
  const subscription = {
    toJSON: () => ({
      endpoint: "https://127.0.0.1/push/one",
      keys: {
        p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
          + "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth: "BTBZMqHH6r4Tts7J_aSIgg",
      },
    }),
  };
  PushManager.prototype.subscribe = async () => subscription;
  PushManager.prototype.getSubscription = async () => subscription;
"""


class House:
    """A verifier that knows the mobile key, and what its SMS gateway got."""

    def __init__(self, folder: Path, gateway: Hook, **settings: str) -> None:
        self.gateway = gateway
        self.household = Household(folder)
        verifier = Verifier(folder / "verifier", host="localhost")
        verifier.environment = {
            "CHALLNG_PUBLIC_URL": verifier.url,
            "CHALLNG_SMS_URL": f"{gateway.url}?to={{phone}}",
            "CHALLNG_PROMPT_PAUSE_SECONDS": "1",
            "CHALLNG_PROMPT_WINDOW_SECONDS": "1",
            **settings,
        }
        self.household.verifier = verifier
        verifier.command("init")
        self.cast = Cast(self.household)

    @property
    def url(self) -> str:
        """Where people reach the pages."""
        return self.household.verifier.url

    def token(self) -> str:
        """The six digits of the newest SMS, when one is there that was not read yet."""
        for _ in range(200):
            if self.gateway.came:
                text = str(self.gateway.came.pop()["message"])
                found = re.search(r"\b[0-9]{6}\b", text)
                assert found, text
                return found[0]
            time.sleep(0.05)
        raise AssertionError("no SMS came")


@contextmanager
def house(folder: Path, **settings: str) -> Iterator[House]:
    """Serve a verifier that knows the mobile key."""
    with hook() as gateway:
        made = House(folder, gateway, **settings)
        made.household.verifier.start()
        yield made
        assert made.household.verifier.stop() == 0


class Phone:
    """One phone: a page in a context of its own; `lock` gives it a fingerprint reader."""

    def __init__(self, page: Page, house: House, *, lock: bool = False) -> None:
        self.page = page
        self.house = house
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.authenticator = ""
        if lock:
            self._add_lock()

    def _add_lock(self) -> None:
        self.devtools.send("WebAuthn.enable")
        options: dict[str, Any] = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.authenticator = made["authenticatorId"]

    def finger(self, *, right: bool) -> None:
        """Whether the phone takes the finger for its owner's from now on."""
        self.devtools.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.authenticator, "isUserVerified": right},
        )

    def open(self, place: str = "") -> Phone:
        """Open the app, and wait until it can be used without a network."""
        self.page.goto(f"{self.house.url}/mobile-key/{place}")
        expect(self.page.locator("#foot a.help")).to_be_visible()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return self

    def tap(self, words: str) -> Phone:
        """Tap a button or a link."""
        here = self.page.locator("main")
        either = here.get_by_role("button", name=words, exact=True)
        either.or_(here.get_by_role("link", name=words, exact=True)).click()
        return self

    def fill(self, label: str, text: str) -> Phone:
        """Type into a field."""
        self.page.get_by_label(label, exact=True).fill(text)
        return self

    def sees(self, heading: str) -> Phone:
        """Wait for a screen."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        return self

    def give_password(self, actor: Actor) -> Phone:
        """User name and password, from the instructions on."""
        self.tap("Continue").sees("User name and password")
        self.fill("User name", actor.name).fill("Password", actor.password)
        return self.tap("Continue")

    def give_token(self) -> Phone:
        """The SMS to the number on record."""
        self.sees("Phone number").tap("Get activation SMS").sees("Activation token")
        return self.fill("Activation token", self.house.token()).tap("Continue")

    def choose_pin(self, pin: str = PIN, *, element: str | None = None) -> Phone:
        """The security element and a new PIN."""
        self.sees("Security element")
        if element:
            self.page.get_by_label(element).check()
        self.fill("New PIN", pin).fill("New PIN again", pin)
        return self.tap("Register").sees("Done")

    def register(self, actor: Actor, pin: str = PIN, *, element: str | None = None) -> Phone:
        """The whole of "Register two-factor", and back to the first screen."""
        self.open().tap("Register two-factor").give_password(actor).give_token()
        return self.choose_pin(pin, element=element).home()

    def home(self) -> Phone:
        """To the first screen."""
        return self.tap("To the first screen").sees("Mobile key")

    def chooses(self, number: str) -> Phone:
        """Tap one of the three numbers of a login that waits."""
        self.page.get_by_role("radio", name=number, exact=True).check()
        return self

    def passcode(self, challenge: str, pin: str | None = PIN) -> str:
        """Authenticate, and read the digits."""
        self.tap("Authenticate").sees("Authenticate")
        if pin is not None:
            self.fill("PIN", pin)
        self.fill("Challenge", challenge).tap("Generate passcode").sees("Passcode")
        return self.page.locator("#passcode").inner_text().replace(" ", "")
