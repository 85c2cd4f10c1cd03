"""Serial numbers of cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import serial
from protocol.errors import SerialError

numbers = st.integers(0, 9_999_999)


@given(numbers)
def test_a_serial_is_ch_and_eight_digits_and_checks(number: int) -> None:
    made = serial.make(number)
    assert made[:2] == "CH"
    assert made[2:9] == f"{number:07}"
    assert serial.check(made) == made


@given(numbers, st.integers(2, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: int, place: int, shift: int) -> None:
    made = serial.make(number)
    wrong = made[:place] + str((int(made[place]) + shift) % 10) + made[place + 1 :]
    with pytest.raises(SerialError, match="check digit"):
        serial.check(wrong)


@given(numbers, st.integers(2, 8))
def test_two_swapped_neighbours_are_always_found(number: int, place: int) -> None:
    made = serial.make(number)
    swapped = made[:place] + made[place + 1] + made[place] + made[place + 2 :]
    if swapped == made:
        assert serial.check(swapped) == made
    else:
        with pytest.raises(SerialError, match="check digit"):
            serial.check(swapped)


def test_spaces_hyphens_and_small_letters_are_forgiven() -> None:
    made = serial.make(1234567)
    assert serial.check(f"ch {made[2:6]}-{made[6:]}") == made


@pytest.mark.parametrize("text", ["", "CH", "CH1234567", "CH123456789", "XX0000001", "CH０000001"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(SerialError, match="CH and 8 digits"):
        serial.check(text)


@pytest.mark.parametrize("number", [-1, 10_000_000])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(SerialError, match="0 to 9999999"):
        serial.make(number)


def test_drawn_serials_differ() -> None:
    assert len({serial.random() for _ in range(50)}) > 40
