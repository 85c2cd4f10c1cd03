"""Forms: read within bounds, and only from a page of our own (CSRF).

Each form carries a MAC over the browser's mark. A stranger's page can neither read the mark nor
make the MAC; and browsers that say where a request comes from are believed beside that.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from ..crypto.secrets_table import FORMS, Secrets

FIELD = "form"
_MOST_FIELDS = 16


class FormRefused(Exception):
    """The form is not one of ours, too old, or not readable; the page says so."""


class Forms:
    """Makes and checks what binds a form to a browser."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def token(self, mark: str) -> str:
        """Return the value of a form's hidden field, for the browser of this mark."""
        return self._secrets.mac(FORMS, mark).hex()

    async def read(self, request: Request, mark: str | None) -> Mapping[str, str]:
        """Return the fields of a form of our own, or raise FormRefused."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise FormRefused
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise FormRefused
        try:
            text = (await request.body()).decode("ascii")
            fields = dict(
                parse_qsl(
                    text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
                )
            )
        except ValueError:  # UnicodeError is one
            raise FormRefused from None
        given = fields.get(FIELD, "").encode("utf-8")
        if mark is None or not hmac.compare_digest(given, self.token(mark).encode("ascii")):
            raise FormRefused
        return fields
