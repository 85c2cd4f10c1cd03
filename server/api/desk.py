"""What the support desk does, over the JSON API: the same services as its pages."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field, StringConstraints
from starlette.responses import Response

from ..accounts.roles import Duty
from ..clock import written
from ..lifecycle.devices import Device
from ..login.sessions import Session
from ..support.finding import Sheet
from ..verifier import Verifier
from ..web.json import JSONResponse
from .bodies import Body
from .caller import caller

Reason = Annotated[str, StringConstraints(strict=True, max_length=256)]
Said = Annotated[str, StringConstraints(strict=True, max_length=256)]


class _Strict(Body):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ReasonBody(_Strict):
    """Why it is done: it stands in the audit log."""

    reason: Reason


class AnswersBody(_Strict):
    """What the caller said, by the fact that he was asked for."""

    answers: Annotated[dict[Said, Said], Field(max_length=16)]


class DecisionBody(ReasonBody):
    """What compliance decides, and why."""

    decision: Literal["approve", "reject"]


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/desk`."""
    router = APIRouter(prefix="/api/v1/desk", tags=["desk"])
    desk = verifier.desk

    finds = caller(verifier, duty=Duty.FIND_USERS)
    checks = caller(verifier, duty=Duty.CHECK_IDENTITY)
    issues = caller(verifier, duty=Duty.ISSUE_TEMPORARY_CODES)
    unlocks = caller(verifier, duty=Duty.UNLOCK_DEVICES)
    decides = caller(verifier, duty=Duty.DECIDE_SHARES)
    changes = caller(verifier, duty=Duty.CHANGE_ACCOUNTS)
    reads = caller(verifier, duty=Duty.READ_AUDIT)

    @router.get("/users", summary="Find users by user name, account number or serial, whole")
    def find(wanted: str, staff: Session = Depends(finds)) -> Response:
        return JSONResponse({"users": desk.finding.find(staff, wanted)})

    @router.get("/users/{name}", summary="A user, his devices and their states")
    def user(name: str, staff: Session = Depends(finds)) -> Response:
        return JSONResponse(_sheet(desk.finding.sheet(staff, name)))

    @router.post("/users/{name}/checks", summary="Begin an identity check")
    def begin(name: str, staff: Session = Depends(checks)) -> Response:
        check = desk.identity.begin(staff, name)
        return JSONResponse({"check": check.id, "asked": list(check.asked)}, 201)

    @router.post("/users/{name}/checks/{check}", summary="Decide an identity check")
    def answer(
        name: str, check: str, body: AnswersBody, staff: Session = Depends(checks)
    ) -> Response:
        passed = desk.identity.answer(staff, name, check, body.answers)
        return JSONResponse({"passed": passed})

    @router.post("/users/{name}/allow-checks", summary="Allow identity checks again")
    def allow(name: str, body: ReasonBody, staff: Session = Depends(changes)) -> Response:
        desk.identity.unlock(staff, name, body.reason)
        return JSONResponse({"user": name})

    @router.post("/users/{name}/temporary-code", summary="Issue a temporary code")
    def code(name: str, body: ReasonBody, staff: Session = Depends(issues)) -> Response:
        return JSONResponse({"code": desk.issue_code(staff, name, body.reason)}, 201)

    @router.post("/users/{name}/devices/{device}/{act}", summary="Act on a user's device")
    def act(
        name: str,
        device: str,
        act: Literal["unlock", "suspend", "reset-pin", "deactivate"],
        body: ReasonBody,
        staff: Session = Depends(unlocks),
    ) -> Response:
        acts = {
            "unlock": desk.aid.unlock,
            "suspend": desk.aid.suspend,
            "reset-pin": desk.aid.reset_pin,
            "deactivate": desk.aid.deactivate,
        }
        done = acts[act](staff, name, device, body.reason)
        return JSONResponse({"serial": done.serial, "done": act})

    @router.get("/shares", summary="The shares that wait for compliance")
    def shares(staff: Session = Depends(decides)) -> Response:
        waiting = verifier.sharing.pending(staff)
        return JSONResponse(
            {
                "shares": [
                    {"id": each.id, "user": each.user, "owner": each.owner, "serial": each.serial}
                    for each in waiting
                ]
            }
        )

    @router.post("/shares/{share}", summary="Approve or reject a share")
    def decide(share: str, body: DecisionBody, staff: Session = Depends(decides)) -> Response:
        decided = desk.decide_share(staff, share, body.decision, body.reason)
        return JSONResponse({"id": decided.id, "state": decided.state})

    @router.post("/accounts/{number}/close", summary="Close an account")
    def close(number: str, body: ReasonBody, staff: Session = Depends(changes)) -> Response:
        desk.close_account(staff, number, body.reason)
        return JSONResponse({"account": number, "state": "closed"})

    @router.get("/audit", summary="Rows of the audit log, newest first")
    def audit(
        event: str = "",
        about: str = "",
        before: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
        staff: Session = Depends(reads),
    ) -> Response:
        found = desk.read_audit(staff, event, about[:128], before)
        rows = [
            {
                "row": line.seq,
                "at": written(line.at),
                "event": line.event,
                "actor": line.actor,
                "subject": line.subject,
                "detail": line.detail,
            }
            for line in found.lines
        ]
        return JSONResponse({"rows": rows, "older": found.older})

    return router


def _sheet(sheet: Sheet) -> dict[str, object]:
    return {
        "user": sheet.person.name,
        "name": sheet.full_name,
        "role": sheet.person.role,
        "account": sheet.person.account,
        "closed": sheet.person.account_closed,
        "known": [end for _, end in sheet.known],
        "checked_until": written(sheet.checked_until) if sheet.checked_until else None,
        "checks_locked": sheet.person.identity_locked_at is not None,
        "devices": [_device(each) for each in sheet.devices],
        "shared": [_device(each) for each in sheet.shared],
    }


def _device(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "kind": device.kind,
        "serial": device.serial,
        "owner": device.owner,
        "state": device.state,
        "locked": device.locked,
    }
