"""Time, injected: nothing else in the verifier asks the operating system what time it is."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from datetime import UTC, datetime


class Clock(ABC):
    """What the verifier knows of time."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass without holding a thread."""


class SystemClock(Clock):
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


def written(moment: datetime) -> str:
    """Return a moment as it stands in answers: ISO 8601, UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
