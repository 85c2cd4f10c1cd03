"""A code card as PDF: a whole A4 page, or a card of 85.6 x 54 mm that is cut out and folded.

Index numbers run down the columns. The small card has its values on both sides, 112 on each: on
one side of that size they would be too small to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO

from reportlab.lib.colors import Color, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from . import fonts

CARD_WIDTH, CARD_HEIGHT = 85.6 * mm, 54 * mm
"""The size of a bank card (ISO/IEC 7810, ID-1)."""

_SHADE = Color(0.91, 0.94, 0.94)
_LINE = Color(0.45, 0.5, 0.5)


class Size(StrEnum):
    """The sizes that a code card is printed in."""

    A4 = "a4"
    WALLET = "wallet"


@dataclass(frozen=True)
class Words:
    """The words on the paper, in its reader's language."""

    title: str
    how: str
    keep: str
    cut: str
    valid: str = ""


@dataclass(frozen=True)
class Grid:
    """What is printed: the values in the order of their index numbers, from 1."""

    serial: str
    user: str
    values: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class _Shape:
    """A block of columns; sizes in points, `index` and `value` are font sizes."""

    left: float
    top: float
    column: float
    row: float
    rows: int
    index: float
    value: float


def draw(grid: Grid, words: Words, size: Size) -> bytes:
    """Return the PDF."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setTitle(f"{words.title} {grid.serial}")
    canvas.setAuthor("Challng")
    if size is Size.A4:
        _page(canvas, grid, words)
    else:
        _wallet(canvas, grid, words)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(canvas: Canvas, grid: Grid, words: Words) -> None:
    width, height = A4
    left, top = 15 * mm, height - 18 * mm
    _write(canvas, left, top, words.title, 20, fonts.BOLD)
    told = f"{grid.serial}  {grid.user}"
    room = width / 2
    _write(canvas, width - left, top, told, 12, fonts.BOLD, right=True, room=room)
    _write(canvas, left, top - 8 * mm, words.how, 10)
    _write(canvas, left, top - 13 * mm, words.valid or words.keep, 10)
    rows = 28
    _columns(
        canvas,
        list(enumerate(grid.values, 1)),
        _Shape(left, top - 20 * mm, (width - 2 * left) / 8, 8.2 * mm, rows, 9, 13),
    )
    if words.valid:
        _write(canvas, left, 12 * mm, words.keep, 9)


def _wallet(canvas: Canvas, grid: Grid, words: Words) -> None:
    width, height = A4
    left = (width - CARD_WIDTH) / 2
    fold = height / 2
    _write(canvas, left, fold + CARD_HEIGHT + 14 * mm, words.cut, 10)
    numbered = list(enumerate(grid.values, 1))
    half = len(numbered) // 2
    for bottom, part in ((fold, numbered[:half]), (fold - CARD_HEIGHT, numbered[half:])):
        _side(canvas, left, bottom, grid, words, part)
    _marks(canvas, left, fold)


def _side(
    canvas: Canvas,
    left: float,
    bottom: float,
    grid: Grid,
    words: Words,
    part: Sequence[tuple[int, str]],
) -> None:
    top = bottom + CARD_HEIGHT - 4 * mm
    inner = 2.4 * mm
    _write(canvas, left + inner, top, words.title, 7, fonts.BOLD)
    told = f"{grid.serial}  {grid.user}"
    room = CARD_WIDTH * 0.6
    _write(canvas, left + CARD_WIDTH - inner, top, told, 6.5, fonts.BOLD, right=True, room=room)
    rows = len(part) // 8
    _columns(
        canvas,
        part,
        _Shape(
            left + inner,
            top - 1.6 * mm,
            (CARD_WIDTH - 2 * inner) / 8,
            3.15 * mm,
            rows,
            5.4,
            7.4,
        ),
    )
    if words.valid:
        _write(canvas, left + inner, bottom + 1.6 * mm, words.valid, 5)


def _columns(canvas: Canvas, part: Sequence[tuple[int, str]], shape: _Shape) -> None:
    for at in range(0, shape.rows, 2):
        canvas.setFillColor(_SHADE)
        columns = -(-len(part) // shape.rows)
        bottom = shape.top - (at + 1) * shape.row
        canvas.rect(shape.left, bottom, columns * shape.column, shape.row, stroke=0, fill=1)
    canvas.setFillColor(black)
    gap = shape.value * 0.28
    index_width = shape.index * 1.75
    for at, (index, value) in enumerate(part):
        column, row = divmod(at, shape.rows)
        x = shape.left + column * shape.column + index_width
        y = shape.top - (row + 1) * shape.row + (shape.row - shape.value * 0.62) / 2
        canvas.setFont(fonts.PLAIN, shape.index)
        canvas.drawRightString(x, y, str(index))
        canvas.setFont(fonts.FIXED, shape.value)
        canvas.drawString(x + gap, y, value)


def _marks(canvas: Canvas, left: float, fold: float) -> None:
    """Draw cut marks at the corners of both sides, and the line to fold along."""
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.4)
    right, low, high = left + CARD_WIDTH, fold - CARD_HEIGHT, fold + CARD_HEIGHT
    near, far = 1.5 * mm, 7 * mm
    for x, outwards in ((left, -1), (right, 1)):
        for y in (low, high):
            canvas.line(x + outwards * near, y, x + outwards * far, y)
        canvas.line(x, low - near, x, low - far)
        canvas.line(x, high + near, x, high + far)
    canvas.setDash(2, 2)
    canvas.line(left - far, fold, right + far, fold)
    canvas.setDash()


def _write(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    size: float,
    font: str = fonts.PLAIN,
    *,
    right: bool = False,
    room: float | None = None,
) -> None:
    font = fonts.font_for(text, font)
    taken = canvas.stringWidth(text, font, size)
    if room is not None and taken > room:
        size *= room / taken
    canvas.setFillColor(black)
    canvas.setFont(font, size)
    if right:
        canvas.drawRightString(x, y, text)
    else:
        canvas.drawString(x, y, text)
