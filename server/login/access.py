"""Access levels: one enum, and the one place that decides."""

from __future__ import annotations

from enum import StrEnum

from ..factors.kinds import DeviceKind


class Access(StrEnum):
    """What a session may do."""

    FULL = "full"
    PORTAL_ONLY = "portal_only"
    """The portal alone, so that a device can be set up; no application lets it in."""


def access_by(kind: DeviceKind) -> Access:
    """Return the level that a session has whose login was proved by a device of this kind."""
    return Access.PORTAL_ONLY if kind is DeviceKind.NONE else Access.FULL
