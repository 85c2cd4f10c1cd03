"""What the app is made of, by the addresses where a browser gets it, and which version that is."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.core import Locale
from babel.messages.extract import extract
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from .. import language
from ..accounts.countries import codes

ROOT = "/mobile-key"
SHELL = f"{ROOT}/"
_HERE = Path(__file__).parent
_STYLE = Path(__file__).parents[1] / "portal" / "static" / "challng.css"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_WORLD = "001"  # what belongs to no country, such as satellite phones


@dataclass(frozen=True)
class File:
    """One file as it is served."""

    content: bytes
    media_type: str


@cache
def files() -> Mapping[str, File]:
    """Return every file of the app by its address, its page left out."""
    found = {
        f"{ROOT}/app/{path.name}": path.read_bytes()
        for path in sorted((_HERE / "app").iterdir())
        if path.suffix in {".js", ".css"} and path.name != "sw.js"
    }
    for path in sorted((_HERE / "icons").glob("*.png")):
        found[f"{ROOT}/icons/{path.name}"] = path.read_bytes()
    for locale in language.LOCALES:
        found[f"{ROOT}/words/{locale}.json"] = _json(words(locale))
    found[f"{ROOT}/manifest.webmanifest"] = _json(manifest())
    return {at: File(content, _TYPES[Path(at).suffix]) for at, content in found.items()}


def kept() -> list[str]:
    """Return the addresses that a phone keeps for when it has no network."""
    return [SHELL, "/static/challng.css", *files()]


@cache
def version(help_at: str) -> str:
    """Return what changes with any file that a phone keeps, or with where its help is."""
    page = _HERE.parent / "portal" / "templates" / "mobile_key.html"
    contents = [each.content for each in files().values()]
    whole = hashlib.sha256(help_at.encode())
    for content in [page.read_bytes(), _STYLE.read_bytes(), _worker(), *contents]:
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()[:16]


def worker() -> File:
    """Return the service worker."""
    return File(_worker(), _TYPES[".js"])


def worker_list(help_at: str) -> File:
    """Return what the service worker reads first: which files to keep, and their version."""
    app = json.dumps({"version": version(help_at), "files": kept()})
    return File(f"self.APP = {app};\n".encode(), _TYPES[".js"])


def _worker() -> bytes:
    return (_HERE / "app" / "sw.js").read_bytes()


def words(locale: str) -> dict[str, object]:
    """Return a language's sentences for the app, and which languages there are."""
    catalogue = language.catalogue(locale)
    said = {} if locale == language.ENGLISH else {each: catalogue.gettext(each) for each in _said()}
    names = [(each, each.replace("_", "-"), name) for each, name in language.own_names()]
    return {"locale": locale, "languages": names, "words": said}


@cache
def _said() -> tuple[str, ...]:
    """Return every sentence that the app's modules say."""
    found = set()
    for path in (_HERE / "app").glob("*.js"):
        with path.open("rb") as file:
            for _, message, _, _ in extract("javascript", file, {"_": None, "N_": None}):
                found.add(str(message))
    return tuple(sorted(found))


@cache
def countries(locale: str) -> File:
    """Return the countries that have telephone numbers: code, name and calling code, by name."""
    territories = Locale.parse(locale).territories
    calling = {
        region: code
        for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
        for region in regions
        if region != _WORLD and region in codes()
    }
    listed = [(code, str(territories[code]), number) for code, number in calling.items()]
    return File(_json(sorted(listed, key=lambda each: _plain(each[1]))), _TYPES[".json"])


def _plain(name: str) -> str:
    """Return a name without its accents, so that Åland stands among the As."""
    return "".join(each for each in unicodedata.normalize("NFD", name) if each.isascii()) or name


def manifest() -> dict[str, object]:
    """Return the web app manifest."""
    icons = [
        {"src": f"{ROOT}/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    maskable = {
        "src": f"{ROOT}/icons/maskable.png",
        "sizes": "512x512",
        "type": "image/png",
        "purpose": "maskable",
    }
    return {
        "id": SHELL,
        "name": "Challng mobile key",
        "short_name": "Challng",
        "start_url": SHELL,
        "scope": SHELL,
        "display": "standalone",
        "background_color": "#eef2f1",
        "theme_color": "#eef2f1",
        "icons": [*icons, maskable],
    }


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
