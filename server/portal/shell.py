"""What every page of a signed-in person has in common: session, right, form, language, menu.

    shell = Shell(verifier)
    shell.show(router, "/devices", list_devices, right=Right.DEVICES)      # GET
    shell.take(router, "/devices/lost", report_lost, right=Right.DEVICES)  # POST

A handler gets a `Visit` and returns a response. It runs in a thread, so it may use the database.
Who is not logged in goes to the login page; who may not do it is told so, and it is written down.
A `Refusal` that a handler lets out becomes a page with its status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .. import language
from ..accounts.roles import DUTIES, Duty
from ..audit.events import Event
from ..errors import LoginError, NotAllowed, Refusal, SessionUnknown
from ..login.access import RIGHTS, Access, Right
from ..login.sessions import Session
from ..threads import Threads, aside
from ..verifier import Verifier
from ..web.problems import STATUS
from ..words import N_
from .cookies import Cookies
from .forms import FormRefused, Forms
from .menu import entries
from .render import bare, notice, page

_log = structlog.get_logger()

_NOT_BY_ACCESS = N_(
    "What you logged in with does not open this page. Log in with another device, or see the "
    "first page for what you can do now."
)
_NOT_BY_DUTY = N_("This page is for the support desk, and your role does not reach it.")


@dataclass(frozen=True)
class Visit:
    """One request of a signed-in person; `fields` are the form's."""

    request: Request
    session: Session
    mark: str
    form: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def page(self, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
        """Return a page with menu and form token around what the template shows."""
        return page(
            template,
            status,
            session=self.session,
            menu=entries(self.session),
            rights=RIGHTS[self.session.access],
            duties=DUTIES[self.session.role],
            form=self.form,
            here=self.request.url.path,
            **values,
        )

    def go(self, place: str) -> Response:
        """Send the browser to another page, to be got anew."""
        return RedirectResponse(place, 303)

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])


Handler = Callable[[Visit], Response]


class Shell:
    """Puts pages behind a session."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._cookies = Cookies(verifier.settings.https)
        self._forms = Forms(verifier.secrets)

    def show(
        self,
        router: APIRouter,
        path: str,
        handler: Handler,
        *,
        right: Right = Right.SESSION,
        duty: Duty | None = None,
    ) -> None:
        """Serve `handler` for GET."""

        async def answer(request: Request) -> Response:
            mark = self._cookies.mark(request)
            response = await aside.run(self._serve, request, mark, {}, handler, right, duty)
            self._cookies.set_browser(response, mark)
            return response

        router.add_api_route(path, answer, methods=["GET"], include_in_schema=False)

    def take(
        self,
        router: APIRouter,
        path: str,
        handler: Handler,
        *,
        right: Right = Right.SESSION,
        duty: Duty | None = None,
        threads: Threads = aside,
    ) -> None:
        """Serve `handler` for a form of our own sent to `path`.

        `threads`: some of its own, for what may wait long (a password behind the brake).
        """

        async def answer(request: Request) -> Response:
            mark = self._cookies.browser(request)
            try:
                fields = await self._forms.read(request, mark)
            except FormRefused:
                return bare(403)
            return await threads.run(self._serve, request, mark or "", fields, handler, right, duty)

        router.add_api_route(path, answer, methods=["POST"], include_in_schema=False)

    def _serve(
        self,
        request: Request,
        mark: str,
        fields: Mapping[str, str],
        handler: Handler,
        right: Right,
        duty: Duty | None,
    ) -> Response:
        try:
            session = self._session(request)
        except SessionUnknown:
            return RedirectResponse("/login", 303)
        if session.locale in language.LOCALES:
            language.current.set(session.locale)
        try:
            _check(session, right, duty)
            response = handler(Visit(request, session, mark, self._forms.token(mark), fields))
            if request.method == "POST":
                self._renew(request, session, response)
            return response
        except Refusal as refusal:
            if isinstance(refusal, NotAllowed):
                self._note(session, request.url.path)
            return self._refused(refusal)

    def _session(self, request: Request) -> Session:
        token = self._cookies.session(request) or ""
        return self._verifier.sessions.find(token, self._verifier.clock.now())

    def _renew(self, request: Request, before: Session, response: Response) -> None:
        """Give the browser another token where its session reaches more, or less, than before.

        What was done is done, and its page is shown whatever becomes of this.
        """
        try:
            session = self._session(request)
            if (session.access, session.device_serial) != (before.access, before.device_serial):
                token = self._verifier.sessions.renew(session)
                if token is not None:
                    self._cookies.set_session(response, token)
        except SessionUnknown:  # ended by what was done
            return
        except SQLAlchemyError as failure:
            _log.error("a session keeps its token", failure=type(failure).__name__)

    def _note(self, session: Session, path: str) -> None:
        with self._verifier.database.writing() as connection:
            self._verifier.audit.write(
                connection,
                self._verifier.clock.now(),
                Event.NOT_ALLOWED,
                f"user:{session.user}",
                session.user,
                what=path[:128],
            )

    def _refused(self, refusal: Refusal) -> Response:
        status, _, title = STATUS[type(refusal)]
        link = "/login" if isinstance(refusal, LoginError) else "/"
        return notice(
            status,
            language.gettext(title),
            language.said(refusal),
            link=link,
            link_text=N_("Go on"),
        )


def _check(session: Session, right: Right, duty: Duty | None) -> None:
    # Whoever works at the desk has proved a device of his own.
    if right not in RIGHTS[session.access] or (duty and session.access is not Access.FULL):
        raise NotAllowed(_NOT_BY_ACCESS)
    if duty is not None and duty not in DUTIES[session.role]:
        raise NotAllowed(_NOT_BY_DUTY)
