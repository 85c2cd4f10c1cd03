"""What the manual's pages say is so."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from device.faults import Fault
from device.selftest.findings import Kind
from protocol import ocra, serial
from server.login.access import Access
from tests.manual.built import _form

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
NAV = (DOCS / "nav.yml").read_text()
PAGES = sorted(page for page in DOCS.rglob("*.md"))
_CODES = {fault.code: fault.words for fault in Fault} | {kind.code: kind.words for kind in Kind}
_CATALOGUE = (ROOT / "server" / "catalogues" / "zh_Hant.po").read_text()


def page(name: str) -> str:
    return (DOCS / name).read_text()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_page_is_in_the_navigation(path: Path) -> None:
    name = str(path.relative_to(ROOT).with_suffix(""))
    named = re.findall(r"^(?:root| *- file): (\S+)$", NAV, re.M)
    globs = re.findall(r"^ *- glob: (\S+)$", NAV, re.M)
    assert name in named or any(fnmatch(name, glob) for glob in globs)


@pytest.mark.parametrize(
    "path", [*ROOT.glob("*.md"), *PAGES], ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_to_elsewhere_have_the_form_of_links(path: Path) -> None:
    links = re.findall(r"\]\(((?:https?|mailto|ftp):[^)\s]*)\)", path.read_text())
    assert {link: list(_form(link)) for link in links if list(_form(link))} == {}


def test_the_quick_start_has_the_steps_of_the_readme() -> None:
    (here,) = re.findall(r"```sh\n(.*?)```", page("quick-start.md"), re.S)
    (there,) = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert here == there


@pytest.mark.parametrize("name", ["troubleshooting.md", "leaflet.md", "build/index.md"])
def test_every_code_that_a_page_names_is_one_of_the_card(name: str) -> None:
    named = re.findall(r"\b([ES]\d\d)\b(?: ([A-Z][A-Z0-9 ]+[A-Z0-9]))?", page(name))
    assert [code for code, _ in named if code not in _CODES] == []
    assert [(code, words) for code, words in named if words and _CODES[code] != words] == []


def test_what_the_login_page_is_said_to_say_it_says() -> None:
    _, _, section = page("troubleshooting.md").partition("## The login is refused")
    section = section.partition("\n## ")[0]
    quoted = re.findall(r"^\| \*([^*]+)\*", section, re.M)
    assert len(quoted) >= 4
    lowered = _CATALOGUE.lower()
    assert [words for words in quoted if words.lower() not in lowered] == []


def test_the_example_of_the_protocol_comes_out_as_it_stands_there() -> None:
    (suite, question, counter, pin, shown) = re.findall(
        r'ocra\.response\("([^"]+)", bytes\(range\(32\)\),\n.*question="(\d+)", counter=(\d+), '
        r"pin=\"(\d+)\"\)\n'(\d+)'",
        page("protocol.md"),
    )[0]
    assert suite == ocra.DEFAULT_SUITE
    key = bytes(range(32))
    assert ocra.response(suite, key, question=question, counter=int(counter), pin=pin) == shown


def test_serials_in_the_pages_are_serials() -> None:
    for name in ("protocol.md", "glossary.md"):
        for found in re.findall(r"CH\d{8}", page(name)):
            assert serial.check(found) == found


def test_the_glossary_is_in_order_and_knows_the_access_levels() -> None:
    text = page("glossary.md")
    words = re.findall(r"^\| \*\*([^*]+)\*\*", text, re.M)
    assert words == sorted(words, key=str.lower)
    assert len(words) == len(set(words))
    (line,) = re.findall(r"^\| \*\*access level\*\* \|(.*)$", text, re.M)
    assert set(re.findall(r"`(\w+)`", line)) == {each.value for each in Access}
