"""What a card may be wired as, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.errors import DriverError, SettingError
from drivers.settings import BoardSettings, DisplaySettings, PadLayout
from tests.drivers.rig import PAD_3X4, PAD_4X4

ROWS, COLUMNS, KEYS = PAD_4X4.rows, PAD_4X4.columns, PAD_4X4.keys


@pytest.mark.parametrize(
    ("pad", "words"),
    [
        (((), (), ()), "at least one row pin"),
        ((ROWS, COLUMNS, KEYS[:3]), "4 row pins needs as many rows of keys, not 3"),
        ((ROWS, COLUMNS, ("123", *KEYS[1:])), "needs 4 keys, one per column pin: '123'"),
        (((5, 6, 13, 28), COLUMNS, KEYS), "from 0 to 27, not 28"),
        (((5, 6, 13, 12), COLUMNS, KEYS), "GPIO 12 is used twice"),
        ((ROWS, COLUMNS, ("1233", *KEYS[1:])), "once: 3 is there again"),
    ],
)
def test_a_pad_that_cannot_be_is_refused(pad: Any, words: str) -> None:
    with pytest.raises(SettingError, match=words) as told:
        PadLayout(*pad)
    assert isinstance(told.value, ValueError)
    assert isinstance(told.value, DriverError)


@pytest.mark.parametrize(
    ("display", "words"),
    [
        ({"driver": "ssd1309"}, "ssd1306 or sh1106, not 'ssd1309'"),
        ({"height": 48}, "128x64 or 128x32, not 128x48"),
        ({"bus": -1}, "not -1"),
        ({"address": 0x80}, "0x80"),
        ({"contrast": 256}, "0 to 255, not 256"),
        ({"rotate": 90}, "0 or 180 degrees, not 90"),
    ],
)
def test_a_display_that_cannot_be_is_refused(display: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        DisplaySettings(**display)


def test_the_press_button_needs_a_pin_of_its_own() -> None:
    with pytest.raises(SettingError, match="GPIO 5 is used twice"):
        BoardSettings(PAD_4X4, press_pin=5)


def test_a_key_is_where_its_row_and_column_cross() -> None:
    assert PAD_3X4.crossing("8") == (13, 16)
    for key in ("A", "", "12"):
        with pytest.raises(SettingError, match="there is no key"):
            PAD_3X4.crossing(key)
