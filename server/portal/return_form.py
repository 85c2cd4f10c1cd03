"""The form that goes back with a card, as PDF: its serial in bars, where to, and how to pack it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, HRFlowable, Paragraph, SimpleDocTemplate, Spacer
from starlette.responses import Response

from .. import language
from ..errors import NotThere
from ..lifecycle.returns import WORDS, CardReturn
from ..login.sessions import Session
from ..regions import Region
from ..verifier import Verifier
from ..words import N_

_WIDE = "MSung-Light"  # one of the fonts that every reader of PDF has for Chinese
_TITLE = N_("Return of a card")
_PACK = (
    N_("Put this sheet and the card into a padded envelope."),
    N_("Cut off the address below, and stick it on the envelope."),
    N_("Post it tracked, and keep the number until the card shows in your account."),
)
_NO_FORM = N_("Choose where the card goes first.")


def return_form(verifier: Verifier, session: Session, device_id: str) -> Response:
    """Return the form of an announced return; raises NotThere before it is announced."""
    _, announced = verifier.returns.look(session, device_id)
    if announced is None:
        raise NotThere(_NO_FORM)
    region = verifier.settings.return_regions[announced.region]
    content = pdf(announced, region, verifier.settings.return_business_days)
    name = f"return-{announced.serial}.pdf"
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def pdf(announced: CardReturn, region: Region, days: tuple[int, int]) -> bytes:
    """Draw the form in the current language."""
    say = language.gettext
    shows = say(N_("It shows in your account %(soonest)s to %(latest)s business days later."))
    lines = [say(line) for line in _PACK]
    lines.append(shows % {"soonest": days[0], "latest": days[1]})
    facts = (
        (say(N_("Card")), announced.serial),
        (say(N_("User")), announced.user),
        (say(N_("Reason")), say(WORDS[announced.why])),
        (say(N_("Questions about the post")), f"{region.phone}, {region.contact}"),
    )
    story: list[Flowable] = [
        _text(say(_TITLE), 18),
        Spacer(1, 6 * mm),
        Code128(announced.serial, barHeight=16 * mm, barWidth=0.45 * mm),
        _text(announced.serial, 12),
        Spacer(1, 4 * mm),
        *(_text(f"{name}: {value}", 11) for name, value in facts),
        Spacer(1, 6 * mm),
        *(_text(f"{number}. {line}", 11) for number, line in enumerate(lines, 1)),
        Spacer(1, 12 * mm),
        HRFlowable(width="100%", dash=(3, 3)),
        Spacer(1, 12 * mm),
        *_address(region.address),
    ]
    buffer = io.BytesIO()
    SimpleDocTemplate(
        buffer,
        pagesize=A4,
        title=say(_TITLE),
        invariant=1,
        leftMargin=25 * mm,
        rightMargin=25 * mm,
        topMargin=22 * mm,
        bottomMargin=22 * mm,
    ).build(story)
    return buffer.getvalue()


def _address(lines: Sequence[str]) -> list[Flowable]:
    return [_text(line, 15) for line in map(language.gettext, lines)]


def _text(text: str, size: int) -> Paragraph:
    style = ParagraphStyle(
        f"size-{size}", fontName=_font_for(text), fontSize=size, leading=size * 1.45
    )
    return Paragraph(escape(text), style)


def _font_for(text: str) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        if _WIDE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(_WIDE))
        return _WIDE
    return "Helvetica"
