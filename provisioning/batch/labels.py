"""A sheet of labels as a PDF: serial as text and as a code, the name if there is one, no secret.

The same cards on the same sheet give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import segno
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from provisioning.errors import ProvisioningError

CODES = ("code128", "qr")
_TEXT_FONT, _NAME_FONT = "Helvetica-Bold", "Helvetica"
_WIDE_FONT = "DejaVuSans"
_WIDE_FONT_FILE = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_PAD = 3.0
_SERIAL_LINE, _NAME_LINE = 17.0, 15.0  # points
_QUIET = 4  # modules of white around a QR code (ISO/IEC 18004)


class SheetRefused(ProvisioningError, ValueError):
    """A sheet of labels that does not fit the paper, or labels that do not fit the sheet."""


@dataclass(frozen=True)
class Label:
    """What stands on one label."""

    serial: str
    name: str = ""


@dataclass(frozen=True)
class Sheet:
    """A sheet of A4 with labels, in millimetres; the default is the common 3 x 8 of 70 x 37."""

    columns: int = 3
    rows: int = 8
    width: float = 70.0
    height: float = 37.0
    top: float = 0.5
    left: float = 0.0

    def check(self) -> Sheet:
        """Return the sheet, or raise SheetRefused."""
        across, down = A4[0] / mm, A4[1] / mm
        if self.columns < 1 or self.rows < 1 or self.top < 0 or self.left < 0:
            raise SheetRefused("a sheet has at least one label, and no margin below 0: correct it")
        if (
            self.left + self.columns * self.width > across + 0.1
            or self.top + self.rows * self.height > down + 0.1
        ):
            raise SheetRefused(
                "the labels go beyond the paper, 210 x 297 mm: correct --label-grid, --label-size "
                "and the margins"
            )
        if self.width < 50 or self.height < 25:
            raise SheetRefused("a label below 50 x 25 mm has no room for the code: use larger ones")
        return self


def grid(text: str) -> tuple[int, int]:
    """Read `3x8`; raises SheetRefused."""
    if not re.fullmatch(r"[0-9]{1,2}x[0-9]{1,2}", text):
        raise SheetRefused("a grid is columns x rows, such as 3x8: correct it")
    columns, rows = map(int, text.split("x"))
    return columns, rows


def size(text: str) -> tuple[float, float]:
    """Read `70x37` or `63.5x38.1`, in millimetres; raises SheetRefused."""
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9])?x[0-9]{1,3}(\.[0-9])?", text):
        raise SheetRefused("a label's size is width x height in mm, such as 70x37: correct it")
    width, height = map(float, text.split("x"))
    return width, height


def grouped(serial: str) -> str:
    """A serial as people read it aloud: `CH12 3456 78`."""
    return f"{serial[:4]} {serial[4:8]} {serial[8:]}"


def pdf(labels: Sequence[Label], sheet: Sheet, code: str = CODES[0]) -> bytes:
    """Draw the labels, row by row and page by page; raises SheetRefused."""
    sheet.check()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle("Challng cards")
    a_page = sheet.columns * sheet.rows
    for number, label in enumerate(labels):
        if number and number % a_page == 0:
            canvas.showPage()
        row, column = divmod(number % a_page, sheet.columns)
        left = (sheet.left + column * sheet.width) * mm
        bottom = A4[1] - (sheet.top + (row + 1) * sheet.height) * mm
        draw = _with_qr if code == "qr" else _with_code128
        draw(canvas, label, left, bottom, sheet)
    canvas.save()
    return buffer.getvalue()


def _with_code128(canvas: Canvas, label: Label, left: float, bottom: float, sheet: Sheet) -> None:
    width, height = sheet.width * mm, sheet.height * mm
    middle = left + width / 2
    bars = height * 0.38
    code = Code128(label.serial, barHeight=bars, barWidth=0.33 * mm, quiet=False)
    block = bars + _SERIAL_LINE + (_NAME_LINE if label.name else 0)
    base = bottom + (height - block) / 2
    canvas.setFont(_TEXT_FONT, 13)
    canvas.drawCentredString(middle, base + 2, grouped(label.serial))
    code.drawOn(canvas, middle - code.width / 2, base + _SERIAL_LINE)
    if label.name:
        inner = width - 2 * _PAD * mm
        _name(canvas, label.name, middle, base + _SERIAL_LINE + bars + 5, inner, centred=True)


def _with_qr(canvas: Canvas, label: Label, left: float, bottom: float, sheet: Sheet) -> None:
    side = min(sheet.height - 2 * _PAD, sheet.width * 0.42) * mm
    matrix = segno.make_qr(label.serial, error="m").matrix
    cell = side / (len(matrix) + 2 * _QUIET)
    base = bottom + (sheet.height * mm - side) / 2
    x0 = left + _PAD * mm
    for y, line in enumerate(matrix):
        for dark, run in groupby(enumerate(line), key=itemgetter(1)):
            if dark:  # a run at once, and a hair higher: no white seams between modules
                columns = [x for x, _ in run]
                canvas.rect(
                    x0 + (columns[0] + _QUIET) * cell,
                    base + side - (y + _QUIET + 1) * cell,
                    cell * len(columns),
                    cell * 1.02,
                    stroke=0,
                    fill=1,
                )
    beside = x0 + side
    room = left + sheet.width * mm - _PAD * mm - beside
    middle = bottom + sheet.height * mm / 2
    canvas.setFont(_TEXT_FONT, 12)
    canvas.drawString(beside, middle - (10 if label.name else 4), grouped(label.serial))
    if label.name:
        _name(canvas, label.name, beside, middle + 6, room, centred=False)


def _name(canvas: Canvas, name: str, x: float, y: float, room: float, *, centred: bool) -> None:
    font = _font_for(name)
    points = 10.0
    while points > 6 and pdfmetrics.stringWidth(name, font, points) > room:
        points -= 0.5
    while pdfmetrics.stringWidth(name, font, points) > room:
        name = name.removesuffix("...")[:-1] + "..."
    canvas.setFont(font, points)
    (canvas.drawCentredString if centred else canvas.drawString)(x, y, name)


def _font_for(name: str) -> str:
    try:
        name.encode("cp1252")
    except UnicodeEncodeError:
        pass
    else:
        return _NAME_FONT
    try:
        if _WIDE_FONT not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(_WIDE_FONT, str(_WIDE_FONT_FILE)))
        font: Any = pdfmetrics.getFont(_WIDE_FONT)
    except (TTFError, OSError):
        raise SheetRefused(
            f"the name {name!r} needs the font DejaVu Sans: install fonts-dejavu-core"
        ) from None
    if any(ord(each) not in font.face.charToGlyph for each in name):
        raise SheetRefused(
            f"the name {name!r} has letters that DejaVu Sans lacks: spell it in others"
        )
    return _WIDE_FONT
