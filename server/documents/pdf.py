"""A document as a PDF, one A4 page. It is marked as a sample, and has no identification whole."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from .shelf import Document, DocumentKind

_LATIN, _BOLD, _EAST_ASIAN = "Helvetica", "Helvetica-Bold", "MSung-Light"
_TITLES = {DocumentKind.STATEMENT: "Account statement", DocumentKind.TAX_FORM: "Tax form"}
_LEFT, _TOP = 25 * mm, A4[1] - 30 * mm
_LINE = 7 * mm


@dataclass(frozen=True)
class Holder:
    """Whose document it is; `tax_number` is given by its end alone."""

    name: str
    account: str
    tax_number: str | None
    equity_cents: int
    closed: bool


def draw(document: Document, holder: Holder) -> bytes:
    """Return the PDF."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    title = _TITLES[document.kind]
    canvas.setTitle(f"{title} {document.first:%Y-%m-%d} to {document.last:%Y-%m-%d}")
    canvas.setAuthor("Challng")
    canvas.setFont(_BOLD, 18)
    canvas.drawString(_LEFT, _TOP, title)
    canvas.setFont(_LATIN, 9)
    canvas.drawString(_LEFT, _TOP - _LINE, "SAMPLE: shows what such a document looks like.")
    height = _TOP - 3 * _LINE
    for label, value in _lines(document, holder):
        canvas.setFont(_BOLD, 11)
        canvas.drawString(_LEFT, height, label)
        canvas.setFont(_font(value), 11)
        canvas.drawString(_LEFT + 60 * mm, height, value)
        height -= _LINE
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _lines(document: Document, holder: Holder) -> list[tuple[str, str]]:
    period = f"{document.first:%Y-%m-%d} to {document.last:%Y-%m-%d}"
    lines = [("Holder", holder.name), ("Account", holder.account), ("Period", period)]
    if document.kind is DocumentKind.TAX_FORM:
        lines += [("Taxpayer number", holder.tax_number or "none on record")]
        lines += [("Interest and dividends", "0.00 USD"), ("Tax withheld", "0.00 USD")]
    else:
        lines += [("Equity", f"{holder.equity_cents / 100:,.2f} USD"), ("Movements", "none")]
    return [*lines, ("Status of the account", "closed" if holder.closed else "open")]


def _font(text: str) -> str:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        if _EAST_ASIAN not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(_EAST_ASIAN))
        return _EAST_ASIAN
    return _LATIN
