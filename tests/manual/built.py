"""Look over the built manual: links that lead nowhere, and pages that load from elsewhere.

    python -m tests.manual.built build/manual

Standard library alone: it runs in the environment that builds the site. Links to other sites are
looked at for their form, never followed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {
    ("link", "href"),
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
}
_OF_CSS = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?|localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?")


@dataclass
class Page(HTMLParser):
    """What a page links to, what it loads, and what in it can be linked to."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element's attributes."""
        given = {name: value for name, value in attrs if value}
        if "id" in given:
            self.anchors.add(given["id"])
        if tag == "a" and "name" in given:
            self.anchors.add(given["name"])
        for name, value in given.items():
            if (tag, name) in _LOADED and given.get("rel") not in ("canonical", "next", "prev"):
                self.loads.append(value)
            elif tag in ("a", "link") and name == "href":
                self.links.append(value)


def read(path: Path) -> Page:
    """Return what a page holds."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def faults(site: Path) -> list[str]:
    """Every link that leads nowhere and everything that is loaded from elsewhere, in sentences."""
    pages = {path.resolve(): read(path) for path in _pages(site)}
    found = []
    for path, page in pages.items():
        here = path.relative_to(site.resolve())
        found += [f"{here} loads {url}" for url in page.loads if _is_elsewhere(url)]
        for link in page.links:
            if _is_elsewhere(link):
                found += [f"{here} links to {link}: {why}" for why in _form(link)]
        for link in [*page.links, *page.loads]:
            if not _is_elsewhere(link) and not _is_there(link, path, pages):
                found.append(f"{here} links to {link}: it is not there")
    for sheet in sorted(site.rglob("*.css")):
        found += [
            f"{sheet.relative_to(site)} loads {url}"
            for url in _OF_CSS.findall(sheet.read_text(encoding="utf-8"))
        ]
    return found


def _pages(site: Path) -> list[Path]:
    """The pages of a site, without the theme's own templates beside its scripts."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def _is_elsewhere(link: str) -> bool:
    return bool(urlsplit(link).scheme or link.startswith("//")) and not link.startswith("data:")


def _form(link: str) -> Iterable[str]:
    parts = urlsplit(link)
    if parts.scheme not in ("https", "http", "mailto"):
        yield "expected https"
    elif parts.scheme != "mailto" and not _HOST.fullmatch(parts.netloc):
        yield "expected the name of a host"


def _is_there(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    if link.startswith("data:"):
        return True
    parts = urlsplit(link)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return False
    anchor = unquote(parts.fragment)
    return not anchor or target not in pages or anchor in pages[target].anchors


def main(folder: str) -> int:
    """Print what was found; 0 where there is nothing."""
    site = Path(folder)
    found = faults(site)
    for fault in found:
        print(fault, file=sys.stderr)
    count = len(_pages(site))
    if not count:
        print(f"{site}: expected a built manual, found no page", file=sys.stderr)
        return 1
    if not found:
        print(f"The manual is in {site}: {count} pages, and every link leads somewhere.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
