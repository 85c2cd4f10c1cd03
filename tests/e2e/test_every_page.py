"""Every page that anybody can reach by links, in both languages, on a phone and at a desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from server.language import own_names
from tests.doors import Household

from . import visitors
from .visitors import Visitor

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1100, "height": 800}
LANGUAGES = [locale for locale, _ in own_names()]
_MOST = 80
_VARIES = re.compile(r"/(\d+|[A-Za-z0-9_-]{22})(?=/|$)")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Visitor]]]:
    """A verifier that everybody can log in to."""
    household = Household(tmp_path_factory.mktemp("everybody"))
    household.verifier.command("init")
    everybody = visitors.invite(household)
    household.verifier.start()
    yield household.verifier.url, everybody
    assert household.verifier.stop() == 0


def speak(page: Page, locale: str) -> None:
    """Choose a language by the form in the page's foot."""
    page.locator(f'.languages button[value="{locale}"]').click()
    expect(page.locator("html")).to_have_attribute("lang", locale.replace("_", "-"))


def places(page: Page, url: str, guide: bool) -> set[str]:
    """What a page's links lead to on this site, documents left out; with `guide` help too."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
    paths = {urlsplit(each).path for each in found if each.startswith(f"{url}/")}
    documents = re.compile(r".*\.(pdf|png)|/documents/.+")
    pages = {path for path in paths if not documents.fullmatch(path)}
    return pages if guide else {path for path in pages if not path.startswith("/help")}


def every_page(
    page: Page, url: str, start: str = "/", *, guide: bool = False
) -> Iterator[tuple[str, Response]]:
    """Go to every page that links lead to, one of each kind; yields where it is, and its answer."""
    todo, seen = [start], set()
    while todo:
        path = todo.pop(0)
        kind = _VARIES.sub("/*", path)
        if kind in seen:
            continue
        seen.add(kind)
        assert len(seen) < _MOST
        answer = page.goto(f"{url}{path}")
        assert answer is not None
        yield path, answer
        todo += sorted(places(page, url, guide))


# A page's elements with what axe goes by, without its words and where its links lead.
SHAPE = """() => [...document.querySelectorAll('body *')].map(each =>
  each.tagName + [...each.attributes]
    .filter(one => !['href', 'value', 'datetime', 'action', 'content'].includes(one.name))
    .map(one => one.name + '=' + one.value.replace(/[0-9]+/g, '#'))
  + (each.textContent.trim() ? ' words' : '')).join('|')"""
_looked_at: set[tuple[str, str]] = set()


def accessible(page: Page, path: str, look: str = "light") -> None:
    """axe finds nothing; what has the same shape, width and look was seen by it already."""
    key = (f"{look} {(page.viewport_size or {}).get('width')}", page.evaluate(SHAPE))
    if key in _looked_at:
        return
    results = Axe().run(page)
    assert results.violations_count == 0, f"{path}: {results.generate_report()}"
    _looked_at.add(key)


def in_order(page: Page, path: str, answer: Response, locale: str) -> None:
    """What holds on every page, whatever it shows."""
    assert answer.status == 200, path
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy, path
    assert "default-src 'none'" in policy, path
    assert "no-store" in answer.headers["cache-control"], path
    assert page.locator("html").get_attribute("lang") == locale.replace("_", "-"), path
    assert page.locator("h1").count() == 1, path
    assert page.locator("a.help").get_attribute("href"), path
    assert page.locator("[style], [onclick], style, script:not([src])").count() == 0, path


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("name", visitors.ALL)
def test_every_page_is_in_order_and_accessible(
    house: tuple[str, dict[str, Visitor]],
    visit: Callable[..., Page],
    pictures: Path,
    request: pytest.FixtureRequest,
    name: str,
    locale: str,
) -> None:
    url, everybody = house
    wanted = request.config.getoption("--pictures")
    page = visit(viewport=PHONE)
    everybody[name].log_in(page, url)
    speak(page, locale)
    menu = [each.get_attribute("href") for each in page.locator(".menu a").all()]
    seen = []
    for path, answer in every_page(page, url):
        in_order(page, path, answer, locale)
        for viewport in (PHONE, DESKTOP):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            accessible(page, path)
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) <= 0, f"{path} is wider than {viewport['width']} pixels"
            shot = (
                f"{name}{_VARIES.sub('', path).replace('/', '-')}-{locale}-{viewport['width']}.png"
            )
            if wanted:
                page.screenshot(path=pictures / "others" / shot, full_page=True)
        seen.append(path)
    assert set(menu) <= set(seen)


@pytest.mark.parametrize("name", ["alice", "dave"])
def test_every_page_is_accessible_in_the_dark(
    house: tuple[str, dict[str, Visitor]], visit: Callable[..., Page], name: str
) -> None:
    url, everybody = house
    page = visit(viewport=PHONE, color_scheme="dark")
    everybody[name].log_in(page, url)
    for path, _ in every_page(page, url):
        accessible(page, path, "dark")


@pytest.mark.parametrize("name", visitors.ALL)
def test_every_page_works_without_javascript(
    house: tuple[str, dict[str, Visitor]], visit: Callable[..., Page], name: str
) -> None:
    url, everybody = house
    page = visit(javascript=False)
    everybody[name].log_in(page, url)
    for path, answer in every_page(page, url):
        assert answer.status == 200, path
        expect(page.locator("h1")).to_be_visible()
        for button in page.locator("main button").all():
            expect(button).to_be_enabled()


def test_pages_before_logging_in_are_in_order(
    house: tuple[str, dict[str, Visitor]], visit: Callable[..., Page]
) -> None:
    url, _ = house
    page = visit(viewport=PHONE)
    page.goto(f"{url}/login")
    for locale in LANGUAGES:
        speak(page, locale)
        for path, answer in every_page(page, url, "/login", guide=True):
            in_order(page, path, answer, locale)
            accessible(page, path)
        page.goto(f"{url}/login")


def test_a_keyboard_alone_skips_to_the_content_and_sees_where_it_is(
    house: tuple[str, dict[str, Visitor]], visit: Callable[..., Page]
) -> None:
    url, everybody = house
    page = visit(viewport=DESKTOP)
    everybody["alice"].log_in(page, url)
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"


def test_what_is_printed_has_no_menu_and_no_buttons(
    house: tuple[str, dict[str, Visitor]], visit: Callable[..., Page]
) -> None:
    url, everybody = house
    page = visit(viewport=DESKTOP)
    everybody["alice"].log_in(page, url)
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    for hidden in (".top", ".foot", "main form"):
        for each in page.locator(hidden).all():
            expect(each).to_be_hidden()
