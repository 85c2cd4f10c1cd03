"""What the app leaves on the phone: keys that nobody can read out, and no other secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from server.mobile import files

from .cast import DOE
from .conftest import ARGUMENTS, CHROMIUM
from .phones import PHONE, House, Phone, house
from .test_nothing_secret_is_left import spellings

PIN = "Qz7vK"
KEYS = """async () => {
  const all = await (await import("/mobile-key/app/store.js")).keys();
  const seen = [];
  for (const record of all) {
    for (const [name, value] of Object.entries(record)) {
      const keys = value instanceof CryptoKey ? [value]
        : value?.privateKey ? [value.privateKey] : [];
      for (const key of keys) {
        const told = [];
        for (const format of ["raw", "jwk", "pkcs8"]) {
          const out = crypto.subtle.exportKey(format, key);
          told.push(await out.then(() => "given out", (error) => error.name));
        }
        seen.push([name, key.type, key.extractable, key.usages.join(), told]);
      }
    }
  }
  return seen;
}"""
TEXTS = """async () => {
  const databases = [];
  for (const { name } of await indexedDB.databases()) {
    const open = indexedDB.open(name);
    await new Promise((done) => { open.onsuccess = done; });
    for (const store of open.result.objectStoreNames) {
      const all = open.result.transaction(store).objectStore(store).getAll();
      await new Promise((done) => { all.onsuccess = done; });
      databases.push([name, store, JSON.stringify(all.result)]);
    }
    open.result.close();
  }
  const caches_ = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      caches_.push([new URL(request.url).pathname, await answer.text()]);
    }
  }
  return { databases, caches: caches_, local: { ...localStorage }, session: { ...sessionStorage },
           cookies: document.cookie };
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Where the browser of the phone keeps all that it keeps."""
    return tmp_path / "profile"


@pytest.fixture
def context(browser: Browser, profile: Path) -> Iterator[BrowserContext]:
    opened = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        viewport=PHONE,  # type: ignore[arg-type]
    )
    yield opened
    opened.close()


class Ears:
    """What was said on the consoles, and what the verifier answered."""

    def __init__(self, context: BrowserContext) -> None:
        self.said: list[str] = []
        self.answers: list[tuple[str, Any]] = []
        context.on("console", self._console)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    def _response(self, response: Response) -> None:
        if "/api/" in response.url and "event-stream" not in response.headers["content-type"]:
            self.answers.append((response.url, response.text()))


def test_nothing_secret_is_in_a_cache_a_store_of_texts_or_a_console(
    served: House, context: BrowserContext, profile: Path, visit: Callable[..., Page]
) -> None:
    alice = served.cast.customer("alice", "U1000001", card=False)
    ears = Ears(context)
    phone = Phone(context.pages[0], served).open()
    phone.tap("Register two-factor").give_password(alice).sees("Phone number")
    phone.tap("Get activation SMS").sees("Activation token")
    token = served.token()
    phone.fill("Activation token", token).tap("Continue").choose_pin(PIN).home()
    desk = visit()
    alice.give_password(desk)
    number = desk.locator("#number").inner_text().strip()
    phone.tap("Look at it").sees("Is this you?").chooses(number)
    phone.fill("PIN", PIN).tap("Approve").sees("Approved").home()
    passcode = phone.passcode("654321", PIN)
    bearer = next(
        answer.split('"registration":"')[1].split('"')[0]
        for url, answer in ears.answers
        if url.endswith("/registrations")
    )
    secrets = {
        "the password": alice.password,
        "the PIN": PIN,
        "the registration": bearer,
        "the token": token,
        "a passcode": passcode,
    }

    left = phone.page.evaluate(TEXTS)
    assert {path for path, _ in left["caches"]} == set(files.kept())
    assert (left["local"], left["session"], left["cookies"]) == ({}, {}, "")
    assert [each[:2] for each in left["databases"]] == [
        ["challng-mobile-key", "app"],
        ["challng-mobile-key", "keys"],
    ]
    kept = {
        "the caches": "\n".join(text for _, text in left["caches"]),
        "IndexedDB": "\n".join(text for *_, text in left["databases"]),
        "the consoles": "\n".join(ears.said),
    }
    assert ears.answers
    assert all(answer not in kept["the caches"] for _, answer in ears.answers if len(answer) > 2)
    found = [
        f"{what} in {where}"
        for what, secret in secrets.items()
        for where, text in kept.items()
        if secret in text
    ]
    assert found == []

    context.close()
    on_the_disk = [each for each in profile.rglob("*") if each.is_file()]
    assert any(b"challng-mobile-key" in each.read_bytes() for each in on_the_disk)
    found = [
        f"{what} in {each.relative_to(profile)}"
        for each in on_the_disk
        for what in ("the password", "the PIN", "the registration", "a passcode")
        if any(spelled in each.read_bytes() for spelled in spellings(secrets[what].encode()))
    ]
    assert found == []


def test_the_keys_on_the_phone_cannot_be_read_out(
    served: House, visit: Callable[..., Page]
) -> None:
    person = DOE | {"document_number": "X200002", "ssn": "219088882"}
    bob = served.cast.customer("bob", "U1000002", person, card=False)
    phone = Phone(visit(viewport=PHONE), served, lock=True).register(bob)
    seen = {name: rest for name, *rest in phone.page.evaluate(KEYS)}
    assert set(seen) == {"signKey", "ocraKey"}
    for kind, extractable, usages, told in seen.values():
        assert kind in {"private", "secret"}
        assert extractable is False
        assert usages == "sign"
        assert "given out" not in told
    assert seen["ocraKey"][3][:2] == ["InvalidAccessError", "InvalidAccessError"]
    expect(phone.page.locator("main")).not_to_contain_text("undefined")
