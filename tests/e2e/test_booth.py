"""A visitor at the booth: every key clicked on the drawn card, the thief kept out, and no trace."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.booth.served import Booth
from tests.e2e.cast import accessible

LARGE, SMALL = {"width": 1920, "height": 1080}, {"width": 1280, "height": 720}
CHINESE = "中文 (繁體)"


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    booth = Booth(tmp_path_factory.mktemp("booth"), quick=False)
    booth.start()
    yield booth
    assert booth.stop() == 0, booth.log()
    assert booth.rooms == []


def glass(page: Page) -> Locator:
    return page.locator("#glass")


def shows(page: Page, *lines: str) -> None:
    """Wait until the glass shows these lines: the canvas says what its pixels are read as."""
    expect(glass(page)).to_have_attribute("aria-label", " ".join(lines) or "–")


def key(page: Page, name: str) -> Locator:
    return page.locator(f'[data-key="{name}"]')


def wake(page: Page) -> None:
    """Hold the press button until the glass says PIN>."""
    key(page, "press").hover()
    page.mouse.down()
    shows(page, "PIN>", "_")
    page.mouse.up()


def follow(page: Page) -> None:
    """Press the key that the page points at."""
    before = glass(page).get_attribute("aria-label")
    page.locator(".key.next").click()
    expect(glass(page)).not_to_have_attribute("aria-label", before or "")


def begin(page: Page, booth: Booth) -> None:
    """Open the page, with nobody at it."""
    page.goto(booth.url)
    expect(page.locator(".loop, .act").first).to_be_visible()
    if not page.locator(".attract").count():
        page.evaluate("call('leave')")
    expect(page.locator(".attract")).to_be_visible()
    shows(page)  # the card has said what it is; the page was read anew if it had not


BOXES = """(which) => [...document.querySelectorAll(which)]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .map((each) => [each.innerText, each.getBoundingClientRect().toJSON()])
    .filter(([, box]) => box.width && box.height)"""
"""Texts and places, all of one moment: the stream draws the page anew when something happens."""


def in_view(page: Page) -> None:
    """Everything that can be pressed or read is on the screen, and nothing lies over another."""
    size = page.viewport_size
    assert size
    for text, box in page.evaluate(BOXES, "main p, main li"):
        assert box["y"] + box["height"] <= size["height"] + 1, text
    boxes = page.evaluate(BOXES, "button, h1, input, #glass")
    assert boxes
    for text, box in boxes:
        assert box["x"] >= 0, text
        assert box["y"] >= 0, text
        assert box["x"] + box["width"] <= size["width"] + 1, text
        assert box["y"] + box["height"] <= size["height"] + 1, text
    for number, (text, one) in enumerate(boxes):
        for other_text, other in boxes[:number]:
            apart = (
                one["x"] + one["width"] <= other["x"] + 1
                or other["x"] + other["width"] <= one["x"] + 1
                or one["y"] + one["height"] <= other["y"] + 1
                or other["y"] + other["height"] <= one["y"] + 1
            )
            assert apart, (text, other_text)


@pytest.mark.parametrize("viewport", [LARGE, SMALL], ids=["1920x1080", "1280x720"])
def test_a_visitor_logs_in_and_then_fails_as_a_thief(
    booth: Booth, visit: Callable[..., Page], pictures: Path, viewport: dict[str, int]
) -> None:
    page = visit(viewport=viewport)
    folder = pictures if viewport == LARGE else pictures / "others"

    def look(name: str) -> None:
        page.mouse.move(1, viewport["height"] - 1)
        in_view(page)
        accessible(page)
        page.screenshot(path=folder / f"booth-{name}.png", animations="disabled")

    begin(page, booth)
    before = page.locator(".counted dd").all_inner_texts()
    expect(page.locator(".loop li").first).to_have_css("opacity", "1")
    page.screenshot(path=folder / "booth-attract.png")
    in_view(page)
    assert page.locator(".loop img").evaluate_all("all => all.map(e => e.naturalWidth > 0)") == [
        True,
        True,
    ]
    page.get_by_role("button", name="Log in with the card").click()
    expect(page.locator(".note")).to_contain_text("sunflower")
    look("password")
    page.get_by_role("button", name="Send the password").click()

    challenge = page.locator("#challenge")
    expect(challenge).to_be_visible()
    asked = challenge.get_attribute("data-challenge") or ""
    assert re.fullmatch(r"[1-9][0-9]{5}", asked)
    expect(key(page, "press")).to_have_class(re.compile("next"))
    wake(page)
    for _ in range(2):
        follow(page)
    look("pin")
    for _ in range(3):  # two digits more, and OK
        follow(page)
    shows(page, "CHALLNG>", "_")
    wrong = next(digit for digit in "0123456789" if digit != asked[0])
    key(page, wrong).click()
    shows(page, "CHALLNG>", f"{wrong}_")
    expect(page.locator(".key.next")).to_have_attribute("data-key", "*")  # takes it back
    follow(page)
    for _ in range(4):
        follow(page)
    look("challenge")
    for _ in range(3):
        follow(page)
    expect(glass(page)).to_have_attribute("aria-label", re.compile(r"^\d{4} \d{4}$"))
    response = (glass(page).get_attribute("aria-label") or "").replace(" ", "")
    for digit in response[:7]:
        page.locator(f'[data-digit="{digit}"]').click()
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("8 digits")  # not counted
    for digit in response:
        page.locator(f'[data-digit="{digit}"]').click()
    look("response")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    look("in")

    page.get_by_role("button", name="Try it with the stolen password").click()
    expect(page.get_by_role("heading", name="Now you are the thief")).to_be_visible()
    look("stolen")
    page.get_by_role("button", name="Send the password").click()
    expect(page.get_by_role("heading", name="still outside")).to_be_visible()
    page.get_by_role("button", name="once more").click()
    expect(page.locator(".tried li")).to_have_count(1)
    expect(page.locator(".tried")).to_contain_text(f"{response[:4]} {response[4:]}")
    page.get_by_role("button", name="Guess for me").click()
    expect(page.locator(".left")).to_contain_text("1 try left")
    look("outside")
    page.get_by_role("button", name="Guess for me").click()
    expect(page.get_by_role("heading", name="opened nothing")).to_be_visible()
    look("kept-out")

    page.get_by_role("button", name="I am done").click()
    expect(page.locator(".attract")).to_be_visible()
    shows(page)
    after = page.locator(".counted dd").all_inner_texts()
    grown = [int(new) - int(old) for old, new in zip(before, after, strict=True)]
    assert grown == [1, 1, 1, 0]
    assert response not in page.content()


def test_a_thief_alone_has_no_card_to_press(booth: Booth, visit: Callable[..., Page]) -> None:
    page = visit(viewport=SMALL)
    begin(page, booth)
    page.get_by_role("button", name="Try it with a stolen password").click()
    page.get_by_role("button", name="Send the password").click()
    expect(page.get_by_role("heading", name="still outside")).to_be_visible()
    expect(page.get_by_role("button", name="once more")).to_have_count(0)  # nothing was seen
    page.evaluate("call('down', {key: 'press'})")
    page.locator("#answer").fill("1234 5678")
    page.get_by_role("button", name="Try it", exact=True).click()
    expect(page.locator(".tried")).to_contain_text("1234 5678")
    shows(page)
    page.get_by_role("button", name="Give up").click()
    expect(page.locator(".attract")).to_be_visible()


def test_a_visitor_reads_it_in_chinese_until_he_goes(
    booth: Booth, visit: Callable[..., Page], pictures: Path
) -> None:
    page = visit(viewport=LARGE)
    begin(page, booth)
    page.get_by_role("button", name=CHINESE).click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    page.screenshot(path=pictures / "others" / "booth-attract-zh.png")
    in_view(page)
    page.locator(".attract .go").click()
    expect(page.locator(".note")).to_be_visible()
    page.locator("main .go").click()
    expect(page.locator("#challenge")).to_be_visible()
    in_view(page)
    page.screenshot(path=pictures / "others" / "booth-challenge-zh.png")
    page.evaluate("call('leave')")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_who_wants_no_movement_gets_none(
    booth: Booth, visit: Callable[..., Page], pictures: Path
) -> None:
    page = visit(viewport=SMALL, reduced_motion="reduce")
    begin(page, booth)
    for each in page.locator(".loop li").all():
        expect(each).to_be_visible()
        assert each.evaluate("e => getComputedStyle(e).animationName") == "none"
    page.screenshot(path=pictures / "others" / "booth-still.png")
    in_view(page)


def test_a_card_that_dies_is_said_and_comes_back(booth: Booth, visit: Callable[..., Page]) -> None:
    page = visit(viewport=SMALL)
    begin(page, booth)
    (card,) = booth.children()
    os.kill(card, signal.SIGKILL)
    expect(page.locator(".away")).to_be_visible()
    expect(page.locator(".away")).to_be_hidden(timeout=120_000)
    page.get_by_role("button", name="Log in with the card").click()
    expect(page.locator(".note")).to_be_visible()
    wake(page)
    page.evaluate("call('leave')")
    shows(page)


def test_two_pages_show_the_same_visit(booth: Booth, visit: Callable[..., Page]) -> None:
    one, other = visit(viewport=SMALL), visit(viewport=SMALL)
    begin(one, booth)
    begin(other, booth)
    one.get_by_role("button", name="Log in with the card").click()
    expect(other.locator(".note")).to_be_visible()
    other.evaluate("call('leave')")
    expect(one.locator(".attract")).to_be_visible()
