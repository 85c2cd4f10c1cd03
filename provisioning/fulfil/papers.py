"""What goes into the envelope: a packing slip with the address, and a label to send it back.

The same order and card give the same bytes, so that papers printed twice are one set.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from provisioning.batch.labels import grouped
from provisioning.fulfil.wanted import Wanted

_WIDE = "MSung-Light"  # one of the fonts that every reader of PDF has for Chinese
_LEFT = 25 * mm
_NEXT = (
    "Activate the card in the portal when it arrives, so that logging in is never interrupted.",
    "The PIN is the one that you chose when you asked for the card. Nobody asks you for it.",
    "Keep the return label: the card goes back when you do not need it any more.",
)


def packing_slip(wanted: Wanted, serial: str) -> bytes:
    """Draw the packing slip: the address where a window envelope shows it, order and card."""
    canvas, buffer = _page(f"Order {wanted.id}")
    _lines(canvas, wanted.address, _LEFT, A4[1] - 55 * mm, 12)
    _lines(
        canvas,
        (
            f"Order {wanted.id}",
            f"Card {grouped(serial)}",
            f"Shipping: {wanted.shipping}",
            f"To be sent by {wanted.ships_by}",
        ),
        _LEFT,
        A4[1] - 115 * mm,
        11,
    )
    code = Code128(serial, barHeight=12 * mm, barWidth=0.4 * mm, quiet=False)
    code.drawOn(canvas, _LEFT, A4[1] - 165 * mm)
    _lines(canvas, _NEXT, _LEFT, A4[1] - 185 * mm, 10)
    canvas.save()
    return buffer.getvalue()


def return_label(wanted: Wanted, serial: str) -> bytes:
    """Draw the label that the card comes back with: the region's address, the serial in bars."""
    canvas, buffer = _page(f"Return of {serial}")
    top = A4[1] - 35 * mm
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(_LEFT, top, "Return label")
    _lines(canvas, wanted.return_to, _LEFT, top - 14 * mm, 14)
    code = Code128(serial, barHeight=16 * mm, barWidth=0.45 * mm, quiet=False)
    code.drawOn(canvas, _LEFT, top - 75 * mm)
    _lines(
        canvas,
        (
            grouped(serial),
            f"Questions about the post: {wanted.return_phone}, {wanted.return_contact}",
            "Announce the return in the portal, use a padded envelope, and post it tracked.",
        ),
        _LEFT,
        top - 83 * mm,
        10,
    )
    canvas.save()
    return buffer.getvalue()


def _page(title: str) -> tuple[Canvas, io.BytesIO]:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    return canvas, buffer


def _lines(canvas: Canvas, lines: Sequence[str], x: float, y: float, size: float) -> None:
    for line in lines:
        font, points = _font_for(line), size
        room = A4[0] - x - 20 * mm
        while points > 6 and pdfmetrics.stringWidth(line, font, points) > room:
            points -= 0.5
        canvas.setFont(font, points)
        canvas.drawString(x, y, line)
        y -= size * 1.5


def _font_for(text: str) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        if _WIDE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(_WIDE))
        return _WIDE
    return "Helvetica"
