"""Pairing's part of the state machine, event by event."""

import pytest

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
    Stage,
)
from device.rules import Rules
from device.state import (
    CLEAR,
    OK,
    Effect,
    Event,
    Failed,
    Halt,
    KeyPressed,
    KeyReleased,
    Offer,
    Opened,
    Phase,
    State,
    Tick,
    step,
)

PAIRS = State(rules=Rules(pairing=True))
DOWN, UP = KeyPressed(OK), KeyReleased(OK)
NUMBER = NumberAgreed("304975", "B", True)


def run(*events: Event, start: State = PAIRS, now: float = 0.0) -> tuple[State, list[Effect]]:
    state, done = start, []
    for event in events:
        state, effects = step(state, event, now)
        done += effects
    return state, done


def at(stage: Stage) -> State:
    """A card whose pairing has come this far, at time 0."""
    events: dict[Stage, list[Event]] = {
        Stage.OFFERED: [PressHeld(), Opened((Offer("A", 6),)), DOWN, OkHeld(), UP],
        Stage.CONNECTED: [Connected()],
        Stage.COMPARING: [NUMBER],
        Stage.WAITING: [DOWN, OkHeld(), UP],
        Stage.PAIRED: [KeyLoaded("CH00000013", "B")],
    }
    state = PAIRS
    for each in Stage:
        state, _ = run(*events[each], start=state)
        if each is stage:
            break
    assert state.pairing is not None
    assert state.pairing.stage is stage
    return state


EVERY = pytest.mark.parametrize("stage", Stage)
UNDER_WAY = pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.PAIRED])


def test_the_gesture_begins_it() -> None:
    state, effects = run(PressHeld(), Opened((Offer("A", 6),)), DOWN, OkHeld())
    assert state.phase is Phase.PAIRING
    assert effects[-1] == BeginPairing()


def test_no_hold_means_anything_that_was_not_pressed_here() -> None:
    here = run(PressHeld(), Opened((Offer("A", 6),)))[0]
    assert run(OkHeld(), start=here) == (here, [])
    for between in (UP, KeyPressed("7"), KeyPressed("A"), PressHeld(), PressLongHeld()):
        _, effects = run(DOWN, between, OkHeld(), start=here)
        assert BeginPairing() not in effects


def test_only_a_card_with_a_cable_pairs() -> None:
    state, effects = run(PressHeld(), Opened((Offer("A", 6),)), DOWN, OkHeld(), start=State())
    assert state.phase is Phase.PIN
    assert BeginPairing() not in effects


def test_consent_is_asked_for_once() -> None:
    state, effects = run(DOWN, OkHeld(), start=at(Stage.COMPARING))
    assert effects == [Consent()]
    assert run(UP, DOWN, OkHeld(), start=state)[1] == []


def test_a_finger_from_before_the_number_agrees_to_nothing() -> None:
    held, _ = run(DOWN, start=at(Stage.CONNECTED))
    assert run(NUMBER, OkHeld(), start=held)[1] == []


@EVERY
@pytest.mark.parametrize("event", [KeyPressed(CLEAR), PressLongHeld(), PressHaltHeld()])
def test_it_ends_from_anywhere(event: Event, stage: Stage) -> None:
    state, effects = run(event, start=at(stage))
    assert state == PAIRS
    assert effects[0] == EndPairing()
    assert (Halt() in effects) is (event == PressHaltHeld())


@EVERY
def test_a_press_starts_over(stage: Stage) -> None:
    state, effects = run(PressHeld(), start=at(stage))
    assert state.phase is Phase.PIN
    assert effects[0] == EndPairing()


@UNDER_WAY
def test_every_fault_ends_it(stage: Stage) -> None:
    state, effects = run(Failed(Fault.CABLE_CUT), start=at(stage))
    assert (state.phase, state.fault) == (Phase.FAULT, Fault.CABLE_CUT)
    assert effects == [EndPairing()]


@pytest.mark.parametrize(
    ("stage", "seconds"),
    [(Stage.OFFERED, 60), (Stage.CONNECTED, 10), (Stage.COMPARING, 60), (Stage.WAITING, 60)],
)
def test_its_time_is_counted_and_no_key_lengthens_it(stage: Stage, seconds: float) -> None:
    state = at(stage)
    for key in "7A5":
        state, _ = run(KeyPressed(key), Tick(), start=state, now=seconds - 0.1)
    assert state.phase is Phase.PAIRING
    state, effects = run(Tick(), start=state, now=seconds)
    assert state.fault is Fault.PAIRING_TIME
    assert effects == [EndPairing(timed_out=True)]


@pytest.mark.parametrize("stage", [Stage.OFFERED, Stage.CONNECTED])
def test_each_second_is_due_once_whatever_the_clock_says(stage: Stage) -> None:
    state = at(stage)
    assert state.pairing is not None
    for _ in range(state.pairing.left - 1):
        left, due = state.pairing.left, state.due
        assert due is not None
        state, _ = run(Tick(), start=state, now=due)
        assert state.pairing is not None
        assert state.pairing.left == left - 1
    assert state.due == state.deadline


@pytest.mark.parametrize("stage", [Stage.COMPARING, Stage.WAITING])
def test_who_waits_for_a_person_is_due_at_the_end_alone(stage: Stage) -> None:
    assert at(stage).due == 60


def test_a_computer_that_only_looked_leaves_the_card_dark() -> None:
    assert run(Looked(), start=at(Stage.CONNECTED)) == (PAIRS, [EndPairing()])


def test_what_comes_over_the_cable_means_nothing_outside_of_pairing() -> None:
    for event in (Connected(), NUMBER, KeyLoaded("CH00000013", "A"), Looked(), OkHeld()):
        assert run(event) == (PAIRS, [])


@EVERY
def test_nothing_secret_is_in_any_repr(stage: Stage) -> None:
    assert "304975" not in repr(at(stage))
    assert "304975" not in repr(NUMBER)
