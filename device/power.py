"""The battery's policy: when it is low, when no login starts any more; and the watch over a gauge.

`judge` is pure. `BatteryWatch` asks the gauge once a minute and whenever a login is to start, and
without a gauge does nothing at all.
"""

import logging
from dataclasses import dataclass
from enum import Enum

from drivers.battery import Gauge, Reading
from drivers.errors import BatteryError

_log = logging.getLogger("challng.card")

#: Seconds between two looks at the gauge.
PERIOD = 60.0
# Least percent for four, three, two and one bar of the mark.
_BARS = ((80, "█"), (55, "▆"), (30, "▄"), (10, "▂"), (0, "▯"))
#: The mark of a battery that is being charged.
CHARGING = "ϟ"


class Level(Enum):
    """How much is left, as far as the card acts on it."""

    UNKNOWN = "unknown"
    GOOD = "good"
    LOW = "low"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Limits:
    """Percent: a warning under `warn`, no login under `critical`.

    A level is left again only `hysteresis` above where it was entered.
    """

    warn: int = 20
    critical: int = 5
    hysteresis: int = 3


@dataclass(frozen=True)
class Battery:
    """What the card knows of its battery: a level, and the mark for the glass ('' for none)."""

    level: Level = Level.UNKNOWN
    mark: str = ""


#: A card without a gauge, or with one that does not answer.
UNKNOWN = Battery()


def judge(before: Battery, reading: Reading, limits: Limits) -> Battery:
    """The battery after `reading`. One that is being charged is low, but never critical."""
    critical, warn = limits.critical, limits.warn
    if before.level is Level.CRITICAL:
        critical += limits.hysteresis
    if before.level in (Level.LOW, Level.CRITICAL):
        warn += limits.hysteresis
    if reading.percent < critical and not reading.charging:
        level = Level.CRITICAL
    elif reading.percent < warn:
        level = Level.LOW
    else:
        level = Level.GOOD
    bars = next((mark for least, mark in _BARS if reading.percent >= least), _BARS[-1][1])
    return Battery(level, CHARGING if reading.charging else bars)


class BatteryWatch:
    """Looks at a gauge now and then; a gauge that does not answer leaves the battery unknown."""

    def __init__(self, gauge: Gauge | None, limits: Limits) -> None:
        self._gauge = gauge
        self._limits = limits
        self._battery = UNKNOWN
        self._next: float | None = None if gauge is None else 0.0
        self._answered = True

    def due(self) -> float | None:
        """When `look` wants to be called; None without a gauge."""
        return self._next

    def look(self, now: float, *, at_once: bool = False) -> Battery | None:
        """What the gauge says, if it is time to ask it or `at_once`; None: nothing was asked."""
        if self._gauge is None or self._next is None or (now < self._next and not at_once):
            return None
        self._next = now + PERIOD
        try:
            self._battery = judge(self._battery, self._gauge.read(), self._limits)
            self._answered = True
        except BatteryError as error:
            if self._answered:
                _log.error("%s", error)
            # A loose wire must not take the card away from its owner.
            self._battery, self._answered = UNKNOWN, False
        return self._battery
