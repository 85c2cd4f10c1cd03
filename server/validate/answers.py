"""What answers look like: JSON-RPC in form, HTTP in status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version

from starlette.responses import Response

from ..web.json import JSONResponse
from .errors import ApiError

_NUMBER = version("challng")
_VERSION = f"Challng {_NUMBER}"


class Authentication(StrEnum):
    """`result.authentication`."""

    ACCEPT = "ACCEPT"
    CHALLENGE = "CHALLENGE"
    REJECT = "REJECT"
    DECLINED = "DECLINED"


def result(
    now: datetime,
    value: object,
    detail: Mapping[str, object] | None = None,
    authentication: Authentication | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer: 200 whether somebody is let in or not, for that is no error."""
    told: dict[str, object] = {"status": True, "value": value}
    content: dict[str, object] = {
        "id": 1 if authentication is None else 2,
        "jsonrpc": "2.0",
        "result": told,
        "time": now.timestamp(),
        "version": _VERSION,
        "versionnumber": _NUMBER,
    }
    if authentication is not None:
        told["authentication"] = authentication.value
    if detail is not None:
        content["detail"] = dict(detail)
    return JSONResponse(content, headers=dict(headers or {}))


def error(now: datetime, failure: ApiError) -> Response:
    """Return an error's answer."""
    return JSONResponse(
        {
            "id": 1,
            "jsonrpc": "2.0",
            "detail": None,
            "result": {
                "status": False,
                "error": {"code": failure.code, "message": str(failure)},
            },
            "time": now.timestamp(),
            "version": _VERSION,
            "versionnumber": _NUMBER,
        },
        failure.status,
    )
