"""The desk's pages: finding a user, checking identity, and what then is done for him."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from .. import language
from ..accounts.roles import Duty
from ..audit.events import Event
from ..errors import IllegalMove, NotTaken
from ..login.access import Right
from ..login.sessions import Session
from ..support.identity import Check
from ..verifier import Verifier
from ..words import N_
from .shell import Shell, Visit

_DONE = {
    "passed": N_("The identity check was passed."),
    "failed": N_("The identity check failed. It was counted."),
    "unlocked": N_("The device is unlocked."),
    "suspended": N_("The device is suspended."),
    "deactivated": N_("The mobile key is deactivated."),
    "pin": N_("The PIN is ended. The user chooses another after logging in with a temporary code."),
    "checks": N_("Identity checks are allowed again."),
    "closed": N_("The account is closed."),
    "decided": N_("The share is decided."),
}

Act = Callable[[Session, str, str, str], object]


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages under `/desk`."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    pages = _Pages(verifier)
    user = "/desk/users/{name}"
    find, check = Duty.FIND_USERS, Duty.CHECK_IDENTITY
    shell.show(router, "/desk/find", pages.find, duty=find)
    shell.take(router, "/desk/find", pages.found, duty=find)
    shell.show(router, user, pages.user, duty=find)
    shell.take(router, f"{user}/checks", pages.begin_check, duty=check)
    shell.take(router, f"{user}/checks/unlock", pages.unlock_checks, duty=Duty.CHANGE_ACCOUNTS)
    shell.show(router, f"{user}/checks/{{check}}", pages.check, duty=check)
    shell.take(router, f"{user}/checks/{{check}}", pages.answer_check, duty=check)
    aid = verifier.desk.aid
    for place, act, done in (
        ("unlock", aid.unlock, "unlocked"),
        ("suspend", aid.suspend, "suspended"),
        ("reset-pin", aid.reset_pin, "pin"),
        ("deactivate", aid.deactivate, "deactivated"),
    ):
        path = f"{user}/devices/{{device}}/{place}"
        shell.take(router, path, pages.act(act, done), duty=Duty.UNLOCK_DEVICES)
    shell.take(router, f"{user}/temporary-code", pages.code, duty=Duty.ISSUE_TEMPORARY_CODES)
    shell.take(router, f"{user}/close-account", pages.close, duty=Duty.CHANGE_ACCOUNTS)
    shell.show(router, "/desk/shares", pages.shares, duty=Duty.DECIDE_SHARES)
    shell.take(router, "/desk/shares/{share}", pages.decide, duty=Duty.DECIDE_SHARES)
    shell.show(router, "/desk/audit", pages.audit, right=Right.SESSION, duty=Duty.READ_AUDIT)
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._desk = verifier.desk
        self._sharing = verifier.sharing
        self._settings = verifier.settings

    # --- finding

    def find(self, visit: Visit) -> Response:
        return visit.page("desk_find", wanted="", found=(), problem="")

    def found(self, visit: Visit) -> Response:
        wanted = visit.fields.get("wanted", "").strip()
        try:
            names = self._desk.finding.find(visit.session, wanted)
        except NotTaken as refusal:
            return visit.page(
                "desk_find", 422, wanted=wanted, found=(), problem=language.said(refusal)
            )
        if len(names) == 1:
            return visit.go(_place(names[0]))
        return visit.page("desk_find", wanted=wanted, found=names, problem="")

    def user(self, visit: Visit) -> Response:
        return self._sheet(visit, visit.part("name"))

    def _sheet(self, visit: Visit, name: str, status: int = 200, problem: str = "") -> Response:
        sheet = self._desk.finding.sheet(visit.session, name)
        return visit.page("desk_user", status, sheet=sheet, problem=problem, said=_said(visit))

    # --- identity

    def begin_check(self, visit: Visit) -> Response:
        name = visit.part("name")
        try:
            check = self._desk.identity.begin(visit.session, name)
        except IllegalMove as refusal:
            return self._sheet(visit, name, 409, language.said(refusal))
        return visit.go(f"{_place(check.user)}/checks/{check.id}")

    def check(self, visit: Visit) -> Response:
        check = self._desk.identity.show(visit.session, visit.part("name"), visit.part("check"))
        return _check_page(visit, check)

    def answer_check(self, visit: Visit) -> Response:
        name, check_id = visit.part("name"), visit.part("check")
        try:
            passed = self._desk.identity.answer(visit.session, name, check_id, visit.fields)
        except NotTaken as refusal:
            check = self._desk.identity.show(visit.session, name, check_id)
            return _check_page(visit, check, refusal)
        return visit.go(f"{_place(name)}?done={'passed' if passed else 'failed'}")

    def unlock_checks(self, visit: Visit) -> Response:
        def act(session: Session, name: str, _device: str, reason: str) -> None:
            self._desk.identity.unlock(session, name, reason)

        return self._do(visit, act, "checks")

    # --- acts

    def act(self, what: Act, done: str) -> Callable[[Visit], Response]:
        return lambda visit: self._do(visit, what, done)

    def _do(self, visit: Visit, what: Act, done: str) -> Response:
        name = visit.part("name")
        device = str(visit.request.path_params.get("device", ""))
        try:
            what(visit.session, name, device, visit.fields.get("reason", ""))
        except NotTaken as refusal:
            return self._sheet(visit, name, 422, language.said(refusal))
        except IllegalMove as refusal:
            return self._sheet(visit, name, 409, language.said(refusal))
        return visit.go(f"{_place(name)}?done={done}")

    def code(self, visit: Visit) -> Response:
        name = visit.part("name")
        try:
            code = self._desk.issue_code(visit.session, name, visit.fields.get("reason", ""))
        except NotTaken as refusal:
            return self._sheet(visit, name, 422, language.said(refusal))
        except IllegalMove as refusal:
            return self._sheet(visit, name, 409, language.said(refusal))
        return visit.page(
            "desk_code",
            user=name,
            code=code,
            full=self._settings.temporary_code_full_days,
            limited=self._settings.temporary_code_limited_days,
        )

    def close(self, visit: Visit) -> Response:
        def act(session: Session, name: str, _device: str, reason: str) -> None:
            self._desk.close_account_of(session, name, reason)

        return self._do(visit, act, "closed")

    # --- compliance and audit

    def shares(self, visit: Visit) -> Response:
        return self._queue(visit)

    def _queue(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        pending = self._sharing.pending(visit.session)
        return visit.page(
            "desk_shares", status, pending=pending, problem=problem, said=_said(visit)
        )

    def decide(self, visit: Visit) -> Response:
        decision, reason = visit.fields.get("decision", ""), visit.fields.get("reason", "")
        try:
            self._desk.decide_share(visit.session, visit.part("share"), decision, reason)
        except NotTaken as refusal:
            return self._queue(visit, 422, language.said(refusal))
        except IllegalMove as refusal:
            return self._queue(visit, 409, language.said(refusal))
        return visit.go("/desk/shares?done=decided")

    def audit(self, visit: Visit) -> Response:
        asked = visit.request.query_params
        event, about = asked.get("event", ""), asked.get("about", "").strip()[:128]
        before = asked.get("before", "")
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        found = self._desk.read_audit(visit.session, event, about, number)
        return visit.page("desk_audit", found=found, events=list(Event), event=event, about=about)


def _check_page(visit: Visit, check: Check, refusal: NotTaken | None = None) -> Response:
    return visit.page(
        "desk_check",
        200 if refusal is None else 422,
        check=check,
        problem="" if refusal is None else language.said(refusal),
        field=None if refusal is None else refusal.field,
    )


def _place(name: str) -> str:
    return f"/desk/users/{quote(name, safe='')}"


def _said(visit: Visit) -> str:
    done = _DONE.get(visit.request.query_params.get("done", ""))
    return language.gettext(done) if done and visit.request.method == "GET" else ""
