"""A household, and a real Chromium to visit it with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.doors import Household
from tests.warm import warm

__all__ = ["warm"]

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to put pictures of what the tests see."""
    parser.addoption("--pictures", metavar="DIR", help="save pictures of pages and screens in DIR")


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures; a temporary one unless --pictures names one."""
    chosen = request.config.getoption("--pictures")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    """A served verifier with two workers, one user and one card."""
    household = Household(tmp_path_factory.mktemp("household"), workers=2)
    household.set_up()
    household.verifier.start()
    yield household
    assert household.verifier.stop() == 0


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless, that finds no host but the loopback.

    It ends with this folder: Playwright keeps an event loop running in the tests' own thread, and
    the tests of other folders want one of their own.
    """
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    expect.set_options(timeout=20_000)  # a busy machine is not a broken page
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser context of its own; `visit(javascript=False)` and so on.

    The context refuses to load anything that is not on the loopback, and the page fails its test
    for any error on its console.
    """
    contexts = []
    problems: list[str] = []

    def opened(*, javascript: bool = True, **options: object) -> Page:
        context = browser.new_context(java_script_enabled=javascript, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
