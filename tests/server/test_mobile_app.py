"""What a phone's browser is given: the app's files, their words, and what may go with them."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract
from hatchling.builders.wheel import WheelBuilder

from server import language
from server.mobile import files
from server.verifier import Verifier

from .browser import Browser
from .support import ToldClock, make_verifier

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "server" / "mobile" / "app"
MODULES = sorted(APP.glob("*.js"))
LONGEST = 250


@pytest.fixture
def served(tmp_path: Path, clock: ToldClock) -> Iterator[Browser]:
    made = make_verifier(tmp_path / "public", clock, public_url="https://login.example.com")
    yield Browser(made)
    made.close()


def get(browser: Browser, path: str) -> Any:
    answer = browser.client.get(path)
    assert answer.status_code == 200, path
    return answer


def kept(browser: Browser) -> tuple[str, list[str]]:
    """The version and the files that the service worker is told of."""
    text = get(browser, "/mobile-key/files.js").text
    told = json.loads(text.removeprefix("self.APP = ").rstrip(";\n"))
    return told["version"], told["files"]


def test_without_a_public_address_there_is_no_app(verifier: Verifier) -> None:
    browser = Browser(verifier)
    for path in ("", "/", "/sw.js", "/files.js", "/app/app.js", "/words/en.json"):
        answer = browser.client.get(f"/mobile-key{path}", follow_redirects=False)
        assert answer.status_code == 404, path


def test_every_file_that_is_kept_is_served_with_its_type_and_its_policy(served: Browser) -> None:
    _, listed = kept(served)
    modules = {path.name for path in MODULES} - {"sw.js"}
    assert {f"/mobile-key/app/{name}" for name in modules} < set(listed)
    for path in [*listed, "/mobile-key/sw.js", "/mobile-key/files.js"]:
        answer = get(served, path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert "no-store" in answer.headers["cache-control"]  # it is kept by the app alone
        wanted = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
        wanted |= {"json": "application/json", "webmanifest": "application/manifest+json"}
        kind = wanted.get(path.rpartition(".")[2], "text/html")
        assert answer.headers["content-type"].startswith(kind), path


def test_the_policy_lets_the_app_do_what_it_does_and_no_more(served: Browser) -> None:
    policy = get(served, "/mobile-key/").headers["content-security-policy"]
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    for directive in ("script-src", "connect-src", "manifest-src", "worker-src", "style-src"):
        assert allowed[directive] == "'self'"
    assert allowed["frame-ancestors"] == allowed["form-action"] == "'none'"


def test_the_page_has_nothing_inline_and_says_what_it_needs(served: Browser) -> None:
    html = get(served, "/mobile-key/").text
    assert not re.search(r"<script(?![^>]* src=)|<style|\bstyle=|\bon[a-z]+=", html)
    assert re.search(r"<noscript>.*JavaScript.*</noscript>", html, re.S)
    assert '<link rel="help" href="/help/mobile-key">' in html


def test_there_is_nothing_else_below_its_address(served: Browser) -> None:
    for path in ("app/sw.js", "app/../pages.py", "icons/icon.svg", "words/xx.json", "x/y"):
        assert served.client.get(f"/mobile-key/{path}").status_code == 404, path
    for path in ("countries/xx.json", "countries/..%2fen.json"):
        assert served.client.get(f"/mobile-key/{path}").status_code == 404, path


def test_the_address_without_its_slash_is_the_portals_page_about_it(served: Browser) -> None:
    answer = served.client.get("/mobile-key", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_the_manifest_makes_it_installable(served: Browser) -> None:
    manifest = get(served, "/mobile-key/manifest.webmanifest").json()
    assert manifest["display"] == "standalone"
    assert manifest["start_url"] == manifest["scope"] == manifest["id"] == "/mobile-key/"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    for icon in manifest["icons"]:
        content = get(served, icon["src"]).content
        assert content.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", content[16:24])
        assert f"{width}x{height}" == icon["sizes"]


def test_a_changed_file_is_another_version(
    served: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = kept(served)
    assert kept(served)[0] == before
    changed = dict(files.files()) | {"/mobile-key/app/app.js": files.File(b"//", "text/javascript")}
    monkeypatch.setattr(files, "files", lambda: changed)
    files.version.cache_clear()
    assert kept(served)[0] != before
    files.version.cache_clear()


@pytest.mark.parametrize("locale", language.LOCALES)
def test_each_language_has_every_word_of_the_app(locale: str, served: Browser) -> None:
    told = get(served, f"/mobile-key/words/{locale}.json").json()
    assert told["locale"] == locale
    assert {each[0] for each in told["languages"]} == set(language.LOCALES)
    if locale != language.ENGLISH:
        said = set()
        for path in MODULES:
            with path.open("rb") as file:
                said |= {str(each[1]) for each in extract("javascript", file, {"_": None})}
        assert {"Generate passcode", "Deny", "Log in to Challng?"} < said
        assert {each for each in said if not told["words"].get(each)} == set()
        assert all(told["words"][each] != each for each in said)


@pytest.mark.parametrize("locale", language.LOCALES)
def test_the_countries_have_their_names_and_calling_codes(locale: str, served: Browser) -> None:
    countries = get(served, f"/mobile-key/countries/{locale}.json").json()
    calling = {code: number for code, _, number in countries}
    assert calling["GB"] == 44
    assert calling["TW"] == 886
    assert calling["US"] == calling["CA"] == 1
    assert len(calling) == len(countries) > 200
    names = {code: name for code, name, _ in countries}
    assert names["TW"] == {"en": "Taiwan", "zh_Hant": "台灣"}[locale]
    if locale == language.ENGLISH:
        assert [code for code, *_ in countries][:2] == ["AF", "AX"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_one_idea_says_what_it_is_and_says_nothing_past_the_catalogues(
    path: Path,
) -> None:
    text = path.read_text()
    assert text.startswith("// ")
    assert len(text.splitlines()) <= LONGEST
    bare = re.sub(r"\b(?:N?_)\(\s*\"(?:[^\"\\]|\\.)*\"", "", text)
    bare = re.sub(r"//.*|^/\*\*.*$", "", bare, flags=re.M)
    sentences = re.findall(r"\"([A-Z][a-z]+[ ,.?][^\"]*)\"", bare)
    assert sentences == []


def test_no_module_reaches_for_another_place_or_a_place_that_keeps_texts() -> None:
    text = "\n".join(path.read_text() for path in MODULES)
    for word in (
        "http:",
        "https:",
        "localStorage",
        "sessionStorage",
        "document.cookie",
        "console.",
    ):
        assert word not in text
    for word in ("innerHTML", "insertAdjacentHTML", "eval(", ".style", "new Function"):
        assert word not in text
    assert "extractable" not in text
    assert len(re.findall(r"caches\.|cache\.", text)) == len(
        re.findall(r"caches\.|cache\.", (APP / "sw.js").read_text())
    )


def test_the_wheel_has_the_app() -> None:
    packed = {each.path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    wanted = [*MODULES, APP / "app.css", *(APP.parent / "icons").glob("*.png")]
    assert {str(path) for path in wanted} <= packed
