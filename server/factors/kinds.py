"""The kinds of device that can stand behind a login, and how they rank."""

from __future__ import annotations

from enum import StrEnum

from ..words import N_


class DeviceKind(StrEnum):
    """What authenticated a session; the value stands in answers and in the database."""

    NONE = "none"
    CARD = "card"
    MOBILE_KEY = "mobile_key"
    CODE_CARD = "code_card"
    ONLINE_CODE_CARD = "online_code_card"
    TEMPORARY_CODE = "temporary_code"
    SMS_CODE = "sms_code"

    @property
    def words(self) -> str:
        """What it is called on pages, a key of the catalogues."""
        return _WORDS[self]

    @property
    def temporary(self) -> bool:
        """Whether it bridges the time until a permanent device works."""
        return self in TEMPORARY


_WORDS = {
    DeviceKind.NONE: N_("password alone"),
    DeviceKind.CARD: N_("card"),
    DeviceKind.MOBILE_KEY: N_("mobile key"),
    DeviceKind.CODE_CARD: N_("code card"),
    DeviceKind.ONLINE_CODE_CARD: N_("online code card"),
    DeviceKind.TEMPORARY_CODE: N_("temporary code"),
    DeviceKind.SMS_CODE: N_("SMS code"),
}
TEMPORARY = frozenset({DeviceKind.ONLINE_CODE_CARD, DeviceKind.TEMPORARY_CODE, DeviceKind.SMS_CODE})
"""The kinds that bridge the time until a permanent device works."""

PROTECTION = (
    DeviceKind.CARD,
    DeviceKind.MOBILE_KEY,
    DeviceKind.CODE_CARD,
    DeviceKind.ONLINE_CODE_CARD,
    DeviceKind.SMS_CODE,
    DeviceKind.TEMPORARY_CODE,
)
"""From the highest protection down; the temporary ones rank below all others."""
