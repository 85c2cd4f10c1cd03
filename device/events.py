"""What goes into the state machine, and what comes out of it: events and effects."""

from dataclasses import dataclass, field

from device.faults import Fault
from device.hold import PressHaltHeld, PressHeld, PressLongHeld
from device.pairing_state import OkHeld, PairingEffect, PairingEvent
from device.power import Battery


@dataclass(frozen=True)
class Offer:
    """A loaded slot: how long its challenge is, or why it cannot be used."""

    slot: str
    challenge_length: int = 0
    fault: Fault | None = None


@dataclass(frozen=True)
class KeyPressed:
    """One key of the pad went down: a digit, `OK`, `CLEAR`, or a letter."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class KeyReleased:
    """The key that was pressed last went up, or another one went down beside it."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class Opened:
    """The store was looked into."""

    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class Computed:
    """The response, whose counter is durable already."""

    response: str = field(repr=False)


@dataclass(frozen=True)
class Failed:
    """What was asked for could not be done, or something is wrong at power-on."""

    fault: Fault


@dataclass(frozen=True)
class BatteryRead:
    """The fuel gauge was asked."""

    battery: Battery


@dataclass(frozen=True)
class Tick:
    """Time went by."""


Event = (
    KeyPressed
    | KeyReleased
    | OkHeld
    | PairingEvent
    | PressHeld
    | PressLongHeld
    | PressHaltHeld
    | Opened
    | Computed
    | Failed
    | BatteryRead
    | Tick
)


@dataclass(frozen=True)
class Open:
    """Look into the store; `Opened` or `Failed` follows."""


@dataclass(frozen=True)
class Compute:
    """Advance the slot's counter, then compute; `Computed` or `Failed` follows."""

    slot: str
    pin: str = field(repr=False)
    challenge: str = field(repr=False)


@dataclass(frozen=True)
class Halt:
    """Ask for the computer to be halted."""


Effect = Open | Compute | Halt | PairingEffect
