"""What comes after an online code card is active: four ways on, as far as this verifier has them.

Request a new device, reactivate the old one, go on with the online code card for now, or move to
the mobile key. The last is there where the verifier knows that kind of device.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..factors.kinds import DeviceKind
from ..lifecycle import overview
from ..lifecycle.devices import Device
from ..lifecycle.overview import Action, Line
from ..login.access import RIGHTS, Right
from ..states.device import DeviceState
from ..verifier import Verifier
from ..words import N_
from .devices import can_request, exists, page_of
from .shell import Visit


@dataclass(frozen=True)
class Option:
    """One way on: where it leads, if it has a page; its words, and the device that it is about."""

    path: str | None
    words: str
    why: str
    device: Device | None = None


_REQUEST = Option(
    "/cards/request",
    N_("Request a new device"),
    N_("A new card comes by post. The online code card works until you activate the new one."),
)
_KEEP = Option(
    "/",
    N_("Keep using the online code card for now"),
    N_("Decide later, before it ends. After that only the support desk can help."),
)
_MOBILE_KEY = Option(
    "/mobile-key",
    N_("Switch to the mobile key"),
    N_("Your phone approves logins. It works at once; no post is needed."),
)
_REACTIVATE = N_("Reactivate your %(kind)s")
_USE_AGAIN = N_("Use your %(kind)s again")
_STILL_ACTIVE = N_(
    "It was not suspended. As soon as you have it again, log in with it, and end the online code "
    "card on this page."
)
_FOUND = N_("It turned up again: answer its challenge. The online code card ends then.")


def options(verifier: Verifier, visit: Visit) -> list[Option]:
    """Return the ways on for a visitor."""
    rights = RIGHTS[visit.session.access]
    if Right.DEVICES not in rights:
        return []
    with verifier.database.reading() as connection:
        lines = overview.lines(connection, visit.session.user_id, rights, verifier.clock.now())
    found = [each for line in lines if (each := _back_to(line)) is not None]
    has_mobile_key = DeviceKind.MOBILE_KEY in verifier.factors
    request = [_REQUEST] if can_request(verifier, visit.session) else []
    offered = [*request, *found, _KEEP, *([_MOBILE_KEY] if has_mobile_key else [])]
    return [each for each in offered if each.path is None or exists(visit.request, each.path)]


def _back_to(line: Line) -> Option | None:
    """Return the way back to a permanent device: reactivate it, or just use it again."""
    device = line.device
    if Action.REACTIVATE in line.actions:
        return Option(page_of(device, Action.REACTIVATE), _REACTIVATE, _FOUND, device)
    if device.state is DeviceState.ACTIVE and not device.kind.temporary and not device.locked:
        return Option(None, _USE_AGAIN, _STILL_ACTIVE, device)
    return None
