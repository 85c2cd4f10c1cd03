"""The roles: customers, and who works at the desk."""

from __future__ import annotations

from enum import StrEnum, auto


class Role(StrEnum):
    """What a user is; `customer` is everybody else's."""

    CUSTOMER = "customer"
    SUPPORT = "support"
    COMPLIANCE = "compliance"
    LOGISTICS = "logistics"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Duty(StrEnum):
    """What a page or call of the desk asks for."""

    FIND_USERS = auto()
    CHECK_IDENTITY = auto()
    ISSUE_TEMPORARY_CODES = auto()
    UNLOCK_DEVICES = auto()
    DECIDE_SHARES = auto()
    SHIP = auto()
    RECEIVE_RETURNS = auto()
    READ_AUDIT = auto()
    CHANGE_ACCOUNTS = auto()
    MANAGE_APPLICATIONS = auto()


DUTIES: dict[Role, frozenset[Duty]] = {
    Role.CUSTOMER: frozenset(),
    Role.SUPPORT: frozenset(
        {
            Duty.FIND_USERS,
            Duty.CHECK_IDENTITY,
            Duty.ISSUE_TEMPORARY_CODES,
            Duty.UNLOCK_DEVICES,
        }
    ),
    Role.COMPLIANCE: frozenset({Duty.FIND_USERS, Duty.DECIDE_SHARES}),
    Role.LOGISTICS: frozenset({Duty.SHIP, Duty.RECEIVE_RETURNS}),
    Role.AUDITOR: frozenset({Duty.READ_AUDIT}),
    Role.ADMIN: frozenset(Duty),
}
