"""Fonts for printed words: the reader's own Helvetica, and a Chinese one where words need it."""

from __future__ import annotations

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
FIXED = "Courier-Bold"
_CHINESE = "MSung-Light"
_LATIN = 0x250


def font_for(text: str, wanted: str = PLAIN) -> str:
    """Return the font that has the characters of a text: `wanted`, if it has them."""
    if all(ord(character) < _LATIN for character in text):
        return wanted
    if _CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    return _CHINESE
