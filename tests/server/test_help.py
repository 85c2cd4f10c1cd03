"""Every page leads to its help, and the help is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from hatchling.builders.wheel import WheelBuilder

from server.app import create_app
from server.portal import help as guide
from server.verifier import Verifier

from .browser import Browser
from .support import Card, ToldClock, make_verifier

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "help").glob("*.md"))
NO_TOPIC = {"/", "/help", "/help/{name}"}
MACHINES = {"/healthz", "/readyz", "/metrics"} | {
    "/.well-known/openid-configuration",
    "/openid/jwks",
    "/openid/userinfo",
}
PROGRAMS = ("/api/", "/validate/", "/token/")


@pytest.fixture
def browser(verifier: Verifier) -> Browser:
    return Browser(verifier)


def help_of(page: str) -> str:
    (address,) = re.findall(r'<a class="help" href="([^"]*)"', page)
    return str(address)


def places(verifier: Verifier) -> set[str]:
    """Every address of the portal that shows a page."""
    found = set()
    todo = list(create_app(verifier).routes)
    for route in todo:
        if isinstance(route, APIRoute) and "GET" in route.methods:
            found.add(route.path)
        inner = getattr(route, "original_router", None)
        todo += inner.routes if inner is not None else []
    return {path for path in found - MACHINES if not path.startswith(PROGRAMS)}


def test_every_page_has_a_help_page_of_its_own(verifier: Verifier) -> None:
    assert "/login" in places(verifier)
    missing = {path for path in places(verifier) - NO_TOPIC if guide.topic(path) == guide.INDEX}
    assert missing == set()


def test_every_topic_has_its_page_and_every_page_is_in_the_index() -> None:
    names = {path.stem for path in PAGES}
    assert {name for _, name in guide.TOPICS} | {guide.INDEX} == names
    index = (ROOT / "docs" / "help" / "index.md").read_text()
    assert {f"{name}.md" for name in names - {guide.INDEX}} <= set(
        re.findall(r"\]\(([a-z-]+\.md)\)", index)
    )


def test_the_link_on_a_page_leads_to_its_help(browser: Browser, card: Card) -> None:
    login = browser.get("/login")
    assert help_of(login.text) == "/help/logging-in"
    assert browser.get(help_of(login.text)).status_code == 200
    browser.password()
    home = browser.send(answer=card.shows(browser.challenge()))
    assert browser.get(help_of(home.text)).status_code == 200
    assert help_of(browser.get("/nothing").text) == "/help/index"


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        for name in ("href", "src"):
            if tag in {"a", "img"} and values.get(name):
                self.found.add(str(values[name]))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_and_every_picture_of_a_help_page_is_served(
    path: Path, browser: Browser
) -> None:
    page = browser.get(f"/help/{path.stem}")
    assert page.status_code == 200
    assert len(re.findall("<h1", page.text)) == 1
    links = _Links()
    links.feed(page.text)
    for link in links.found - {"#main"}:
        answer = browser.client.get(link)
        assert answer.status_code == 200, link
        if link.endswith(".png"):
            assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("name", ["nothing", "../verifier", "%2e%2e%2fverifier", "INDEX", "a" * 99])
def test_nothing_but_help_is_served(name: str, browser: Browser) -> None:
    assert browser.get(f"/help/{name}").status_code == 404


def test_every_picture_of_help_says_what_it_shows() -> None:
    for path in PAGES:
        for words, _ in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", path.read_text()):
            assert len(words) > 10, f"{path.stem}: a picture without words"


@pytest.fixture
def elsewhere(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path / "other", clock, help_url="https://help.example.com/")
    yield made
    made.close()


def test_help_can_be_somewhere_else(elsewhere: Verifier) -> None:
    browser = Browser(elsewhere)
    page = browser.get("/login")
    assert help_of(page.text) == "https://help.example.com/logging-in"
    assert browser.get("/help/logging-in").status_code == 404


def test_the_wheel_has_the_help_pages_and_their_pictures() -> None:
    files = {each.distribution_path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    named = {
        name
        for path in PAGES
        for name in re.findall(r"\]\(\.\./pictures/([^)]*)\)", path.read_text())
    }
    assert {f"server/portal/guide/help/{path.name}" for path in PAGES} <= files
    assert named
    assert {f"server/portal/guide/pictures/{name}" for name in named} <= files
