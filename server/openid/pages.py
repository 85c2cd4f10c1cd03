"""The pages of the provider: a request's arrival, the user's agreement, and logging out.

Our cookies are `SameSite=Strict`, so a browser that another site sends here shows none of them. It
is given a page that goes on by itself to the same address: then the cookies are there. The same
page stands between a form and an application, which a form's own policy does not let it reach.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .. import errors, language
from ..login.sessions import Session
from ..portal.cookies import Cookies
from ..portal.forms import FormRefused, Forms
from ..portal.onward import login_for
from ..portal.render import bare, notice, page
from ..threads import aside
from ..verifier import Verifier
from ..web.headers import CONTENT_SECURITY_POLICY
from ..web.problems import STATUS
from .asked import Step
from .client import origin
from .flow import PLACE, Flow, Pending
from .leaving import compact
from .levels import kinds_for
from .provider import END_SESSION
from .server import Outgoing

_STATUS = {Step.CONSENT: 200, Step.STRONGER: 200, Step.REFUSED: 403}


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    pages = _Pages(verifier)
    router.add_api_route(PLACE, pages.arrive, methods=["GET"])
    router.add_api_route(PLACE, pages.arrive_by_form, methods=["POST"])
    router.add_api_route(f"{PLACE}/{{request_id}}", pages.come_back, methods=["GET"])
    router.add_api_route("/openid/consent", pages.decide, methods=["POST"])
    router.add_api_route(END_SESSION, pages.leave, methods=["GET"])
    router.add_api_route(END_SESSION, pages.leave_by_form, methods=["POST"])
    router.add_api_route("/openid/logout", pages.log_out, methods=["POST"])
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._cookies = Cookies(verifier.settings.https)
        self._forms = Forms(verifier.secrets)
        self._there = verifier.settings.public_url is not None

    # --- a request

    async def arrive(self, request: Request) -> Response:
        return await self._answer(lambda: self._arrived(request, request.url.query))

    async def arrive_by_form(self, request: Request) -> Response:
        query = await _body(request)
        return await self._answer(lambda: self._on(PLACE, self._flow.pending(query).query))

    async def come_back(self, request: Request, request_id: str) -> Response:
        def answer() -> Response:
            query = self._verifier.openid.waiting.query(request_id)
            if query is None:
                return _over()
            return self._next(request, self._flow.pending(query), request_id)

        return await self._answer(answer)

    async def decide(self, request: Request) -> Response:
        """Take the user's word: to agree, or to go back to the application without."""
        try:
            mark = self._cookies.browser(request)
            fields = await self._forms.read(request, mark)
        except FormRefused:
            return bare(403)

        def answer() -> Response:
            pending = self._flow.pending(fields.get("request", ""))
            waiting = fields.get("waiting") or None
            if fields.get("decision") == "allow":
                return self._next(request, pending, waiting, agreed=True)
            session = self._session(request)
            return _redirected(self._flow.deny(pending, session, waiting))

        return await self._answer(answer)

    def _arrived(self, request: Request, query: str) -> Response:
        pending = self._flow.pending(query)
        if self._is_sent_by_another_site(request):
            return self._on(PLACE, pending.query)
        return self._next(request, pending, None)

    def _next(
        self, request: Request, pending: Pending, request_id: str | None, *, agreed: bool = False
    ) -> Response:
        session = self._session(request)
        answer = self._flow.next(pending, session, request_id, agreed=agreed)
        if isinstance(answer, Outgoing):
            return _redirected(answer)
        if answer is Step.LOG_IN or session is None:
            return RedirectResponse(login_for(pending.query), 303)
        return self._page(request, pending, session, request_id, answer)

    def _page(
        self,
        request: Request,
        pending: Pending,
        session: Session,
        request_id: str | None,
        step: Step,
    ) -> HTMLResponse:
        mark = self._cookies.mark(request)
        response = page(
            "openid_consent" if step is Step.CONSENT else "openid_stop",
            _STATUS[step],
            form=self._forms.token(mark),
            client=pending.client.name,
            at=origin(pending.redirect_uri),
            user=session.user,
            scopes=pending.scopes,
            stronger=step is Step.STRONGER,
            kinds=kinds_for(pending.asked.levels),
            used=session.device_kind,
            request=pending.query,
            waiting=request_id or "",
            login=login_for(pending.query),
        )
        self._cookies.set_browser(response, mark)
        _let_forms_reach(response, pending.redirect_uri)
        return response

    # --- logging out

    async def leave(self, request: Request) -> Response:
        return await self._answer(lambda: self._left(request, request.url.query))

    async def leave_by_form(self, request: Request) -> Response:
        query = await _body(request)
        return await self._answer(lambda: self._on(END_SESSION, compact(query)))

    async def log_out(self, request: Request) -> Response:
        """Log out: the user has said so on our own page."""
        try:
            fields = await self._forms.read(request, self._cookies.browser(request))
        except FormRefused:
            return bare(403)
        return await self._answer(lambda: self._gone(request, fields.get("request", "")))

    def _left(self, request: Request, query: str) -> Response:
        if self._is_sent_by_another_site(request):
            return self._on(END_SESSION, compact(query))
        session = self._session(request)
        farewell = self._verifier.openid.leaving.read(query, session)
        if session is None or farewell.meant:
            return self._gone(request, query)
        mark = self._cookies.mark(request)
        response = page(
            "openid_logout",
            form=self._forms.token(mark),
            user=session.user,
            client=farewell.client,
            request=compact(query),
        )
        self._cookies.set_browser(response, mark)
        if farewell.place is not None:
            _let_forms_reach(response, farewell.place)
        return response

    def _gone(self, request: Request, query: str) -> Response:
        farewell = self._verifier.openid.leaving.read(query, self._session(request))
        self._verifier.logins.log_out(self._cookies.session(request) or "")
        response = RedirectResponse(farewell.place or "/login?out", 303)
        self._cookies.drop_session(response)
        return response

    # --- within

    @property
    def _flow(self) -> Flow:
        return self._verifier.openid.flow

    async def _answer(self, make: Callable[[], Response]) -> Response:
        """Make a page in a thread; where there is no provider there is nothing."""
        return await aside.run(partial(self._made, make)) if self._there else bare(404)

    def _made(self, make: Callable[[], Response]) -> Response:
        try:
            return make()
        except errors.SessionUnknown:  # it has ended while we were at it
            return RedirectResponse("/login", 303)
        except errors.NotThere as refusal:
            _, _, title = STATUS[errors.NotThere]
            return notice(400, language.gettext(title), language.said(refusal), link="/")

    def _is_sent_by_another_site(self, request: Request) -> bool:
        other = request.headers.get("sec-fetch-site", "") in {"cross-site", "same-site"}
        return other and self._cookies.session(request) is None

    def _session(self, request: Request) -> Session | None:
        try:
            session = self._verifier.sessions.find(
                self._cookies.session(request) or "", self._verifier.clock.now()
            )
        except errors.SessionUnknown:
            return None
        if session.locale in language.LOCALES:
            language.current.set(session.locale)
        return session

    def _on(self, place: str, query: str) -> Response:
        return page("openid_on", place=f"{place}?{query}")


def _let_forms_reach(response: Response, address: str) -> None:
    """Let this page's forms end at an address: that of the client in question, and no other."""
    policy = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {origin(address)}"
    )
    response.headers["Content-Security-Policy"] = policy


def _redirected(answer: Outgoing) -> Response:
    return RedirectResponse(answer.location or "/", 303)


def _over() -> Response:
    return notice(
        410,
        language.gettext("This login is over"),
        language.gettext("It has taken too long. Go back to the application, and begin anew."),
        link="/",
    )


async def _body(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return ""
    return (await request.body()).decode("latin-1")
