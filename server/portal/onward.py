"""Where a login leads: to the first page, or on to the application that has asked for it.

What was asked stands in the address of the login page, and then beside the login; so it is there
after a wrong password, after the back button, and when a challenge has expired.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from ..errors import NotThere
from ..login.sessions import Opened
from ..openid.flow import PLACE, Pending
from ..verifier import Verifier
from .render import page

LOGIN = "/login"


class Onward:
    """Knows what waits for which login."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def wanted(self, query: str) -> Pending | None:
        """Return what an application asks for, None where it cannot be answered."""
        if not query or self._verifier.settings.public_url is None:
            return None
        try:
            return self._verifier.openid.flow.pending(query)
        except NotThere:
            return None

    def after_password(self, wanted: Pending, login: str) -> None:
        """Have a request wait for a login that has begun."""
        self._verifier.openid.waiting.begin(wanted.query, login)

    def go(self, opened: Opened, login: str | None, wanted: Pending | None) -> Response:
        """Send the browser on with its new session: opened by a login, or by the password alone."""
        waiting = self._verifier.openid.waiting
        request_id = None
        if login is not None:
            request_id = waiting.came_back(login, opened.token)
        elif wanted is not None:
            request_id = waiting.begin(wanted.query, None, opened.token)
        if request_id is None:
            return RedirectResponse("/", 303)
        # A page and no redirection: a form's policy would not let it reach the application.
        return page("openid_on", place=f"{PLACE}/{request_id}")

    def again(self, login: str) -> str:
        """Return where to begin anew when a login is over."""
        query = self._verifier.openid.waiting.beside(login)
        return LOGIN if query is None else login_for(query)


def login_for(query: str) -> str:
    """Return the login page that goes on with a request."""
    return f"{LOGIN}?openid={quote(query, safe='')}"
