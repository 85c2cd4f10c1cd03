"""Routes of calls that are made with every login: read and checked by a few lines of their own.

FastAPI works out anew for each request what a call may depend on. A call of `PlainRoute` depends on
nothing but its path, its body (one model) and, where it asks for it, the request. It stands in the
API's description like every other, and refuses what every other refuses.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine
from email.message import Message
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response


class PlainRoute(APIRoute):
    """A call whose body is one model; its function is a coroutine and returns the answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what serves one request."""
        call: Callable[..., Awaitable[Response]] = self.endpoint
        hints = get_type_hints(call)
        names = inspect.signature(call).parameters
        model: type[BaseModel] = hints["body"]
        wants_request = "request" in names
        in_path = [name for name in names if name not in {"body", "request"}]

        async def serve(request: Request) -> Response:
            given: dict[str, Any] = {name: request.path_params[name] for name in in_path}
            if wants_request:
                given["request"] = request
            return await call(body=await _read(request, model), **given)

        return serve


async def _read(request: Request, model: type[BaseModel]) -> BaseModel:
    """Return the body; raises what FastAPI raises for one that is not as it should be."""
    raw = (await request.receive()).get("body")  # one message: web.body sees to that
    if not raw or not _is_json(request.headers.get("content-type", "")):
        raise RequestValidationError(
            [{"type": "missing", "loc": ("body",), "msg": "", "input": None}]
        )
    try:
        content = json.loads(raw)
    except json.JSONDecodeError:
        raise RequestValidationError(
            [{"type": "json_invalid", "loc": ("body",), "msg": "", "input": None}]
        ) from None
    except (ValueError, RecursionError):  # not even text, or nested beyond sense
        raise HTTPException(400) from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in wrong]
        ) from None


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    message = Message()
    message["content-type"] = content_type
    kind = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        kind == "json" or kind.endswith("+json")
    )
