"""An authorization request as far as a login goes by it, and the next step that it needs.

Core 1.0, section 3.1.2.1. Nothing here looks at a clock or a database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .levels import Level, known, suffices

LONGEST = 4_096
_PARAMETERS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "claims",
    "login_hint",
    "id_token_hint",
    "response_mode",
    "request",
    "request_uri",
    "registration",
)
_NOT_OFFERED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
_PROMPTS = {"none", "login", "consent", "select_account"}
_MOST_SECONDS = 10 * 365 * 86_400


class Malformed(ValueError):
    """A request that cannot be read at all: nobody is redirected."""


class Step(Enum):
    """What a request needs next."""

    LOG_IN = auto()
    OTHER_USER = auto()
    """Somebody has logged in, and not the user whom the client hinted at."""
    REFUSED = auto()
    """This user may not use this client, or not with what he logged in with."""
    STRONGER = auto()
    """The login is fresh enough, and its device too weak."""
    CONSENT = auto()
    ISSUE = auto()


@dataclass(frozen=True)
class Asked:
    """What the client wants of the login. `wrong`: an error code for what is not to be had."""

    prompts: frozenset[str] = frozenset()
    max_age: int | None = None
    levels: tuple[Level, ...] = ()
    wrong: str | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing may be shown to the user."""
        return "none" in self.prompts


@dataclass(frozen=True)
class Proved:
    """What the session at hand has proved; `fresh`: by the login that this request led to."""

    level: Level
    at: datetime
    fresh: bool
    as_hinted: bool = True
    allowed: bool = True
    agreed: bool = False


def parameters(query: str) -> dict[str, str]:
    """Return the parameters of a request that are known, or raise Malformed.

    One that comes twice, or without a value, is left to nobody to interpret (RFC 6749, 3.1).
    """
    if len(query) > LONGEST:
        raise Malformed
    try:
        pairs = parse_qsl(query, keep_blank_values=False, errors="strict", max_num_fields=64)
    except ValueError:
        raise Malformed from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in _PARAMETERS:
            if name in found or not value.isprintable():
                raise Malformed
            found[name] = value
    return found


def compact(given: Mapping[str, str]) -> str:
    """Return parameters as a query again."""
    return urlencode(given)


def read(given: Mapping[str, str]) -> Asked:
    """Return what a request's parameters ask of the login."""
    prompts = frozenset(given.get("prompt", "").split())
    wrong = next((_NOT_OFFERED[name] for name in _NOT_OFFERED if name in given), None)
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        wrong = wrong or "invalid_request"
    if given.get("response_mode", "query") != "query":
        wrong = wrong or "invalid_request"
    max_age: int | None = None
    if "max_age" in given:
        text = given["max_age"]
        if text.isascii() and text.isdigit() and len(text) < 12:
            max_age = min(int(text), _MOST_SECONDS)
        else:
            wrong = wrong or "invalid_request"
    try:
        levels = known(given.get("acr_values", "").split()) or _essential(given.get("claims"))
    except ValueError as error:
        levels, wrong = (), wrong or str(error)
    return Asked(prompts, max_age, levels, wrong)


def _essential(claims: str | None) -> tuple[Level, ...]:
    """Return the levels that `claims` asks of `acr`; an essential one must be one of ours."""
    if claims is None:
        return ()
    try:
        content: Any = json.loads(claims)
        wanted = content.get("id_token", {}).get("acr") or {}
        values = wanted.get("values") or [wanted["value"]] if wanted else []
        texts = [text for text in values if isinstance(text, str)]
        essential = wanted.get("essential") is True
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise ValueError("invalid_request") from None
    levels = known(texts)
    if essential and texts and not levels:
        raise ValueError("unmet_authentication_requirements")
    return levels


def decide(asked: Asked, proved: Proved | None, now: datetime) -> Step:
    """Return the next step of a request."""
    if proved is None:
        return Step.LOG_IN
    if not proved.as_hinted:
        return Step.OTHER_USER if proved.fresh else Step.LOG_IN
    again = bool(asked.prompts & {"login", "select_account"})
    if asked.max_age is not None and now - proved.at > timedelta(seconds=asked.max_age):
        again = True
    if again and not proved.fresh:
        return Step.LOG_IN
    if not proved.allowed:
        return Step.REFUSED
    if not suffices(proved.level, asked.levels):
        return Step.STRONGER
    if not proved.agreed:
        return Step.CONSENT
    return Step.ISSUE


SILENT = {
    Step.LOG_IN: "login_required",
    Step.OTHER_USER: "login_required",
    Step.REFUSED: "access_denied",
    Step.STRONGER: "unmet_authentication_requirements",
    Step.CONSENT: "consent_required",
}
"""What a request that may show nothing is told in the place of each step (section 3.1.2.6)."""
