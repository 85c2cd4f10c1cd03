"""The pages as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from server.verifier import Verifier

from .apps import client_of
from .support import PASSWORD


class _Forms(HTMLParser):
    """Collects each form's action and hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = self.found.setdefault(values["action"], {})
        if tag == "input" and values.get("type") == "hidden":
            self._fields[values["name"]] = values["value"]


def all_forms(page: Any) -> dict[str, dict[str, str]]:
    parser = _Forms()
    parser.feed(page.text)
    return parser.found


def forms(page: Any) -> dict[str, dict[str, str]]:
    """A page's own forms; the one in its foot, which changes the language, is every page's."""
    return {action: fields for action, fields in all_forms(page).items() if action != "/language"}


class Browser:
    """Follows redirects, keeps cookies, fills in forms."""

    def __init__(self, verifier: Verifier, base_url: str = "http://testserver") -> None:
        self.client = client_of(verifier, base_url=base_url)
        self.page: Any = None

    def get(self, path: str) -> Any:
        self.page = self.client.get(path, headers={"Accept": "text/html"})
        return self.page

    def send(self, action: str | None = None, **fields: str) -> Any:
        found = all_forms(self.page)
        action = action or next(iter(found))
        self.page = self.client.post(
            action, data=found[action] | fields, headers={"Accept": "text/html"}
        )
        return self.page

    def password(self, username: str = "alice", password: str = PASSWORD) -> Any:
        self.get("/login")
        return self.send(username=username, password=password)

    def challenge(self) -> str:
        found = re.search(r'id="challenge"[^>]*>(\d{6})<', self.page.text)
        assert found, self.page.text
        return found[1]
