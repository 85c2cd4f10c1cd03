"""What the steps of a self-test saw. Nothing here judges; what was not looked at is None."""

from dataclasses import dataclass, field
from enum import Enum

from device.faults import Fault
from drivers.battery import Reading
from drivers.bus_scan import BusLook
from drivers.probe import Look


class Glass(Enum):
    """What became of the picture on the glass."""

    NO_ANSWER = "the display could not be set up"
    DROPPED_OUT = "it stopped answering on the way"
    WHOLE = "somebody saw the frame, whole"
    WRONG = "somebody saw something else"
    NOT_SEEN = "nobody saw it"


class Pins(Enum):
    """Whether the pins could be opened."""

    OPEN = "open"
    NO_LIBRARY = "the library is missing"
    REFUSED = "the system refused them"


@dataclass(frozen=True)
class StoreTrouble:
    """What one slot, or the whole store, answered instead of a key."""

    fault: Fault
    message: str


@dataclass(frozen=True)
class BatteryLook:
    """What the fuel gauge said, or in `error` why it said nothing."""

    reading: Reading | None
    error: str = ""


@dataclass(frozen=True)
class RandomLook:
    """Whether the system gives random bytes without waiting, and has a hardware source."""

    ready: bool
    hardware: bool


@dataclass
class Observations:
    """Everything that was seen, filled in step by step."""

    bus: BusLook | None = None
    glass: Glass | None = None
    pins: Pins | None = None
    pins_said: str = ""
    rest: Look | None = None
    keys: dict[str, Look] = field(default_factory=dict)
    press: Look | None = None
    battery: BatteryLook | None = None
    store: list[StoreTrouble] = field(default_factory=list)
    random: RandomLook | None = None
