"""Pairing's part of the state machine: its stages, how long each lasts, what it asks for.

    OFFERED -> CONNECTED -> COMPARING -> WAITING -> PAIRED, and a fault in the place of any of them

As pure as `device.state`, which leads here from the gesture and out of here again. The key is
never in it: it goes from the cable's other side of the loop into the store.
"""

import math
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from protocol.pairing.times import COMPARE, OFFERED, STEP

# A second begins anew this much before its time, so that a rounded clock cannot ask for it twice.
_ROUNDING = 1e-6


class Stage(Enum):
    """How far pairing has come."""

    OFFERED = auto()
    CONNECTED = auto()
    COMPARING = auto()
    WAITING = auto()
    PAIRED = auto()


@dataclass(frozen=True)
class Pairing:
    """What the glass needs to know of a pairing; `left` counts its seconds down."""

    stage: Stage
    until: float
    last: float
    left: int = 0
    number: str = field(default="", repr=False)
    slot: str = ""
    replaces: bool = False
    serial: str = ""

    @property
    def due(self) -> float | None:
        """When another second is to be shown."""
        return self.until - self.left + 1 if self.left else None


@dataclass(frozen=True)
class OkHeld:
    """OK was held, alone, for long enough to mean it."""


@dataclass(frozen=True)
class Connected:
    """A message of the computer's came that makes sense."""


@dataclass(frozen=True)
class NumberAgreed:
    """The six digits for person and glass, and what is to be loaded where."""

    number: str = field(repr=False)
    slot: str
    replaces: bool


@dataclass(frozen=True)
class KeyLoaded:
    """The key is in the store, and the computer was told."""

    serial: str
    slot: str


@dataclass(frozen=True)
class Looked:
    """The computer has seen which keys the card has, and wanted nothing else."""


PairingEvent = Connected | NumberAgreed | KeyLoaded | Looked


@dataclass(frozen=True)
class BeginPairing:
    """Listen to the cable from now on."""


@dataclass(frozen=True)
class Consent:
    """The owner of the card agrees to the number: tell the computer."""


@dataclass(frozen=True)
class EndPairing:
    """Tell the computer, forget everything of it, and listen no more."""

    timed_out: bool = False


PairingEffect = BeginPairing | Consent | EndPairing


def begin(now: float) -> Pairing:
    """What the gesture begins."""
    return ticked(Pairing(Stage.OFFERED, until=now + OFFERED, last=now + OFFERED), now)


def after(pairing: Pairing, event: Connected | NumberAgreed | KeyLoaded, now: float) -> Pairing:
    """The pairing after what came over the cable; the loop says it in the order of the stages."""
    match event:
        case Connected():
            # However often it speaks, it has to come to the point.
            until = min(now + STEP, pairing.last + STEP)
            return ticked(replace(pairing, stage=Stage.CONNECTED, until=until), now)
        case NumberAgreed(number, slot, replaces):
            return Pairing(Stage.COMPARING, now + COMPARE, pairing.last, 0, number, slot, replaces)
        case KeyLoaded(serial, slot):
            return Pairing(Stage.PAIRED, now, pairing.last, slot=slot, serial=serial)


def consented(pairing: Pairing, now: float) -> Pairing:
    """The pairing once its owner agreed to the number, which stays for the person to compare."""
    return replace(pairing, stage=Stage.WAITING, until=now + COMPARE)


def ticked(pairing: Pairing, now: float) -> Pairing:
    """The pairing with the seconds that are left, where they are shown."""
    if pairing.stage not in (Stage.OFFERED, Stage.CONNECTED):
        return pairing
    return replace(pairing, left=max(1, math.ceil(pairing.until - now - _ROUNDING)))
