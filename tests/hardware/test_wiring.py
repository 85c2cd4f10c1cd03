"""The wiring pictures: what is drawn is what the firmware's settings say, and is no short."""

from functools import cache
from pathlib import Path

import pytest

from device.cli import main
from device.errors import SettingsError
from device.keystore import CardKey, FileKeyStore
from device.settings import load, parse
from drivers.header import HEADER_PINS
from hardware.wiring.__main__ import PAGE, PICTURES, page
from hardware.wiring.builds import BOOTH, BREADBOARD, BUILDS, CARD, Build
from hardware.wiring.drawing import PAINTS
from hardware.wiring.header import GPIO, GROUND, PINS, SUPPLY_3V3, SUPPLY_5V
from hardware.wiring.picture import picture
from protocol.ocra import DEFAULT_SUITE, response
from tests.hardware.drawn import Drawn

ROOT = Path(__file__).resolve().parents[2]
builds = pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)


def picture_file(build: Build) -> Path:
    return PICTURES / f"wiring-{build.name}.svg"


@cache
def drawn(build: Build) -> Drawn:
    return Drawn(picture_file(build))


def wanted(build: Build) -> dict[str, int]:
    """From each terminal that a GPIO goes to, to the GPIO, by the firmware's settings."""
    board = load(build.settings_file).board
    sda, scl = build.bus_pins(board.display.bus)
    found = {"display SDA": sda, "display SCL": scl, "press 1": board.press_pin}
    found |= {f"pad R{i}": gpio for i, gpio in enumerate(board.pad.rows, 1)}
    found |= {f"pad C{i}": gpio for i, gpio in enumerate(board.pad.columns, 1)}
    return found


@builds
def test_a_login_on_a_card_that_is_wired_so(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings file at the command line; keys and glass are simulated on its own pins."""
    store = FileKeyStore(tmp_path / "store")
    store.add("A", CardKey("CH00000018", DEFAULT_SUITE, bytes(32), 0, "Example"))
    script = tmp_path / "keys.txt"
    script.write_text("press\n7305\nok\n248690\nok\nshow\n")
    card = ["--config", str(build.settings_file), "--store", str(store.directory)]
    assert main([*card, "play", str(script)]) == 0
    right = response(DEFAULT_SUITE, bytes(32), question="248690", counter=0, pin="7305")
    *battery, shown = capsys.readouterr().out.splitlines()
    assert shown == f"{right[:4]} {right[4:]}"
    assert bool(battery) is (build == CARD)  # which has a gauge, so its mark stands above


@builds
def test_the_committed_picture_is_what_the_settings_make(build: Build) -> None:
    assert picture_file(build).read_text() == picture(build)


def test_the_page_has_the_wires_of_every_build() -> None:
    assert PAGE.read_text() == page(PAGE.read_text())


@builds
def test_the_header_is_drawn_as_it_is(build: Build) -> None:
    pins = {pin.number: pin.name for pin in drawn(build).pins}
    assert sorted(pins) == list(PINS)
    for gpio, number in HEADER_PINS.items():
        assert pins[number] == f"GPIO {gpio}"
    supplies = {"3.3 V": SUPPLY_3V3, "5 V": SUPPLY_5V, "Ground": GROUND}
    for name, numbers in supplies.items():
        assert [number for number in PINS if pins[number] == name] == list(numbers)


@builds
def test_every_gpio_of_the_settings_goes_where_they_say(build: Build) -> None:
    nets = drawn(build).nets()
    for terminal, gpio in wanted(build).items():
        pins = {int(name) for name in nets[terminal] if name.isdigit()}
        assert pins == {HEADER_PINS[gpio]}, terminal


@builds
def test_no_other_gpio_has_a_wire_and_no_pin_has_two(build: Build) -> None:
    starts = [
        pin.number for line in drawn(build).lines if (pin := drawn(build).pin_at(line.points[0]))
    ]
    assert len(starts) == len(set(starts))
    assert {GPIO[pin] for pin in starts if pin in GPIO} == set(wanted(build).values())


@builds
def test_the_end_of_a_wire_names_the_pin_of_its_start(build: Build) -> None:
    for terminal in drawn(build).terminals:
        assert terminal.name.endswith(terminal.words[0])
        for words in terminal.words:
            if words.startswith("pin "):
                assert words.removeprefix("pin ") in drawn(build).nets()[terminal.name]
    named = {t.name for t in drawn(build).terminals if any(w.startswith("pin ") for w in t.words)}
    assert set(wanted(build)) <= named


@builds
def test_a_wire_has_one_colour_and_its_pin_has_it_too(build: Build) -> None:
    for line in drawn(build).lines:
        pin = drawn(build).pin_at(line.points[0])
        if pin is not None:
            assert pin.color == line.color
    unused = {pin.color for pin in drawn(build).pins} - set(PAINTS.values())
    assert len(unused) == 1


@builds
def test_red_is_a_supply_black_is_ground_and_nothing_else_is(build: Build) -> None:
    for line in drawn(build).lines:
        kinds = {PAINTS["red"]: ("3V3", "CELL", "VBAT"), PAINTS["black"]: ("GND",)}
        nets = kinds.get(line.color, ())
        assert (line.net in nets) is bool(nets)
        assert (line.net in ("3V3", "CELL", "VBAT", "GND")) is bool(nets)


@builds
def test_display_and_keys_see_3_volts_only(build: Build) -> None:
    nets = drawn(build).nets()
    assert {int(name) for name in nets["display VCC"] if name.isdigit()} <= set(SUPPLY_3V3)
    assert {int(name) for name in nets["display GND"] if name.isdigit()} <= set(GROUND)
    at_5v = {name for pin in SUPPLY_5V for name in nets.get(str(pin), set())}
    assert at_5v <= {str(pin) for pin in SUPPLY_5V} | {"J3 5V"}
    assert bool(at_5v) is (build == CARD)


@builds
def test_rails_and_signals_are_not_joined(build: Build) -> None:
    for net in drawn(build).nets().values():
        pins = {int(name) for name in net if name.isdigit()}
        kinds = {
            "3" if pin in SUPPLY_3V3 else "5" if pin in SUPPLY_5V else "0" if pin in GROUND else pin
            for pin in pins
        }
        assert len(kinds) <= 1, net


@builds
def test_the_button_joins_its_pin_to_the_side_that_the_settings_say(build: Build) -> None:
    other = {int(name) for name in drawn(build).nets()["press 2"] if name.isdigit()}
    low = load(build.settings_file).board.press_active_low
    assert other <= set(GROUND if low else SUPPLY_3V3)
    assert other


@pytest.mark.parametrize("build", [BREADBOARD, BOOTH], ids=lambda build: build.name)
def test_bus_1_is_on_pins_3_and_5_at_the_speed_of_the_display(build: Build) -> None:
    assert load(build.settings_file).board.display.bus == 1
    assert [HEADER_PINS[gpio] for gpio in build.bus_pins(1)] == [3, 5]
    assert "dtparam=i2c_arm_baudrate=400000" in build.config()


def test_the_card_wakes_by_gpio_3_so_its_bus_is_elsewhere() -> None:
    board = load(CARD.settings_file).board
    assert board.press_pin == 3
    assert board.gauge is not None
    assert board.gauge.bus == board.display.bus != 1
    assert not any("i2c_arm=on" in line for line in CARD.config())
    overlay = f"dtoverlay=i2c-gpio,bus={board.display.bus},"
    (line,) = [line for line in CARD.config() if line.startswith(overlay)]
    assert line in (ROOT / "docs" / "power.md").read_text()
    nets = drawn(CARD).nets()
    assert nets["gauge SDA"] == nets["display SDA"]
    assert nets["gauge SCL"] == nets["display SCL"]
    assert "J2 +" in nets["gauge CELL"]


def test_the_firmware_refuses_a_press_on_gpio_3_beside_bus_1() -> None:
    with pytest.raises(SettingsError, match="a pin that is free of the display's bus 1"):
        parse({"press": {"pin": load(CARD.settings_file).board.press_pin}}, "test")


@builds
def test_what_is_left_out_of_a_settings_file_is_the_firmwares_own(build: Build) -> None:
    """So that no pin of `device/card.toml` stands a second time where it could differ."""
    own = load(ROOT / "device" / "card.toml").board
    board = load(build.settings_file).board
    assert board.pad.rows == own.pad.rows
    assert board.pad.columns == own.pad.columns[: len(board.pad.columns)]
    if build != CARD:
        assert board.press_pin == own.press_pin


@builds
def test_every_key_is_drawn_at_its_row_and_column(build: Build) -> None:
    keys = load(build.settings_file).board.pad.keys
    at = {key: max(drawn(build).words_at(key), key=lambda p: p[1]) for row in keys for key in row}
    for row in keys:
        assert [*row] == sorted(row, key=lambda key: at[key][0])
    for column in zip(*keys, strict=True):
        assert [*column] == sorted(column, key=lambda key: at[key][1])


@pytest.mark.parametrize("build", [CARD, BOOTH], ids=lambda build: build.name)
def test_every_switch_is_between_its_rows_line_and_its_columns(build: Build) -> None:
    keys = load(build.settings_file).board.pad.keys
    rows = {line.net: line.points[-1][1] for line in drawn(build).inside if line.net[0] == "R"}
    columns = {line.net: line.points[-1][0] for line in drawn(build).inside if line.net[0] == "C"}
    for i, row in enumerate(keys, 1):
        for j, key in enumerate(row, 1):
            x, y = max(drawn(build).words_at(key), key=lambda p: p[1])
            assert min((v, k) for k, v in rows.items() if v > y)[1] == f"R{i} inside"
            assert min((v, k) for k, v in columns.items() if v > x)[1] == f"C{j} inside"
    outside = {line.net: line.color for line in drawn(build).lines}
    for line in drawn(build).inside:
        assert line.color == outside[line.net.removesuffix(" inside")]
    assert drawn(build).shapes() == (sum(map(len, keys)) if build == CARD else 0)


@builds
def test_two_lines_never_run_along_each_other(build: Build) -> None:
    """They may cross; a stretch that two share could not be followed by an eye."""
    stretches = [
        (line, *pair)
        for line in drawn(build).lines
        for pair in zip(line.points, line.points[1:], strict=False)
    ]
    for i, (line, a, b) in enumerate(stretches):
        for other, c, d in stretches[:i]:
            if line is other:
                continue
            for axis in (0, 1):
                flat = abs(a[axis] - b[axis]) < 1 and abs(c[axis] - d[axis]) < 1
                if flat and abs(a[axis] - c[axis]) < 9:
                    along = 1 - axis
                    low = max(min(a[along], b[along]), min(c[along], d[along]))
                    high = min(max(a[along], b[along]), max(c[along], d[along]))
                    assert high - low < 1, (line.net, other.net)


def test_a_wire_at_a_wrong_pin_is_seen(tmp_path: Path) -> None:
    right = next(line for line in drawn(BREADBOARD).lines if line.net == "R1")
    y = right.points[0][1]
    text = picture_file(BREADBOARD).read_text()
    path = f"M {right.points[0][0]:g} {y:g} L {right.points[1][0]:g} {y:g}"
    assert path in text
    (tmp_path / "wrong.svg").write_text(text.replace(path, path.replace(f" {y:g}", f" {y + 26:g}")))
    pins = {name for name in Drawn(tmp_path / "wrong.svg").nets()["pad R1"] if name.isdigit()}
    assert str(HEADER_PINS[wanted(BREADBOARD)["pad R1"]]) not in pins
