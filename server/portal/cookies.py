"""The two cookies of the pages: the session, and the browser's own mark that forms are bound to."""

from __future__ import annotations

import hashlib
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

_MARK = re.compile(r"[A-Za-z0-9_-]{43}")


class Cookies:
    """Reads and sets them; with https they are `__Host-` cookies."""

    def __init__(self, https: bool) -> None:
        prefix = "__Host-" if https else ""
        self._https = https
        self.session_name = f"{prefix}challng_session"
        self.browser_name = f"{prefix}challng_browser"

    def session(self, request: Request) -> str | None:
        """Return the session's token."""
        return request.cookies.get(self.session_name)

    def browser(self, request: Request) -> str | None:
        """Return the browser's mark."""
        mark = request.cookies.get(self.browser_name)
        return mark if mark and _MARK.fullmatch(mark) else None

    def mark(self, request: Request) -> str:
        """Return the browser's mark, or a new one: the same throughout a request."""
        fresh: str = request.scope.setdefault("challng.mark", new_mark())
        return self.browser(request) or fresh

    def set_session(self, response: Response, token: str) -> None:
        """Give the browser a session; it forgets it when it is closed."""
        self._set(response, self.session_name, token)

    def set_browser(self, response: Response, mark: str) -> None:
        """Give the browser its mark."""
        self._set(response, self.browser_name, mark)

    def drop_session(self, response: Response) -> None:
        """Take the session from the browser."""
        response.delete_cookie(
            self.session_name, path="/", secure=self._https, httponly=True, samesite="strict"
        )

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name, value, path="/", secure=self._https, httponly=True, samesite="strict"
        )


def new_mark() -> str:
    """Make a mark for a browser that has none."""
    return secrets.token_urlsafe(32)


def browser_of(mark: str) -> bytes:
    """Return what is stored of a browser's mark: logins begun in it belong to it alone."""
    return hashlib.sha256(b"challng browser\0" + mark.encode("ascii")).digest()
