"""Access levels: one enum, one place that decides, one table of what each may do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, auto

from ..factors.kinds import DeviceKind


class Access(StrEnum):
    """What a session may do."""

    FULL = "full"
    PORTAL_ONLY = "portal_only"
    """The portal alone, so that a first device can be set up; no application lets it in."""
    ONLINE_CODE_CARD_ONLY = "online_code_card_only"
    """The portal, and there only to print or save the online code card."""
    RESTRICTED = "restricted"
    """Opted out: the password alone, with the account's restrictions."""
    READ_ONLY = "read_only"
    """A closed account: its documents, to view and print."""


class Right(StrEnum):
    """What a page or a call asks for."""

    SESSION = auto()
    """To see who is logged in, choose a language, and log out."""
    APPLICATIONS = auto()
    DOCUMENTS = auto()
    DEVICES = auto()
    """To see one's devices, request, activate and return them."""
    ONLINE_CODE_CARD = auto()
    """To get an online code card."""
    SECURITY = auto()
    """To share, opt out, change the PIN."""
    LOST_CARDS = auto()
    """To report a card that is lost in the post: never by the password alone."""
    OPT_IN = auto()
    CONFIRM = auto()
    """To see and confirm what applications ask about: with a device alone."""


RIGHTS: dict[Access, frozenset[Right]] = {
    Access.FULL: frozenset(Right),
    Access.PORTAL_ONLY: frozenset({Right.SESSION, Right.DEVICES, Right.SECURITY}),
    Access.ONLINE_CODE_CARD_ONLY: frozenset({Right.SESSION, Right.ONLINE_CODE_CARD}),
    Access.RESTRICTED: frozenset(
        {Right.SESSION, Right.APPLICATIONS, Right.DOCUMENTS, Right.OPT_IN}
    ),
    Access.READ_ONLY: frozenset({Right.SESSION, Right.DOCUMENTS}),
}


def decide(
    *,
    closed: bool,
    opted_out: bool,
    kind: DeviceKind,
    limited_from: datetime | None,
    now: datetime,
) -> Access:
    """Return what a session may do at `now`; asked anew whenever a session is looked at.

    `closed`: the account is; `kind`: what proved the login; `limited_from`: from then on that
    device opens just the way to the online code card.
    """
    if closed:
        return Access.READ_ONLY
    if opted_out:
        return Access.RESTRICTED
    if kind is DeviceKind.NONE:
        return Access.PORTAL_ONLY
    if limited_from is not None and now >= limited_from:
        return Access.ONLINE_CODE_CARD_ONLY
    return Access.FULL
