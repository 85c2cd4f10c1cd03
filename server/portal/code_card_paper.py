"""A code card's PDF in the reader's language."""

from __future__ import annotations

from starlette.responses import Response

from .. import language
from ..factors.kinds import DeviceKind
from ..lifecycle.code_cards import Printable
from ..paper import code_card
from ..paper.code_card import Grid, Size, Words
from ..words import N_

_TITLES = {
    DeviceKind.CODE_CARD: N_("Code card"),
    DeviceKind.ONLINE_CODE_CARD: N_("Online code card"),
}


def response(printable: Printable, size: Size) -> Response:
    """Return the PDF as an answer that a browser shows, and keeps nowhere."""
    name = f"{printable.device.serial}-{size}.pdf"
    return Response(
        pdf(printable, size),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def pdf(printable: Printable, size: Size) -> bytes:
    """Return the PDF."""
    said = language.gettext
    device = printable.device
    valid = ""
    if device.valid_until is not None:
        valid = said("Valid until %(when)s.") % {"when": language.moment(device.valid_until)}
    words = Words(
        title=said(_TITLES[device.kind]),
        how=said("The login page asks for two index numbers: type their values, 6 characters."),
        keep=said("Keep it apart from your password. Shred it when you need it no more."),
        cut=said("Cut along the marks, then fold along the dashed line."),
        valid=valid,
    )
    return code_card.draw(Grid(device.serial, device.owner, printable.values), words, size)
