"""What a session may move, by the kind of device that opened it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .factors.kinds import DeviceKind


class Limits(BaseModel):
    """What a session of one device kind may move, in USD; None is no limit."""

    model_config = ConfigDict(frozen=True)

    per_day: int | None = Field(default=None, ge=0)
    per_five_business_days: int | None = Field(default=None, ge=0)


def default_limits() -> dict[DeviceKind, Limits]:
    """Return the limits of the domain page, in USD."""
    return {
        DeviceKind.NONE: Limits(per_day=50_000, per_five_business_days=100_000),
        DeviceKind.CARD: Limits(),
        DeviceKind.MOBILE_KEY: Limits(per_day=1_000_000, per_five_business_days=1_000_000),
        DeviceKind.CODE_CARD: Limits(per_day=200_000, per_five_business_days=600_000),
        DeviceKind.ONLINE_CODE_CARD: Limits(per_day=200_000, per_five_business_days=600_000),
        DeviceKind.SMS_CODE: Limits(per_day=200_000, per_five_business_days=600_000),
        DeviceKind.TEMPORARY_CODE: Limits(per_day=50_000, per_five_business_days=100_000),
    }
