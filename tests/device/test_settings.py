"""card.toml: what it may say, and how a wrong one is refused."""

from pathlib import Path

import pytest

from device.errors import SettingsError
from device.rules import Rules
from device.settings import load, parse
from drivers.settings import GaugeSettings

EXAMPLE = Path(__file__).parents[2] / "device" / "card.toml"


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "card.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_the_example_says_the_defaults() -> None:
    assert load(EXAMPLE) == parse({}, "defaults")


def test_the_example_names_every_key_and_explains_it() -> None:
    lines = EXAMPLE.read_text().splitlines()
    assert sum(" = " in line and not line.startswith("#") for line in lines) == 26
    for number, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            above = [one for one in lines[max(0, number - 3) : number] if one.startswith("#")]
            assert above, f"{line!r} has no explanation above it"


def test_a_key_left_out_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text('[card]\nidle_seconds = 45\n[display]\nsize = "128x32"\n')
    settings = load(path)
    assert settings.rules == Rules(idle=45.0)
    assert (settings.board.display.height, settings.board.press_pin) == (32, 26)


def test_a_pad_of_three_columns(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text('[keypad]\ncolumns = [12, 16, 20]\nkeys = ["123", "456", "789", "*0#"]\n')
    assert load(path).board.pad.keys == ("123", "456", "789", "*0#")


def test_a_halt_request_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text('[power]\nhalt_request = "/run/challng/halt"\n')
    assert load(path).halt_request == Path("/run/challng/halt")
    assert parse({}, "defaults").halt_request is None


def test_a_pairing_port_is_a_path_and_there_is_none_unless_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text('[cable]\nport = "/dev/ttyGS0"\n')
    assert load(path).board.cable == "/dev/ttyGS0"
    assert parse({}, "defaults").board.cable == ""
    path.write_text('[cable]\nport = "ttyGS0"\n')
    with pytest.raises(SettingsError, match=r"cable\.port: expected an absolute path"):
        load(path)


def test_press_wakes_the_pi_on_gpio_3_with_display_and_gauge_on_another_bus(
    tmp_path: Path,
) -> None:
    path = tmp_path / "card.toml"
    path.write_text('[display]\nbus = 3\n[press]\npin = 3\n[battery]\ngauge = "pisugar"\nbus = 3\n')
    board = load(path).board
    assert (board.press_pin, board.gauge) == (3, GaugeSettings("pisugar", 3))


def test_without_a_gauge_its_bus_takes_no_pins(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("[display]\nbus = 3\n[press]\npin = 3\n")
    assert load(path).board.gauge is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[screen]",
            "screen: expected one of the sections keypad, press, display, card, power, battery",
        ),
        ("keypad = 3", "keypad: expected a section, [keypad], got 3"),
        ("[card]\npin = 4", "card.pin: expected one of the keys pin_length, idle_seconds"),
        ("[card]\npin_length = 3", "card.pin_length: expected a whole number from 4 to 8, got 3"),
        ("[card]\npin_length = 4.0", "card.pin_length: expected a whole number from 4 to 8"),
        ("[card]\npin_length = true", "card.pin_length: expected a whole number from 4 to 8"),
        ("[card]\nidle_seconds = 1", "card.idle_seconds: expected seconds from 5 to 600, got 1"),
        ("[card]\nidle_seconds = nan", "card.idle_seconds: expected seconds from 5 to 600"),
        ("[press]\npin = 40", "press.pin: expected a BCM pin number from 0 to 27, got 40"),
        ("[press]\npin = '26'", "press.pin: expected a BCM pin number from 0 to 27, got '26'"),
        ("[press]\nactive_low = 1", "press.active_low: expected true or false, got 1"),
        ("[press]\npin = 5", "press.pin: expected a pin that is free of keypad.rows, got 5"),
        ("[press]\npin = 3", "press.pin: expected a pin that is free of the display's bus 1"),
        ("[keypad]\nrows = [5, 6, 13, 12]", "keypad.columns: expected a pin that is free of"),
        ("[keypad]\nrows = [5, 5, 13, 19]", "keypad.rows: expected a pin that is free of"),
        ("[keypad]\nrows = [5, 6]", "keypad.keys: expected 2 strings, one per row"),
        ("[keypad]\nrows = []", "keypad.rows: expected a list of BCM pin numbers"),
        ("[keypad]\ncolumns = [12, 16, 20]", "keypad.keys: expected 3 keys in each row"),
        ('[keypad]\nkeys = ["123A", "456B", "789C", "*0#E"]', "keypad.keys: expected only 0-9"),
        ('[keypad]\nkeys = ["123A", "456B", "789C", "*1#D"]', "keypad.keys: expected only 0-9"),
        ("[press]\nblank_seconds = 0.4", "press.blank_seconds: expected more than press.open"),
        ("[press]\nhalt_seconds = 3", "press.halt_seconds: expected more than press.blank"),
        ('[display]\ndriver = "ssd1309"', 'display.driver: expected "ssd1306" or "sh1106"'),
        ('[display]\nsize = "64x48"', 'display.size: expected "128x64" or "128x32", got \'64x48\''),
        ("[display]\nrotate = 90", "display.rotate: expected 0 or 180, got 90"),
        ("[display]\naddress = 0x80", "display.address: expected an I2C address from 0x08"),
        ("[display]\ndim_contrast = -1", "display.dim_contrast: expected a whole number from 0"),
        ("[display]\ndim_seconds = 0", "display.dim_seconds: expected seconds from 1 to 600"),
        ("[display]\ncontrast = 256", "display.contrast: expected a whole number from 0 to 255"),
        ('[power]\nhalt_request = "halt"', "power.halt_request: expected an absolute path"),
        ('[battery]\ngauge = "lipo"', "battery.gauge: expected none, max17048 or pisugar, got"),
        ("[battery]\nwarn_percent = 5", "battery.warn_percent: expected more than battery.crit"),
        ("[battery]\ncritical_percent = 60", "battery.critical_percent: expected percent from 0"),
        (
            '[display]\nbus = 3\n[press]\npin = 3\n[battery]\ngauge = "max17048"',
            "press.pin: expected a pin that is free of the fuel gauge's bus 1, got 3",
        ),
        ("[card", "expected TOML, got: "),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_what_is_allowed(
    tmp_path: Path, text: str, sentence: str
) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith(sentence)
    assert "\n" not in message


def test_a_long_wrong_value_is_shown_shortened(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, f'[display]\ndriver = "{"x" * 5000}"')) < 200


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.toml")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_bytes(b"\xff\xfe[card]")
    with pytest.raises(SettingsError, match="UTF-8"):
        load(path)
