"""The language of a page: from the user's own choice, the browser's cookie, or what it asks for.

English is the text in the code and the templates; every other language is a catalogue
`catalogues/<locale>.po`, read as it is. `current` is set for the length of a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import Locale, negotiate_locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import Refusal

CATALOGUES = Path(__file__).parent / "catalogues"
ENGLISH = "en"
LOCALES = (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))
"""The languages there are, as locale names."""
COOKIE = "challng_language"

current: ContextVar[str] = ContextVar("language", default=ENGLISH)
_TAG = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([0-9.]{1,5}))?\s*")
_MOST_TAGS = 20
_SAYING = (b"cookie", b"accept-language")
"""The headers that a language can be in; a program mostly sends neither."""
_DAYS = {ENGLISH: "en_GB"}  # day, month, year: read alike everywhere
_NO_COMMA = frozenset({"zh_Hant"})
# What browsers send for Traditional Chinese, beside `zh-Hant`.
_ALIASES = {"zh_tw": "zh_Hant", "zh_hk": "zh_Hant", "zh_mo": "zh_Hant", "zh": "zh_Hant"}


class Language:
    """Middleware: sets the language of a request before anybody is known."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in its language."""
        if scope["type"] == "http":
            says = any(name in _SAYING for name, _ in scope["headers"])
            current.set(_asked_for(Request(scope)) if says else ENGLISH)
        await self._app(scope, receive, send)


def _asked_for(request: Request) -> str:
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LOCALES:
        return chosen
    accepted = request.headers.get("accept-language")
    return negotiated(accepted) if accepted else ENGLISH


def negotiated(accept_language: str) -> str:
    """Return the best of our languages for an `Accept-Language` header; English where none fits."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language[:512].split(",")[:_MOST_TAGS]:
        found = _TAG.fullmatch(part)
        if found:
            try:
                weight = float(found[2] or 1)
            except ValueError:
                continue
            wanted.append((weight, _locale(found[1].replace("-", "_"))))
    wanted.sort(key=lambda each: -each[0])
    return negotiate_locale([tag for _, tag in wanted], LOCALES) or ENGLISH


def _locale(tag: str) -> str:
    low = tag.lower()
    return "zh_Hant" if low.startswith("zh_hant") else _ALIASES.get(low, tag)


@cache
def catalogue(locale: str) -> NullTranslations:
    """Return a language's messages."""
    if locale == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (CATALOGUES / f"{locale}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale))
    compiled.seek(0)
    return GNUTranslations(compiled)


@contextmanager
def speaking(locale: str | None) -> Iterator[None]:
    """Speak a language for a while; English where it is none of ours."""
    before = current.set(locale if locale in LOCALES and locale else ENGLISH)
    try:
        yield
    finally:
        current.reset(before)


def gettext(message: str) -> str:
    """Return a message in the current language."""
    return catalogue(current.get()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """Return a message in the current language, for a number of things."""
    return catalogue(current.get()).ngettext(one, many, number)


def said(refusal: Refusal) -> str:
    """Return what a refusal says, in the current language."""
    text = gettext(refusal.text)
    return text % refusal.values if refusal.values else text


def day(moment: date) -> str:
    """Return a day as the current language writes it."""
    return format_date(moment, "long", locale=_DAYS.get(current.get(), current.get()))


def month(first: date) -> str:
    """Return the month of a day as the current language writes it."""
    return format_skeleton("yMMMM", first, locale=current.get())


def year(first: date) -> str:
    """Return the year of a day as the current language writes it."""
    return format_skeleton("y", first, locale=current.get())


def moment(at: datetime) -> str:
    """Return a moment as the current language writes it, in UTC."""
    between = " " if current.get() in _NO_COMMA else ", "
    return f"{day(at)}{between}{at.astimezone(UTC):%H:%M} UTC"


def html_language() -> str:
    """Return the current language as HTML's `lang` wants it."""
    return current.get().replace("_", "-")


def own_names() -> list[tuple[str, str]]:
    """Return each language with its own name for itself."""
    return [(locale, Locale.parse(locale).get_display_name(locale) or locale) for locale in LOCALES]


Gettext = Callable[[str], str]
