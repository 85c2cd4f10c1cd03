"""The kinds of device that can stand behind a login."""

from __future__ import annotations

from enum import StrEnum


class DeviceKind(StrEnum):
    """What authenticated a session; the value stands in answers and in the database."""

    NONE = "none"
    CARD = "card"
