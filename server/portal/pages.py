"""The pages of logging in."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .. import errors, language
from ..accounts import locales
from ..accounts.names import is_plain
from ..clock import written
from ..login.ledger import LoginState
from ..login.offers import Offered
from ..login.sessions import Opened, Session
from ..openid.flow import Pending
from ..threads import aside
from ..verifier import Verifier
from ..web.agent import shortened
from ..web.peer import address
from ..web.problems import STATUS
from ..web.stream import Streams
from ..words import N_
from . import prompts
from .cookies import Cookies, browser_of
from .forms import FormRefused, Forms
from .onward import LOGIN, Onward
from .render import bare, notice, page

_OVER = {
    errors.NoSuchLogin: N_("This login is not known"),
    errors.LoginDecided: N_("This login is over"),
    errors.LoginDenied: N_("The login was denied"),
    errors.LoginExpired: N_("The challenge has expired"),
}
_STILL_OPEN = json.dumps({"state": LoginState.OPEN.value})
_LONGEST_NAME = 256
_LONGEST_PASSWORD = 1024


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    pages = _Pages(verifier)
    router.add_api_route("/login", pages.ask_password, methods=["GET"])
    router.add_api_route("/login", pages.take_password, methods=["POST"])
    router.add_api_route("/login/{login}", pages.ask_answer, methods=["GET"])
    router.add_api_route("/login/{login}", pages.take_answer, methods=["POST"])
    router.add_api_route("/login/{login}/events", pages.events, methods=["GET"])
    router.add_api_route("/login/{login}/factor", pages.take_choice, methods=["POST"])
    router.add_api_route("/login/{login}/sms", pages.send_again, methods=["POST"])
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._cookies = Cookies(verifier.settings.https)
        self._forms = Forms(verifier.secrets)
        self._streams = Streams(verifier.clock)
        self._onward = Onward(verifier)

    # --- user name and password

    def ask_password(self, request: Request) -> Response:
        wanted = self._onward.wanted(request.query_params.get("openid", ""))
        if self._session(request) is not None and not wanted:
            return _go("/")
        said = language.gettext("You are logged out.") if "out" in request.query_params else ""
        return self._password_page(request, wanted=wanted, said=said)

    async def take_password(self, request: Request) -> Response:
        mark = self._cookies.browser(request)
        try:
            fields = await self._forms.read(request, mark)
        except FormRefused:
            return await aside.run(
                lambda: self._password_page(
                    request,
                    403,
                    problem=language.gettext("The page was too old. Please try again."),
                )
            )
        name, password = fields.get("username", "").strip(), fields.get("password", "")
        wanted = await aside.run(self._onward.wanted, fields.get("openid", ""))
        name_problem, password_problem = _name_problem(name), _password_problem(password)
        if name_problem or password_problem:
            return self._password_page(
                request,
                422,
                wanted=wanted,
                name=name,
                name_problem=name_problem,
                password_problem=password_problem,
            )
        try:
            outcome = await self._verifier.passwords.begin(
                name,
                password,
                address(request, self._verifier.settings.trusted_proxies),
                browser_of(mark or ""),
                shortened(request.headers.get("user-agent", "")),
            )
        except errors.LoginError as refusal:
            response = self._password_page(
                request,
                STATUS[type(refusal)][0],
                wanted=wanted,
                name=name,
                problem=language.said(refusal),
            )
            if isinstance(refusal, errors.SlowDown):
                response.headers["Retry-After"] = str(refusal.retry_after)
            return response
        if isinstance(outcome, Opened):
            return await self._signed_in(request, outcome, None, wanted)
        if wanted:
            await aside.run(self._onward.after_password, wanted, outcome.login_id)
        return _go(f"/login/{outcome.login_id}")

    def _password_page(
        self,
        request: Request,
        status: int = 200,
        *,
        wanted: Pending | None = None,
        name: str = "",
        said: str = "",
        problem: str = "",
        name_problem: str = "",
        password_problem: str = "",
    ) -> HTMLResponse:
        mark = self._cookies.mark(request)
        response = page(
            "password",
            status,
            form=self._forms.token(mark),
            wanted=wanted,
            name=name,
            said=said,
            problem=problem,
            name_problem=name_problem,
            password_problem=password_problem,
        )
        self._cookies.set_browser(response, mark)
        return response

    # --- challenge and response, or the phone

    async def ask_answer(self, request: Request, login: str) -> Response:
        mark = self._cookies.browser(request)
        if mark is None:
            return _over(errors.NoSuchLogin(N_("Start again with your user name and password.")))
        try:
            opened = await aside.run(self._verifier.finishing.finish, login, browser_of(mark))
        except errors.LoginError as refusal:
            return await aside.run(self._over, refusal, login)
        if opened is not None:
            return await self._signed_in(request, opened, login)
        passcode = "passcode" in request.query_params
        return await aside.run(lambda: self._answer_page(mark, login, passcode=passcode))

    def events(self, request: Request, login: str) -> Response:
        """Tell where a login stands as it changes, until it is decided or over."""
        browser = browser_of(self._cookies.browser(request) or "")
        logins = self._verifier.finishing
        try:
            logins.state(login, browser)
        except errors.NoSuchLogin:
            return bare(404)

        def look() -> str:
            return json.dumps({"state": logins.state(login, browser)})

        return self._streams.stream(login, "state", look, lambda found: found != _STILL_OPEN)

    async def take_answer(self, request: Request, login: str) -> Response:
        mark = self._cookies.browser(request)
        try:
            fields = await self._forms.read(request, mark)
        except FormRefused:
            return bare(403)
        text = fields.get("answer", "").strip(" ")
        try:
            opened = await self._verifier.direct.run(
                self._verifier.logins.answer, login, text, browser_of(mark or "")
            )
        except (errors.AnswerMalformed, errors.AnswerWrong, errors.DeviceLocked) as refusal:
            return await aside.run(self._answer_page, mark or "", login, refusal)
        except errors.LoginError as refusal:
            return await aside.run(self._over_or_approved, mark, login, refusal)
        return await self._signed_in(request, opened, login)

    async def take_choice(self, request: Request, login: str) -> Response:
        mark = self._cookies.browser(request)
        try:
            fields = await self._forms.read(request, mark)
            chosen = fields.get("factor", "")
            await aside.run(self._verifier.logins.choose, login, chosen, browser_of(mark or ""))
        except FormRefused:
            return bare(403)
        except errors.NoSuchFactor:
            return bare(404)
        except errors.LoginError as refusal:
            return await aside.run(self._over_or_approved, mark, login, refusal)
        return _go(f"/login/{login}")

    async def send_again(self, request: Request, login: str) -> Response:
        mark = self._cookies.browser(request)
        again = self._verifier.sms_codes.send_again_at_login
        try:
            await self._forms.read(request, mark)
            await aside.run(again, login, browser_of(mark or ""))
        except FormRefused:
            return bare(403)
        except errors.TooSoon as refusal:
            return await aside.run(self._answer_page, mark or "", login, refusal)
        except errors.LoginError as refusal:
            return await aside.run(self._over, refusal, login)
        return _go(f"/login/{login}")

    def _over_or_approved(
        self, mark: str | None, login: str, refusal: errors.LoginError
    ) -> Response:
        """Say that a login is over; one that the phone has approved meanwhile goes on."""
        if isinstance(refusal, errors.LoginDecided):
            state = self._verifier.finishing.state(login, browser_of(mark or ""))
            if state == LoginState.APPROVED:
                return _go(f"/login/{login}")
        return self._over(refusal, login)

    def _over(self, refusal: errors.LoginError, login: str) -> HTMLResponse:
        return _over(refusal, self._onward.again(login))

    def _answer_page(
        self,
        mark: str,
        login: str,
        refusal: errors.Refusal | None = None,
        *,
        passcode: bool = False,
    ) -> HTMLResponse:
        try:
            offered = self._verifier.logins.show(login, browser_of(mark))
        except errors.LoginError as over:
            if isinstance(refusal, errors.AnswerWrong):
                return notice(
                    401,
                    language.gettext("This login is over"),
                    language.gettext(
                        "The response was not right, and there are no more tries on this "
                        "challenge. Start again with your user name and password."
                    ),
                    link=self._onward.again(login),
                )
            return self._over(over, login)
        locked = offered.factor.locked
        status = 200
        if refusal is not None:
            status = STATUS[type(refusal)][0]
        elif locked:
            status = 423
        kind = offered.factor.kind
        return page(
            prompts.template(kind),
            status,
            form=self._forms.token(mark),
            offered=offered,
            again=self._onward.again(login),
            waiting=bool(offered.prompt.get("push")) and not passcode and refusal is None,
            factors=prompts.ranked(offered.factors),
            locked=locked,
            problem=prompts.problem(kind, refusal, locked),
            seconds_left=self._seconds_left(offered),
            expires=written(offered.expires_at),
            expires_text=f"{offered.expires_at:%H:%M:%S} UTC",
        )

    def _seconds_left(self, offered: Offered) -> int:
        return max(0, int((offered.expires_at - self._verifier.clock.now()).total_seconds()))

    # --- signed in

    async def _signed_in(
        self, request: Request, opened: Opened, login: str | None, wanted: Pending | None = None
    ) -> Response:
        before = self._cookies.session(request)
        if before:  # one browser, one session: the old one does not linger
            await aside.run(self._verifier.logins.log_out, before)
        chosen = request.cookies.get(language.COOKIE, "")
        if chosen in language.LOCALES:
            await aside.run(self._keep_language, opened.user, chosen)
        response = await aside.run(self._onward.go, opened, login, wanted)
        self._cookies.set_session(response, opened.token)
        return response

    def _keep_language(self, user: str, locale: str) -> None:
        with self._verifier.database.writing() as connection:
            locales.choose_first(connection, user, locale)

    def _session(self, request: Request) -> Session | None:
        token = self._cookies.session(request)
        if not token:
            return None
        try:
            return self._verifier.sessions.find(token, self._verifier.clock.now())
        except errors.SessionUnknown:
            return None


def _go(place: str) -> Response:
    return RedirectResponse(place, 303)


def _over(refusal: errors.LoginError, again: str = LOGIN) -> HTMLResponse:
    status, _, title = STATUS[type(refusal)]
    title = language.gettext(_OVER.get(type(refusal), title))
    return notice(status, title, language.said(refusal), link=again)


def _name_problem(name: str) -> str:
    if not name:
        return language.gettext("Type your user name.")
    if len(name) > _LONGEST_NAME or not is_plain(name):
        return language.gettext("This cannot be a user name. Type it again.")
    return ""


def _password_problem(password: str) -> str:
    if not password:
        return language.gettext("Type your password.")
    if len(password) > _LONGEST_PASSWORD or not is_plain(password):
        return language.gettext("This cannot be a password. Type it again.")
    return ""
