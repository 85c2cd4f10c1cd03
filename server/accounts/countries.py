"""Country codes: ISO 3166-1 alpha-2, from the territories that Babel (Unicode CLDR) knows."""

from __future__ import annotations

from functools import cache

from babel.core import Locale

# Two letters in CLDR, and no country of ISO 3166-1: unions, reserved codes, test locales.
_NO_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)
UNITED_STATES = "US"


@cache
def codes() -> frozenset[str]:
    """Return all country codes."""
    return frozenset(
        code
        for code in map(str, Locale.parse("en").territories)
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    )


def is_country(text: str) -> bool:
    """Tell whether a text is a country's code, in capitals."""
    return text in codes()
