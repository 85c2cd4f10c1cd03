"""The kinds of device that can stand behind a login, and how they rank."""

from __future__ import annotations

from enum import StrEnum


class DeviceKind(StrEnum):
    """What authenticated a session; the value stands in answers and in the database."""

    NONE = "none"
    CARD = "card"
    MOBILE_KEY = "mobile_key"
    CODE_CARD = "code_card"
    ONLINE_CODE_CARD = "online_code_card"
    TEMPORARY_CODE = "temporary_code"

    @property
    def temporary(self) -> bool:
        """Whether it bridges the time until a permanent device works."""
        return self in _TEMPORARY


_TEMPORARY = frozenset({DeviceKind.ONLINE_CODE_CARD, DeviceKind.TEMPORARY_CODE})

PROTECTION = (
    DeviceKind.CARD,
    DeviceKind.MOBILE_KEY,
    DeviceKind.CODE_CARD,
    DeviceKind.ONLINE_CODE_CARD,
    DeviceKind.TEMPORARY_CODE,
)
"""From the highest protection down; the temporary ones rank below all others."""
