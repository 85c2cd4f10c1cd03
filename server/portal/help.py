"""Help: which page of docs/help goes with which page of the portal, and the pages themselves.

They are the Markdown of `docs/help`, with the pictures that the browser tests have taken; the
setting `help_url` sends people elsewhere instead.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import markdown
from fastapi import APIRouter
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from ..verifier import Verifier
from .render import bare, page

INDEX = "index"
TOPICS = (
    (r"/login.*", "logging-in"),
    (r"/devices/[^/]+/(activate|reactivate).*", "activating"),
    (r"/devices/[^/]+/pin.*", "pin"),
    (r"/devices/[^/]+/return.*", "returning"),
    (r"/devices/[^/]+/lost", "lost-device"),
    (r"/devices/[^/]+/deactivate", "mobile-key"),
    (r"/sms-code.*", "sms-codes"),
    (r"/devices.*", "devices"),
    (r"/(online-)?code-card.*", "code-cards"),
    (r"/after-code.*", "lost-device"),
    (r"/cards.*", "requesting-a-card"),
    (r"/share.*", "sharing"),
    (r"/settings.*", "always-using-a-device"),
    (r"/documents.*", "documents"),
    (r"/desk.*", "desk"),
    (r"/confirmations.*", "confirming"),
    (r"/mobile-key.*", "mobile-key"),
    (r"/openid/(authorize|consent|end-session|logout).*", "applications"),
)
"""The page of help for each place of the portal; the index for any other."""

_TOPIC = re.compile(r"[a-z-]{1,40}")
_ROOT = Path(__file__).parents[2]


def topic(path: str) -> str:
    """Return the page of help for a place of the portal."""
    return next((name for place, name in TOPICS if re.fullmatch(place, path)), INDEX)


def folder(name: str) -> Path:
    """Return where `help` or `pictures` lie: in an installed package, or beside it in a clone."""
    installed = Path(__file__).parent / "guide" / name
    return installed if installed.is_dir() else _ROOT / "docs" / name


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages, where the setting leaves them to this server."""
    router = APIRouter(include_in_schema=False)
    if verifier.settings.help_url != "/help":
        return router

    def show(name: str) -> Response:
        html = _html(name) if _TOPIC.fullmatch(name) else None
        if html is None:
            return bare(404)
        title = re.findall(r"<h1>(.*?)</h1>", html)[0]
        return page("help", 200, title=title, html=html, is_index=name == INDEX)

    def index() -> Response:
        return show(INDEX)

    router.add_api_route("/help", index, methods=["GET"])
    router.add_api_route("/help/{name}", show, methods=["GET"])
    return router


def pictures() -> StaticFiles:
    """Return the pictures, to be mounted at `/help/pictures`."""
    return StaticFiles(directory=folder("pictures"), check_dir=False)


@lru_cache(maxsize=64)
def _html(name: str) -> str | None:
    source = folder("help") / f"{name}.md"
    if not source.is_file():
        return None
    text = source.read_text(encoding="utf-8")
    text = text.replace("](../pictures/", "](/help/pictures/")
    text = re.sub(r"\]\(([a-z-]+)\.md(#[^)]*)?\)", r"](/help/\1\2)", text)
    return markdown.markdown(text, extensions=["tables"], output_format="html")
