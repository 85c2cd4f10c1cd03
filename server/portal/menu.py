"""The menu of signed-in pages: where each lies, and who sees it."""

from __future__ import annotations

from dataclasses import dataclass

from ..accounts.roles import DUTIES, Duty, Role
from ..login.access import RIGHTS, Access, Right
from ..login.sessions import Session
from ..words import N_


@dataclass(frozen=True)
class Entry:
    """One line; with a `duty` it is the desk's, with `customers` theirs alone."""

    path: str
    words: str
    right: Right = Right.SESSION
    duty: Duty | None = None
    customers: bool = False


MENU = (
    Entry("/", N_("Overview")),
    Entry("/devices", N_("Devices"), Right.DEVICES),
    Entry("/online-code-card", N_("Online code card"), Right.ONLINE_CODE_CARD),
    Entry("/cards/request", N_("Request a card"), Right.DEVICES, customers=True),
    Entry("/desk/orders", N_("Orders"), duty=Duty.SHIP),
    Entry("/desk/returns", N_("Returns"), duty=Duty.RECEIVE_RETURNS),
    Entry("/settings", N_("Settings")),
    Entry("/documents", N_("Documents"), Right.DOCUMENTS),
    Entry("/desk/find", N_("Find a user"), duty=Duty.FIND_USERS),
    Entry("/desk/shares", N_("Shares"), duty=Duty.DECIDE_SHARES),
    Entry("/desk/applications", N_("Applications"), duty=Duty.MANAGE_APPLICATIONS),
    Entry("/desk/audit", N_("Audit log"), duty=Duty.READ_AUDIT),
)


def entries(session: Session) -> list[Entry]:
    """Return the lines that a session's access and role open."""
    return [
        entry
        for entry in MENU
        if entry.right in RIGHTS[session.access]
        and (session.role is Role.CUSTOMER or not entry.customers)
        and (
            entry.duty is None
            or (entry.duty in DUTIES[session.role] and session.access is Access.FULL)
        )
    ]
