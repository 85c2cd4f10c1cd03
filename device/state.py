"""What the card does: one frozen state and one pure function, `step(state, event, now)`.

    OFF -> PIN -> CHALLENGE -> RESPONSE -> OFF, and FAULT in the place of any of them
    PIN or FAULT -> PAIRING, by OK held where it would do nothing (device.pairing_state)

The clock, the store and the computation are outside: time comes in as `now` (seconds), everything
else as events; what is to be done comes out as effects. Nothing secret is in any `repr`.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, auto

from device.events import (
    BatteryRead,
    Compute,
    Computed,
    Effect,
    Event,
    Failed,
    Halt,
    KeyPressed,
    KeyReleased,
    Offer,
    Open,
    Opened,
    Tick,
)
from device.faults import Fault
from device.hold import PressHaltHeld, PressHeld, PressLongHeld
from device.pairing_state import (
    BeginPairing,
    Connected,
    Consent,
    EndPairing,
    KeyLoaded,
    Looked,
    NumberAgreed,
    OkHeld,
    Pairing,
    PairingEvent,
    Stage,
    after,
    begin,
    consented,
    ticked,
)
from device.power import UNKNOWN, Battery, Level
from device.rules import Rules

__all__ = [
    "CLEAR",
    "OK",
    "BatteryRead",
    "Compute",
    "Computed",
    "Effect",
    "Event",
    "Failed",
    "Halt",
    "KeyPressed",
    "KeyReleased",
    "Offer",
    "Open",
    "Opened",
    "Phase",
    "State",
    "Tick",
    "step",
]

OK = "#"
CLEAR = "*"
_DIGITS = frozenset("0123456789")


class Phase(Enum):
    """Which screen is up."""

    OFF = auto()
    PIN = auto()
    CHALLENGE = auto()
    RESPONSE = auto()
    FAULT = auto()
    PAIRING = auto()


@dataclass(frozen=True)
class State:
    """Everything the card knows between two events."""

    rules: Rules = field(default_factory=Rules)
    phase: Phase = Phase.OFF
    deadline: float | None = None
    bright_until: float | None = None
    dimmed: bool = False
    offers: tuple[Offer, ...] = ()
    slot: str = ""
    pin: str = field(default="", repr=False)
    challenge: str = field(default="", repr=False)
    response: str = field(default="", repr=False)
    fault: Fault | None = None
    battery: Battery = UNKNOWN
    pairing: Pairing | None = None
    ok_down: bool = False  # OK went down on this very screen, and holding it means something

    @property
    def spent(self) -> bool:
        """Whether the battery is too empty to start a login."""
        return self.battery.level is Level.CRITICAL

    @property
    def offer(self) -> Offer | None:
        """The chosen slot; None until the store was looked into."""
        return next((offer for offer in self.offers if offer.slot == self.slot), None)

    @property
    def due(self) -> float | None:
        """When a `Tick` changes something."""
        times = (self.deadline, self.bright_until, self.pairing.due if self.pairing else None)
        return min((time for time in times if time is not None), default=None)

    @property
    def waits_for_hold(self) -> bool:
        """Whether OK, held on this screen, begins pairing or agrees to its number."""
        if self.pairing is not None:
            return self.pairing.stage is Stage.COMPARING
        blank = self.phase is Phase.PIN and not self.pin
        return self.rules.pairing and (blank or self.fault is Fault.NO_KEY)

    @property
    def full(self) -> bool:
        """Whether the field on the glass has all its digits."""
        if self.phase is Phase.PIN:
            return len(self.pin) == self.rules.pin_length
        if self.phase is Phase.CHALLENGE and self.offer is not None:
            return len(self.challenge) == self.offer.challenge_length
        return False


Step = tuple[State, tuple[Effect, ...]]


def step(state: State, event: Event, now: float) -> Step:
    """The state after `event` at `now`, and what is to be done about it.

    Whatever leads out of a pairing ends it. A card that goes dark with its battery spent asks for a
    halt: nothing can be done with it.
    """
    following, effects = _step(state, event, now)
    if state.phase is Phase.PAIRING and following.phase is not Phase.PAIRING:
        effects = (EndPairing(timed_out=following.fault is Fault.PAIRING_TIME), *effects)
    darkened = following.phase is Phase.OFF and state.phase is not Phase.OFF
    if darkened and following.spent and Halt() not in effects:
        return following, (*effects, Halt())
    return following, effects


def _step(state: State, event: Event, now: float) -> Step:
    match event:
        case Tick():
            return _ticked(state, now), ()
        case PressLongHeld():
            return _off(state), ()
        case PressHaltHeld():
            return _off(state), (Halt(),)
        case PressHeld() if state.spent:
            return _failed(state, Fault.BATTERY, now), ()
        case PressHeld():
            return _lit(replace(_off(state), phase=Phase.PIN), state.rules.idle, now), (Open(),)
        case Opened(offers):
            return _opened(state, offers, now), ()
        case Computed(response):
            if state.phase is not Phase.RESPONSE or state.response:
                return state, ()
            return _lit(replace(state, response=response), state.rules.response, now), ()
        case Failed(fault):
            return _failed(state, fault, now), ()
        case BatteryRead(battery):
            return _battery(state, battery, now)
        case KeyPressed(key):
            pressed, effects = _key(state, key, now)
            # Nothing that OK did, and no other key: then a hold of it may mean something.
            holds = key == OK and pressed.phase is state.phase and state.waits_for_hold
            return replace(pressed, ok_down=holds), effects
        case KeyReleased(key):
            closes = key == OK and state.ok_down and state.phase is Phase.FAULT
            return _off(state) if closes else replace(state, ok_down=False), ()
        case OkHeld():
            return _held(state, now)
        case _:
            return _paired(state, event, now), ()


def _ticked(state: State, now: float) -> State:
    if state.deadline is not None and now >= state.deadline:
        if state.pairing is not None and state.pairing.stage is not Stage.PAIRED:
            return _failed(state, Fault.PAIRING_TIME, now)
        return _off(state)
    if state.pairing is not None:
        state = replace(state, pairing=ticked(state.pairing, now))
    return _dimmed(state, now)


def _held(state: State, now: float) -> Step:
    """OK was held; it counts if it went down where a hold of it means something."""
    if not state.ok_down or not state.waits_for_hold:
        return state, ()
    if state.pairing is not None:
        return _pairing(state, consented(state.pairing, now)), (Consent(),)
    return _pairing(state, begin(now)), (BeginPairing(),)


def _pairing(state: State, pairing: Pairing) -> State:
    """A stage of pairing, bright until its time is over."""
    return replace(_off(state), phase=Phase.PAIRING, pairing=pairing, deadline=pairing.until)


def _paired(state: State, event: PairingEvent, now: float) -> State:
    if state.pairing is None:
        return state
    match event:
        case Looked():
            return _off(state)
        case KeyLoaded():
            done = _pairing(state, after(state.pairing, event, now))
            return _lit(done, state.rules.idle, now)
        case Connected() | NumberAgreed():
            return _pairing(state, after(state.pairing, event, now))


def _off(state: State) -> State:
    return State(rules=state.rules, battery=state.battery)


def _battery(state: State, battery: Battery, now: float) -> Step:
    """A login that has begun goes on; a dark card says that it is spent, then asks for a halt."""
    after = replace(state, battery=battery)
    if not after.spent or after.phase is not Phase.OFF:
        return after, ()
    if state.spent:
        return after, (Halt(),)
    return _failed(after, Fault.BATTERY, now), ()


def _failed(state: State, fault: Fault, now: float) -> State:
    return _lit(replace(_off(state), phase=Phase.FAULT, fault=fault), state.rules.idle, now)


def _lit(state: State, seconds: float, now: float) -> State:
    """Bright from `now` on, dimmed after a while without a key, off after `seconds`."""
    until = now + state.rules.dim
    return replace(state, deadline=now + seconds, bright_until=until, dimmed=False)


def _dimmed(state: State, now: float) -> State:
    if state.bright_until is None or now < state.bright_until:
        return state
    return replace(state, bright_until=None, dimmed=True)


def _opened(state: State, offers: tuple[Offer, ...], now: float) -> State:
    if state.phase is not Phase.PIN:
        return state
    if not offers:
        return _failed(state, Fault.NO_KEY, now)
    usable = [offer for offer in offers if offer.fault is None]
    if not usable:
        return _failed(state, offers[0].fault or Fault.NO_KEY, now)
    return replace(state, offers=offers, slot=usable[0].slot)


def _key(state: State, key: str, now: float) -> Step:
    if state.phase is Phase.OFF:
        return state, ()
    if state.pairing is not None:
        return _pairing_key(state, state.pairing, key), ()
    seconds = state.rules.response if state.phase is Phase.RESPONSE else state.rules.idle
    state = _lit(state, seconds, now)
    match state.phase:
        case Phase.PIN:
            return _pin_key(state, key, now), ()
        case Phase.CHALLENGE:
            return _challenge_key(state, key, now)
        case Phase.FAULT if key == OK and state.waits_for_hold:
            return state, ()  # a short OK closes it on the way up, a long one begins pairing
        case Phase.FAULT if key in (OK, CLEAR):
            return _off(state), ()
        case Phase.RESPONSE if key == CLEAR:
            return _off(state), ()
    return state, ()


def _pairing_key(state: State, pairing: Pairing, key: str) -> State:
    """No key makes a pairing last longer; CLEAR ends it."""
    ends = key == CLEAR or (key == OK and pairing.stage is Stage.PAIRED)
    return _off(state) if ends else state


def _pin_key(state: State, key: str, now: float) -> State:
    if key in _DIGITS:
        return state if state.full else replace(state, pin=state.pin + key)
    if key == CLEAR:
        return replace(state, pin=state.pin[:-1]) if state.pin else _off(state)
    if key == OK and state.full and state.offer is not None:
        return replace(state, phase=Phase.CHALLENGE)
    if not state.pin and len(state.offers) > 1:
        for offer in state.offers:
            if offer.slot == key:
                if offer.fault is not None:
                    return _failed(state, offer.fault, now)
                return replace(state, slot=key)
    return state


def _challenge_key(state: State, key: str, now: float) -> Step:
    if key in _DIGITS:
        return (state if state.full else replace(state, challenge=state.challenge + key)), ()
    if key == CLEAR:
        if not state.challenge:
            return _off(state), ()
        return replace(state, challenge=state.challenge[:-1]), ()
    if key == OK and state.full:
        compute = Compute(state.slot, state.pin, state.challenge)
        # PIN and challenge go on in the effect alone.
        waiting = replace(state, phase=Phase.RESPONSE, pin="", challenge="")
        waiting = _lit(waiting, state.rules.response, now)
        return waiting, (compute,)
    return state, ()
