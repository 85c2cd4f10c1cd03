"""Plain words for the states that pages show, keys of the catalogues."""

from __future__ import annotations

from enum import StrEnum

from ..accounts.roles import Role
from ..states.device import DeviceState
from ..states.share import ShareState
from ..words import N_

_WORDS: dict[StrEnum, str] = {
    DeviceState.PENDING: N_("being set up"),
    DeviceState.INACTIVE: N_("on its way, not activated yet"),
    DeviceState.ACTIVE: N_("in use"),
    DeviceState.SUSPENDED: N_("suspended: lost, stolen or broken"),
    DeviceState.SET_ASIDE: N_("rests while a shared device is used"),
    DeviceState.REVOKED: N_("ended"),
}
_SHARE_WORDS: dict[StrEnum, str] = {
    ShareState.PROVED: N_("Not submitted yet"),
    ShareState.PENDING: N_("Pending: compliance looks at it"),
    ShareState.ACTIVE: N_("Approved"),
    ShareState.REJECTED: N_("Rejected"),
    ShareState.CANCELLED: N_("Cancelled"),
}
_ROLE_WORDS: dict[StrEnum, str] = {
    Role.CUSTOMER: N_("customer"),
    Role.SUPPORT: N_("support"),
    Role.COMPLIANCE: N_("compliance"),
    Role.LOGISTICS: N_("logistics"),
    Role.AUDITOR: N_("auditor"),
    Role.ADMIN: N_("administrator"),
}


def words_of(state: DeviceState | ShareState | Role) -> str:
    """Return what a state or a role is called on pages."""
    if isinstance(state, ShareState):
        return _SHARE_WORDS[state]
    return _ROLE_WORDS[state] if isinstance(state, Role) else _WORDS[state]
