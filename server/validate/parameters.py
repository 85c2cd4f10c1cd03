"""Parameters of a call: from the query, a form in either encoding, or JSON; later ones stand.

Many plug-ins encode their values once more than a form does, and privacyIDEA decodes them once
more, but for clients that are known not to. So does this; and what needs no encoding (JSON, the
parts of a multipart form) is taken as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

from ..accounts.names import is_plain
from .errors import ParameterError

_MOST = 32
_LONGEST = 1_024
_AGENT = re.compile(r"[A-Za-z0-9_-]+")
_ENCODE_ONCE = frozenset(
    {"privacyidea-cp", "privacyidea-ldap-proxy", "simplesamlphp", "pam", "privacyidea-pam"}
)
"""The names, before the slash of their User-Agent, of clients whose values are encoded once."""
_UNREADABLE = "The parameters cannot be read: send a form, or a JSON object."
_NOT_TEXT = "The parameter %s cannot be read."


class Parameters:
    """What a caller has sent, each value a text."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        """Return a parameter, None where it is missing or empty; raises ParameterError."""
        return self._text(name) or None

    def needed(self, name: str, *, empty: bool = False) -> str:
        """Return a parameter that must be there; raises ParameterError."""
        value = self._text(name)
        if value is None or not (value or empty):
            raise ParameterError(f"Missing parameter: {name}")
        return value

    def _text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is not None and (len(value) > _LONGEST or not is_plain(value)):
            raise ParameterError(_NOT_TEXT % name)
        return value


async def read(request: Request) -> Parameters:
    """Return what a request has sent; raises ParameterError."""
    agent = _AGENT.match(request.headers.get("user-agent", ""))
    once = agent is not None and agent[0].lower() in _ENCODE_ONCE
    encoded = _pairs(request.url.query)
    body = await request.body()
    kind = request.headers.get("content-type", "")
    plain: dict[str, str] = {}
    if kind.partition(";")[0].strip().lower() == "multipart/form-data":
        plain = _parts(kind, body)
    elif body.lstrip()[:1] in {b"{", b"["}:  # some clients do not say that it is JSON
        plain = _json(body)
    elif body:
        try:
            encoded |= _pairs(body.decode("utf-8"))
        except UnicodeDecodeError:
            raise ParameterError(_UNREADABLE) from None
    decoded = encoded if once else {name: unquote(value) for name, value in encoded.items()}
    return Parameters({**decoded, **plain})


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST))
    except ValueError:
        raise ParameterError(_UNREADABLE) from None


def _json(body: bytes) -> dict[str, str]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise ParameterError(_UNREADABLE) from None
    if not isinstance(content, dict) or len(content) > _MOST:
        raise ParameterError(_UNREADABLE)
    return {name: _of_json(name, value) for name, value in content.items() if value is not None}


def _of_json(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    raise ParameterError(_NOT_TEXT % name if is_plain(name) else _UNREADABLE)


def _parts(kind: str, body: bytes) -> dict[str, str]:
    """Return the fields of a multipart form (RFC 7578), such as PHP's curl sends."""
    try:
        head = b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n"
        message = BytesParser(policy=HTTP).parsebytes(head + body)
        parts = list(message.iter_parts()) if message.is_multipart() else []
        if not parts or len(parts) > _MOST:
            raise ParameterError(_UNREADABLE)
        return dict(_field(part) for part in parts)
    except ParameterError:
        raise
    except (ValueError, LookupError, AttributeError, TypeError):
        raise ParameterError(_UNREADABLE) from None


def _field(part: Message) -> tuple[str, str]:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    if not isinstance(name, str) or not isinstance(content, bytes) or part.get_filename():
        raise ParameterError(_UNREADABLE)
    return name, content.decode("utf-8")
