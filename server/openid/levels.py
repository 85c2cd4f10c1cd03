"""What a login is worth to an application: `acr` in five steps, `amr` by the words of RFC 8176.

A level is asked for as "at least this". None of them resists phishing of what is typed; the
documentation says what each comes to in NIST SP 800-63B.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from ..factors.kinds import DeviceKind


class Level(StrEnum):
    """The value of `acr`, from the weakest to the strongest."""

    PASSWORD = "urn:challng:pwd"  # noqa: S105
    TEMPORARY = "urn:challng:temporary"
    CODE = "urn:challng:code"
    MOBILE = "urn:challng:mobile"
    CARD = "urn:challng:card"

    @property
    def rank(self) -> int:
        """Its place in the order, the weakest 0."""
        return list(Level).index(self)


OF_KIND: dict[DeviceKind, Level] = {
    DeviceKind.NONE: Level.PASSWORD,
    DeviceKind.TEMPORARY_CODE: Level.TEMPORARY,
    DeviceKind.SMS_CODE: Level.CODE,
    DeviceKind.ONLINE_CODE_CARD: Level.CODE,
    DeviceKind.CODE_CARD: Level.CODE,
    DeviceKind.MOBILE_KEY: Level.MOBILE,
    DeviceKind.CARD: Level.CARD,
}

_METHODS: dict[DeviceKind, tuple[str, ...]] = {
    DeviceKind.NONE: ("pwd",),
    DeviceKind.TEMPORARY_CODE: ("pwd", "otp"),
    DeviceKind.SMS_CODE: ("pwd", "sms"),
    DeviceKind.ONLINE_CODE_CARD: ("pwd", "otp"),
    DeviceKind.CODE_CARD: ("pwd", "otp"),
    DeviceKind.CARD: ("pwd", "otp", "hwk"),
}


def methods(
    kind: DeviceKind, element: str | None = None, *, hardware: bool = False
) -> tuple[str, ...]:
    """Return `amr` for what proved a session.

    For a mobile key, `element` is `pin` or `webauthn`: of the latter the platform tells that it
    has verified its user, and not how. `hardware`: the key is attested, and was never copied.
    """
    if kind is not DeviceKind.MOBILE_KEY:
        return _METHODS[kind]
    return ("pwd", "hwk" if hardware else "swk", "pin" if element == "pin" else "user")


def known(values: Sequence[str]) -> tuple[Level, ...]:
    """Return the levels among what was asked for; other values are none of ours."""
    return tuple(Level(value) for value in values if value in set(Level))


def suffices(level: Level, wanted: Sequence[Level]) -> bool:
    """Tell whether a level is at least one of those wanted; nothing wanted is always met."""
    return not wanted or level.rank >= min(each.rank for each in wanted)


def kinds_for(wanted: Sequence[Level]) -> tuple[DeviceKind, ...]:
    """Return the kinds of device that suffice, the highest protection first."""
    met = [kind for kind in OF_KIND if kind is not DeviceKind.NONE]
    met = [kind for kind in met if suffices(OF_KIND[kind], wanted)]
    return tuple(sorted(met, key=lambda kind: -OF_KIND[kind].rank))
