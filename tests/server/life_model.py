"""A small model of two user names of one person and all their devices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.factors.kinds import DeviceKind
from server.login.access import Access

ORDER = (DeviceKind.CARD, DeviceKind.CODE_CARD)


@dataclass
class Device:
    """One device; times as the domain's rules give them."""

    kind: DeviceKind
    state: str
    used: bool = True
    auto_at: datetime | None = None
    limited_from: datetime | None = None
    until: datetime | None = None

    def at(self, now: datetime) -> str:
        if self.until is not None and now >= self.until:
            return "revoked"
        if self.state == "inactive" and self.auto_at is not None and now >= self.auto_at:
            return "active"
        return self.state

    @property
    def temporary(self) -> bool:
        return self.kind in {DeviceKind.ONLINE_CODE_CARD, DeviceKind.TEMPORARY_CODE}


@dataclass
class Person:
    """One user name; `borrowed` is another's device that is shared with it."""

    devices: dict[str, Device] = field(default_factory=dict)
    borrowed: str | None = None
    ever_borrowed: bool = False
    opted_out: bool = False
    coded_at: datetime | None = None
    """When the last temporary code was issued with no permanent device in use since."""

    def with_state(self, now: datetime, *states: str) -> list[str]:
        return [name for name, each in self.devices.items() if each.at(now) in states]

    def temporary(self, now: datetime) -> list[str]:
        return [name for name in self.with_state(now, "active") if self.devices[name].temporary]

    def had_device(self, now: datetime) -> bool:
        return self.ever_borrowed or any(
            each.used or (each.auto_at is not None and now >= each.auto_at)
            for each in self.devices.values()
        )

    def permanent_works(self, now: datetime) -> None:
        """A permanent device has answered, so another temporary code may follow one day."""
        self.coded_at = None

    def may_get_a_code(self, now: datetime) -> bool:
        if self.coded_at is None:
            return True
        return any(
            each.auto_at is not None and self.coded_at < each.auto_at <= now
            for each in self.devices.values()
            if each.at(now) != "revoked" or each.used
        )

    def end_temporary(self) -> None:
        for each in self.devices.values():
            if each.temporary:
                each.state = "revoked"

    def access_by(self, device: Device | None, closed: bool, now: datetime) -> Access:
        if closed:
            return Access.READ_ONLY
        if self.opted_out:
            return Access.RESTRICTED
        if device is None:
            return Access.PORTAL_ONLY
        if device.limited_from is not None and now >= device.limited_from:
            return Access.ONLINE_CODE_CARD_ONLY
        return Access.FULL


def temporary_code(now: datetime) -> Device:
    return Device(
        DeviceKind.TEMPORARY_CODE,
        "active",
        limited_from=now + timedelta(days=2),
        until=now + timedelta(days=12),
    )
