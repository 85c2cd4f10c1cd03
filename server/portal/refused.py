"""A refused form, kept in the address of the page that shows it again.

A page that answers a form directly is one that the browser's back button cannot come back to. So
the refusal goes along, sealed, and is shown by an ordinary page, with what was typed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from ..crypto.keyring import Keyring
from ..errors import NotTaken, SealBroken

FIELD = "refused"
_PLACE = "portal.refused"
_LONGEST = 8_192
_LONGEST_PART = 160


@dataclass(frozen=True)
class Again:
    """What was refused, and what was typed that is no secret."""

    refusal: NotTaken
    typed: Mapping[str, str]


class Refused:
    """Puts refusals into addresses, and reads them there."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def address(self, path: str, refusal: NotTaken, typed: Mapping[str, str]) -> str:
        """Return the address of the page that shows the refusal."""
        told = {
            "text": refusal.text,
            "values": {name: str(value) for name, value in refusal.values.items()},
            "field": refusal.field,
            "typed": {name: text[:_LONGEST_PART] for name, text in typed.items()},
        }
        sealed = self._keyring.seal(json.dumps(told).encode(), f"{_PLACE}:{path}")
        return f"{path}?{FIELD}={base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def read(self, request: Request) -> Again | None:
        """Return what the address of a request keeps; None for nothing, or what is not ours."""
        text = request.query_params.get(FIELD, "")
        if not text or len(text) > _LONGEST or not text.isascii():
            return None
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            told = json.loads(self._keyring.open(sealed, f"{_PLACE}:{request.url.path}"))
        except (SealBroken, binascii.Error, ValueError):
            return None
        refusal = NotTaken(told["text"], field=told["field"], **told["values"])
        return Again(refusal, told["typed"])
