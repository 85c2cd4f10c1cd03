"""Answers in JSON, written by orjson: a tenth of the time of `json`."""

from __future__ import annotations

from typing import Any

import orjson
from starlette import responses


class JSONResponse(responses.JSONResponse):
    """An answer in JSON; what is no plain value is a TypeError, and never shown by mistake."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
        """Return the body, without a space too many."""
        return orjson.dumps(content, option=orjson.OPT_PASSTHROUGH_DATACLASS)
