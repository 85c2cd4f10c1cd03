"""Changing the language, by the form in each page's foot.

It works before login too, kept in a cookie; whoever is logged in takes it along as his own.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import language
from ..accounts import locales
from ..crypto.secrets_table import FORMS
from ..errors import SessionUnknown
from ..threads import aside
from ..verifier import Verifier
from .cookies import Cookies
from .foot import Here, here
from .forms import FormRefused, Forms
from .help import topic
from .render import bare

_YEAR = 365 * 86_400
_NO_PAGES = "/api/"
"""Whatever is asked for below it, no page of ours is the answer."""
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,6144}|/")
"""A place on this site, which a browser cannot read as another."""


class Switch:
    """Middleware: gives a browser its mark with its first page, and knows where each page lies."""

    def __init__(self, app: ASGIApp, verifier: Verifier) -> None:
        self._app = app
        self._cookies = Cookies(verifier.settings.https)
        self._forms = Forms(verifier.secrets)
        self._help = verifier.settings.help_url.rstrip("/")
        verifier.secrets.get(FORMS)  # read now, so that the page of a failure can be made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(_NO_PAGES):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        mark = self._cookies.mark(request)
        here.set(
            Here(
                lambda: self._forms.token(mark),
                _place(request),
                f"{self._help}/{topic(request.url.path)}",
            )
        )

        async def marking(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    self._mark(headers, mark)
            await send(message)

        known = self._cookies.browser(request) is not None
        await self._app(scope, receive, send if known else marking)

    def _mark(self, headers: MutableHeaders, mark: str) -> None:
        name = f"{self._cookies.browser_name}="
        if not any(each.startswith(name) for each in headers.getlist("set-cookie")):
            response = Response()
            self._cookies.set_browser(response, mark)
            headers.append("set-cookie", response.headers["set-cookie"])


def routes(verifier: Verifier) -> APIRouter:
    """Return the form's address."""
    router = APIRouter(include_in_schema=False)
    cookies, forms = Cookies(verifier.settings.https), Forms(verifier.secrets)

    def keep(request: Request, locale: str) -> None:
        """Keep a choice for the user, where one is logged in."""
        now = verifier.clock.now()
        try:
            session = verifier.sessions.find(cookies.session(request) or "", now)
        except SessionUnknown:
            return
        with verifier.database.writing() as connection:
            locales.choose(connection, verifier.audit, now, session.user_id, locale)

    async def take(request: Request) -> Response:
        try:
            fields = await forms.read(request, cookies.browser(request))
        except FormRefused:
            return bare(403)
        locale, back = fields.get("language", ""), fields.get("back", "")
        if locale not in language.LOCALES:
            return bare(400)
        await aside.run(keep, request, locale)
        response = RedirectResponse(back if _LOCAL.fullmatch(back) else "/", 303)
        response.set_cookie(
            language.COOKIE,
            locale,
            max_age=_YEAR,
            path="/",
            secure=verifier.settings.https,
            httponly=True,
            samesite="strict",
        )
        return response

    router.add_api_route("/language", take, methods=["POST"])
    return router


def _place(request: Request) -> str:
    """Return where the page can be got again: where its form was, if a form led to it."""
    if request.method in {"GET", "HEAD"}:
        query = request.url.query
        return request.url.path + (f"?{query}" if query else "")
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if before.netloc != request.url.netloc or not before.path:
        return "/"
    return before.path + (f"?{before.query}" if before.query else "")
