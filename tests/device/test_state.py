"""The state machine, event by event."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.faults import Fault
from device.hold import PressHaltHeld, PressHeld, PressLongHeld
from device.state import (
    CLEAR,
    OK,
    Compute,
    Computed,
    Effect,
    Event,
    Failed,
    Halt,
    KeyPressed,
    Offer,
    Open,
    Opened,
    Phase,
    State,
    Tick,
    step,
)

ONE = (Offer("A", 6),)
TWO = (Offer("A", 6), Offer("C", 8))


def after(
    *events: Event | str, offers: tuple[Offer, ...] = ONE, start: State | None = None
) -> State:
    """The state after `events` at time 0; a string is keys, `Open` is answered with `offers`."""
    state, _ = run(*events, offers=offers, start=start)
    return state


def run(
    *events: Event | str, offers: tuple[Offer, ...] = ONE, start: State | None = None
) -> tuple[State, list[Effect]]:
    state = start or State()
    done: list[Effect] = []
    queue: list[Event] = []
    for event in events:
        queue += [KeyPressed(key) for key in event] if isinstance(event, str) else [event]
    while queue:
        state, effects = step(state, queue.pop(0), 0.0)
        done += effects
        queue[:0] = [Opened(offers) for effect in effects if isinstance(effect, Open)]
    return state, done


def test_off_only_press_acts() -> None:
    assert after("123#*ABCD") == State()
    assert after(PressHeld()).phase is Phase.PIN


def test_a_whole_login() -> None:
    state, effects = run(PressHeld(), "7305#", "248690#")
    assert state.phase is Phase.RESPONSE
    assert effects == [Open(), Compute("A", "7305", "248690")]
    state = after(Computed("12345678"), start=state)
    assert state.response == "12345678"
    assert after(CLEAR, start=state) == State()


@pytest.mark.parametrize("keys", ["", "7", "730"])
def test_ok_acts_only_on_a_full_pin(keys: str) -> None:
    assert after(PressHeld(), keys + OK) == after(PressHeld(), keys)


@pytest.mark.parametrize("keys", ["", "1", "24869"])
def test_ok_acts_only_on_a_full_challenge(keys: str) -> None:
    state, effects = run(PressHeld(), "7305#", keys + OK)
    assert state.phase is Phase.CHALLENGE
    assert effects == [Open()]


def test_extra_digits_are_ignored() -> None:
    assert after(PressHeld(), "73059").pin == "7305"
    assert after(PressHeld(), "7305#2486901").challenge == "248690"


def test_clear_takes_back_the_last_digit() -> None:
    assert after(PressHeld(), "73*").pin == "7"
    assert after(PressHeld(), "7305#24*").challenge == "2"


def test_clear_on_an_empty_field_goes_off() -> None:
    assert after(PressHeld(), "*") == State()
    assert after(PressHeld(), "7305#*") == State()


def test_any_four_digits_are_taken_as_a_pin() -> None:
    for pin in ("0000", "9999", "1234"):
        assert after(PressHeld(), pin + OK).phase is Phase.CHALLENGE


@pytest.mark.parametrize(
    "keys", ["", "73", "7305#", "7305#24", "7305#248690#"], ids=lambda keys: keys or "PIN"
)
def test_a_long_hold_blanks_from_anywhere_and_forgets(keys: str) -> None:
    state, effects = run(PressHeld(), keys, Computed("12345678"), PressLongHeld())
    assert state == State()
    assert not any(isinstance(effect, Halt) for effect in effects)


def test_the_longest_hold_asks_for_a_halt_and_forgets() -> None:
    state, effects = run(PressHeld(), "7305#24", PressHaltHeld())
    assert state == State()
    assert effects[-1] == Halt()


def test_a_hold_starts_over_from_any_screen() -> None:
    for keys in ("73", "7305#24", "7305#248690#"):
        assert after(PressHeld(), keys, Computed("12345678"), PressHeld()) == after(PressHeld())


def test_thirty_seconds_without_a_key_and_the_card_is_off() -> None:
    state = after(PressHeld(), "73")
    assert step(state, Tick(), 29.9)[0].phase is Phase.PIN
    assert step(state, Tick(), 30.0)[0] == State()


def test_ten_seconds_without_a_key_and_the_glass_is_dimmed_until_the_next() -> None:
    state = after(PressHeld(), "73")
    assert step(state, Tick(), 9.9)[0] == state
    dimmed, _ = step(state, Tick(), 10.0)
    assert (dimmed.dimmed, dimmed.bright_until, dimmed.pin) == (True, None, "73")
    assert step(dimmed, Tick(), 29.9)[0] == dimmed
    typed, _ = step(dimmed, KeyPressed("0"), 12.0)
    assert (typed.dimmed, typed.bright_until, typed.pin) == (False, 22.0, "730")


@pytest.mark.parametrize("event", [Computed("12345678"), Failed(Fault.NO_KEY), PressHeld()])
def test_whatever_comes_up_comes_up_bright(event: Event) -> None:
    waiting, _ = step(after(PressHeld(), "7305#248690#"), Tick(), 15.0)
    assert waiting.dimmed
    assert not step(waiting, event, 16.0)[0].dimmed


def test_each_key_counts_the_thirty_seconds_anew() -> None:
    state, _ = step(after(PressHeld()), KeyPressed("7"), 20.0)
    assert state.deadline == 50.0


def test_a_response_stays_for_sixty_seconds() -> None:
    state, _ = step(after(PressHeld(), "7305#248690#"), Computed("12345678"), 5.0)
    assert step(state, Tick(), 64.9)[0].response == "12345678"
    assert step(state, Tick(), 65.0)[0] == State()


def test_pin_and_challenge_are_forgotten_once_they_are_handed_on() -> None:
    state = after(PressHeld(), "7305#248690#")
    assert (state.pin, state.challenge) == ("", "")


def test_a_failure_shows_its_code_and_no_response() -> None:
    state = after(PressHeld(), "7305#248690#", Failed(Fault.COUNTER_NOT_WRITTEN))
    assert (state.phase, state.fault) == (Phase.FAULT, Fault.COUNTER_NOT_WRITTEN)
    assert after(Computed("12345678"), start=state).response == ""
    for key in (OK, CLEAR):
        assert after(key, start=state) == State()


def test_a_response_that_comes_too_late_is_not_shown() -> None:
    gone = after(PressHeld(), "7305#248690#", PressLongHeld())
    assert after(Computed("12345678"), start=gone) == State()


def test_an_empty_store_is_named() -> None:
    assert after(PressHeld(), offers=()).fault is Fault.NO_KEY


def test_one_slot_is_chosen_by_itself_and_letters_do_nothing() -> None:
    state = after(PressHeld())
    assert state.slot == "A"
    assert after("C", start=state).slot == "A"


def test_a_letter_chooses_among_loaded_slots() -> None:
    assert after(PressHeld(), "C", offers=TWO).slot == "C"
    assert after(PressHeld(), "B", offers=TWO).slot == "A"


def test_a_slot_is_chosen_only_before_the_first_digit() -> None:
    assert after(PressHeld(), "7C", offers=TWO).slot == "A"
    assert after(PressHeld(), "7*C", offers=TWO).slot == "C"
    assert after(PressHeld(), "7305#C", offers=TWO).slot == "A"


def test_each_slot_has_its_own_challenge_length() -> None:
    state, effects = run(PressHeld(), "C7305#", "12345678#", offers=TWO)
    assert effects[-1] == Compute("C", "7305", "12345678")
    assert state.slot == "C"


def test_a_slot_out_of_use_does_not_stop_the_others() -> None:
    offers = (Offer("A", fault=Fault.STORE_DAMAGED), Offer("B", 6))
    assert after(PressHeld(), offers=offers).slot == "B"
    assert after(PressHeld(), "A", offers=offers).fault is Fault.STORE_DAMAGED
    assert after(PressHeld(), offers=offers[:1]).fault is Fault.STORE_DAMAGED


def test_nothing_secret_is_in_a_repr() -> None:
    state, effects = run(PressHeld(), "7305#")
    shown = repr(state)
    state, effects = run("248690#", start=state)
    shown += repr(effects) + repr(state)
    shown += repr(after(Computed("12345678"), start=state)) + repr(Computed("12345678"))
    shown += repr(KeyPressed("7305"))
    for secret in ("7305", "248690", "12345678"):
        assert secret not in shown


EVENTS = st.one_of(
    st.sampled_from("0123456789#*ABCD").map(KeyPressed),
    st.sampled_from([PressHeld(), PressLongHeld(), PressHaltHeld(), Tick()]),
    st.sampled_from([Opened(ONE), Opened(TWO), Opened(())]),
    st.sampled_from([Computed("12345678"), Failed(Fault.COUNTER_NOT_WRITTEN)]),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(EVENTS, st.floats(0, 40)), max_size=40))
def test_whatever_happens_the_card_holds_no_secret_that_its_screen_does_not_need(
    story: list[tuple[Event, float]],
) -> None:
    state, now = State(), 0.0
    computing = 0
    for event, seconds in story:
        now += seconds
        state, effects = step(state, event, now)
        computing += sum(isinstance(effect, Compute) for effect in effects)
        assert (state.deadline is None) == (state.phase is Phase.OFF)
        assert state.phase in (Phase.PIN, Phase.CHALLENGE) or not state.pin
        assert state.phase is Phase.CHALLENGE or not state.challenge
        assert state.phase is Phase.RESPONSE or not state.response
        assert computing or not state.response
        if state.phase is Phase.OFF:
            assert state == State()
