"""The self-test names the fault: each wiring has exactly one, and is walked from end to end."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from device.keystore import FileKeyStore
from device.selftest.findings import Kind
from device.settings import Settings, parse
from drivers.errors import MissingLibrary, PinError
from drivers.hardware import real_pins
from drivers.probe import Look, Probe
from drivers.sim.clock import VirtualClock
from drivers.sim.electrical import SUPPLY
from drivers.sim.faults import FaultyWorld
from tests.device.conftest import card_key
from tests.device.selftest.rig import Rig, random_source
from tests.drivers.fake_lgpio import FakeLgpio

R1, R2, R3, R4 = 5, 6, 13, 19
C1, C2, C3, C4 = 12, 16, 20, 21
PRESS = 26

Make = Callable[..., Rig]


@pytest.fixture
def make(store: FileKeyStore, settings: Settings) -> Make:
    def make(
        fault: Callable[[FaultyWorld], object] = lambda world: None,
        with_settings: Settings = settings,
        with_store: FileKeyStore = store,
        **how: object,
    ) -> Rig:
        world = FaultyWorld(with_settings.board, VirtualClock())
        fault(world)
        return Rig(world, with_settings, with_store, **how)  # type: ignore[arg-type]

    return make


BOARDS = {
    "4x4": {},
    "3x4": {"keypad": {"columns": [12, 16, 20], "keys": ["123", "456", "789", "*0#"]}},
    "active high": {"press": {"active_low": False}},
    "sh1106": {"display": {"driver": "sh1106"}},
    "flat": {"display": {"size": "128x32"}},
    "press on GPIO3": {"press": {"pin": 3}, "display": {"bus": 3}},
}


@pytest.mark.parametrize("alone", [False, True], ids=["terminal", "glass"])
@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_healthy_card_is_well(make: Make, board: dict[str, object], alone: bool) -> None:
    rig = make(with_settings=parse(board, "test"), alone=alone)
    assert rig.run() == 0
    assert rig.found == []
    assert rig.last == "All is well."
    assert not rig.world.glass.on


def test_the_glass_alone_leads_through_the_whole_test(make: Make) -> None:
    rig = make(alone=True)
    assert rig.run() == 0
    asked = [lines[1] for lines in rig.shown if lines[0] == "PRESS"]
    assert "".join(dict.fromkeys(asked)) == "123A456B789C*0#D"
    assert rig.shown[0] == ["HANDS OFF ALL KEYS"]
    assert ["PRESS THE BUTTON", "PRESS"] in rig.shown
    assert rig.shown[-1] == ["ALL IS WELL", "OK"]


@pytest.mark.parametrize("cut", [False, True])
def test_the_same_through_gpiozeros_real_lgpio_pins(
    make: Make, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    rig = make(factory=real_pins)
    if cut:
        rig.world.cut(R2)
    monkeypatch.setitem(sys.modules, "lgpio", FakeLgpio(rig.world.circuit))
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0x902120)
    monkeypatch.setattr("drivers.hardware.header_chip", lambda: None)
    monkeypatch.setenv("LG_WD", "/tmp")
    try:
        assert rig.run() == cut
    finally:
        sys.modules.pop("gpiozero.pins.lgpio", None)
    assert rig.codes == ["S17"] * cut


Fault = Callable[[FaultyWorld], object]
WIRING: dict[str, tuple[Fault, str]] = {
    "a row's wire is cut": (
        lambda world: world.cut(R2),
        "S17 row 2 never goes low when 4 5 6 B are pressed: "
        "look at GPIO 6 (pin 31) and its wire to the pad",
    ),
    "a column's wire is cut": (
        lambda world: world.cut(C3),
        "S17 column 3 never goes low when 3 6 9 # are pressed: "
        "look at GPIO 20 (pin 38) and its wire to the pad",
    ),
    "two columns are bridged": (
        lambda world: world.bridge(C1, C3),
        "S14 two keys read as one: columns 1 and 3 are bridged: "
        "look for solder between GPIO 12 (pin 32) and GPIO 20 (pin 38)",
    ),
    "two rows are bridged": (
        lambda world: world.bridge(R1, R4),
        "S14 two keys read as one: rows 1 and 4 are bridged: "
        "look for solder between GPIO 5 (pin 29) and GPIO 19 (pin 35)",
    ),
    "three rows are bridged": (
        lambda world: (world.bridge(R1, R4), world.bridge(R2, R4)),
        "S14 3 keys read as one: rows 1, 2 and 4 are bridged: "
        "look for solder between GPIO 5 (pin 29), GPIO 6 (pin 31) and GPIO 19 (pin 35)",
    ),
    "press is bridged to a row": (
        lambda world: world.bridge(R3, PRESS),
        "S14 row 3 and press are bridged: "
        "look for solder between GPIO 13 (pin 33) and GPIO 26 (pin 37)",
    ),
    "a row is on ground": (
        lambda world: world.to_ground(R3),
        "S12 row 3 is joined to ground with no key pressed: "
        "look for solder or a wrong hole at GPIO 13 (pin 33)",
    ),
    "a column is on 3.3 V": (
        lambda world: world.to_supply(C4),
        "S13 column 4 is joined to 3.3 V with no key pressed: "
        "look for solder or a wrong hole at GPIO 21 (pin 40)",
    ),
    "a key is stuck": (
        lambda world: world.stick("5"),
        "S15 key 5 reads closed with no finger on it: lift the key; if that does not help, "
        "look for solder between GPIO 6 (pin 31) and GPIO 16 (pin 36)",
    ),
    "two keys of a row are stuck": (
        lambda world: (world.stick("5"), world.stick("6")),
        "S14 row 2, column 2 and column 3 are bridged, or keys 5 6 are stuck: "
        "look for solder between GPIO 6 (pin 31), GPIO 16 (pin 36) and GPIO 20 (pin 38)",
    ),
    "two rows are swapped": (
        lambda world: world.swap(R1, R2),
        "S19 rows 1 and 2 are swapped: 1 reads as 4: exchange the wires at GPIO 5 (pin 29) and "
        "GPIO 6 (pin 31), or write rows = [6, 5, 13, 19] and columns = [12, 16, 20, 21] "
        "into card.toml",
    ),
    "a row is swapped with a column": (
        lambda world: world.swap(R1, C1),
        "S19 row 1 and column 1 are swapped: 2 reads as no key: exchange the wires at "
        "GPIO 5 (pin 29) and GPIO 12 (pin 32), or write rows = [12, 6, 13, 19] and "
        "columns = [5, 16, 20, 21] into card.toml",
    ),
    "three wires are in a ring": (
        lambda world: (world.swap(C1, C2), world.swap(C2, C3)),
        "S19 the pad's wires are in another order: column 1 is at GPIO 20 (pin 38), "
        "column 2 is at GPIO 12 (pin 32), column 3 is at GPIO 16 (pin 36): put them where they "
        "belong, or write rows = [5, 6, 13, 19] and columns = [20, 12, 16, 21] into card.toml",
    ),
    "rows are columns": (
        lambda world: [world.swap(*pair) for pair in ((R1, C1), (R2, C2), (R3, C3), (R4, C4))],
        "S20 rows and columns are swapped: 2 reads as 4: exchange the two halves of the plug, or "
        "write rows = [12, 16, 20, 21] and columns = [5, 6, 13, 19] into card.toml",
    ),
    "a key closes its neighbour": (
        lambda world: world.double("8", "9"),
        "S22 key 8 reads as 8 9 at once: "
        "if no other finger was on the pad, look for solder or a torn foil under these keys",
    ),
    "the button's wire is cut": (
        lambda world: world.cut(PRESS),
        "S23 press was never seen closed: "
        "look at GPIO 26 (pin 37), and at the button's other wire, to ground",
    ),
    "the button is shorted": (
        lambda world: world.stick_press(),
        "S24 press reads closed all the time, GPIO 26 (pin 37) is on ground: look for solder and "
        "for two legs of the same side of the button; if it goes to 3.3 V when pressed, change "
        "press.active_low in card.toml",
    ),
    "the button goes to 3.3 V": (
        lambda world: world.button_to(SUPPLY),
        "S25 press joins GPIO 26 (pin 37) to 3.3 V, expected ground: "
        "set press.active_low = false in card.toml, or move the wire to ground",
    ),
    "the button opens": (
        lambda world: world.normally_closed(),
        "S26 press opens GPIO 26 (pin 37) from ground when it is pressed: "
        "use the button's other contact, the one that is open at rest",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "said"), WIRING.values(), ids=WIRING)
def test_a_fault_in_the_wiring_is_named(make: Make, fault: Fault, said: str) -> None:
    rig = make(fault)
    assert rig.run() == 1
    assert [str(finding) for finding in rig.found] == [said]
    assert rig.last == said


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("a row's wire is cut", ["ROW 2 GPIO 6"]),
        ("two columns are bridged", ["COLUMNS 1 AND 3"]),
        ("two keys of a row are stuck", []),  # too long for the glass
        ("rows are columns", []),
        ("a key is stuck", ["KEY 5"]),
        ("the button is shorted", ["GPIO 26"]),
    ],
)
def test_a_fault_in_the_wiring_is_named_on_the_glass_alone(
    make: Make, name: str, where: list[str]
) -> None:
    fault, said = WIRING[name]
    rig = make(fault, alone=True)
    assert rig.run() == 1
    assert [str(finding) for finding in rig.found] == [said]
    assert rig.shown[-1] == [rig.found[0].kind.words, *where, rig.found[0].kind.code]


def test_a_pad_that_is_not_plugged_in(make: Make) -> None:
    rig = make(lambda world: [world.cut(line) for line in (R1, R2, R3, R4, C1, C2, C3, C4)])
    assert rig.run() == 1
    assert rig.codes == ["S16"]


def test_a_dead_key(make: Make) -> None:
    rig = make()
    rig.hand.misses = "7"
    assert rig.run() == 1
    assert rig.codes == ["S18"]
    assert "key 7 was never seen" in rig.last
    assert "row 3 and column 1" in rig.last


def test_a_key_that_is_not_what_is_printed_on_it(make: Make) -> None:
    rig = make()
    rig.hand.instead = {"A": "B"}
    assert rig.run() == 1
    assert rig.codes == ["S21"]
    assert "key A reads as B: was it the right key?" in rig.last


def test_a_look_counts_once_it_is_steady(make: Make) -> None:
    """Contacts that close one after the other, or bounce, are seen as they come to rest."""
    rig = make()
    moves = iter(["8", "", "9", "8", "", "", ""])
    down = ""

    def pause(_seconds: float) -> None:
        nonlocal down
        down, before = next(moves), down
        if before:
            rig.world.open_key(before)
        if down:
            rig.world.close_key(down)

    rig.bench.pause = pause
    rig.bench.probe = Probe(rig.world.settings, rig.world.factory)
    seen = rig.bench.watch(8, lambda look: True)
    assert seen == Look()
    assert list(moves) == []  # three in a row agree only at the end


@pytest.mark.parametrize("cut", [False, True])
def test_a_slow_finger_is_waited_for(make: Make, cut: bool) -> None:
    rig = make(lambda world: world.cut(R2) if cut else None)
    rig.hand.slow = 1.0
    assert rig.run() == cut
    assert rig.codes == ["S17"] * cut


def test_the_press_button_on_the_pin_of_a_row(make: Make) -> None:
    rig = make(lambda world: world.swap(R4, PRESS))
    assert rig.run() == 1
    assert rig.codes == ["S19", "S23"]
    assert "row 4 is at GPIO 26 (pin 37)" in rig.text
    assert "press was not seen at GPIO 26 (pin 37), but moves row 4" in rig.last


def test_two_faults_are_both_named(make: Make) -> None:
    rig = make(lambda world: (world.cut(R2), world.bridge(C1, C3)))
    assert rig.run() == 1
    assert rig.codes == ["S14", "S17"]


def test_an_active_high_button_that_goes_to_ground(make: Make) -> None:
    high = parse({"press": {"active_low": False}}, "test")
    rig = make(lambda world: world.button_to("GND"), high)
    assert rig.run() == 1
    assert rig.codes == ["S25"]
    assert "set press.active_low = true" in rig.last


GLASS: dict[str, tuple[Fault, str]] = {
    "no bus": (
        lambda world: setattr(world.bus, "present", False),
        "S01 there is no I2C bus /dev/i2c-1: switch I2C on",
    ),
    "no permission": (
        lambda world: setattr(world.bus, "permitted", False),
        "S02 /dev/i2c-1 may not be opened by this user: add the user to the group i2c",
    ),
    "a wire on ground": (
        lambda world: world.hold_bus(),
        "S03 a wire of the I2C bus 1 stays low: is SDA on pin 3, GPIO 2",
    ),
    "no display": (
        lambda world: world.unplug_display(),
        "S04 nothing answers on I2C: is SDA on pin 3, GPIO 2 (pin 3), and SCL on pin 5",
    ),
    "only a stranger": (
        lambda world: world.display_at(0x36),
        "S04 no display answers on I2C, only 0x36",
    ),
    "wrong address": (
        lambda world: world.display_at(0x3D),
        "S05 nothing answers at 0x3c, but 0x3d does: set display.address = 0x3d in card.toml",
    ),
    "an SH1106 sold as an SSD1306": (
        lambda world: world.display_is("sh1106"),
        'S06 the display at 0x3c does not show the frame as it is: set display.driver = "sh1106"',
    ),
    "a dark panel": (
        lambda world: world.break_panel(),
        "S07 the display at 0x3c answers, but nobody saw its picture",
    ),
    "a loose wire": (
        lambda world: world.bus.fail_next(10_000, skip=112),
        "S08 the display at 0x3c answers a scan, but not all that is sent to it",
    ),
    "a loose wire from the start": (
        lambda world: world.bus.fail_next(10_000, skip=1),
        "S08 the display at 0x3c answers a scan, but not all that is sent to it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "said"), GLASS.values(), ids=GLASS)
def test_a_fault_of_the_display_is_named_in_the_terminal(
    make: Make, fault: Fault, said: str
) -> None:
    rig = make(fault)
    assert rig.run() == 1
    assert len(rig.found) == 1
    assert rig.last.startswith(said)
    # The rest of the card is tested all the same.
    assert len(rig.bench.seen.keys) == 16
    assert rig.bench.seen.press is not None


def test_an_ssd1306_where_an_sh1106_is_set(make: Make) -> None:
    rig = make(
        lambda world: world.display_is("ssd1306"), parse({"display": {"driver": "sh1106"}}, "")
    )
    assert rig.run() == 1
    assert rig.codes == ["S06"]


@pytest.mark.parametrize(("key", "codes"), [("*", ["S06"]), ("#", []), ("", ["S07"])])
def test_the_question_about_the_frame_is_answered_by_keys(
    make: Make, key: str, codes: list[str]
) -> None:
    rig = make(alone=True)
    rig.hand.answer = key
    assert rig.run() == bool(codes)
    assert rig.codes == codes


def test_keys_answer_even_where_their_wires_are_swapped(make: Make) -> None:
    """`#` and `*` are known by what they did when they were asked for."""
    rig = make(lambda world: world.swap(C1, C3), alone=True)
    rig.hand.answer = "*"
    assert rig.run() == 1
    assert rig.codes == ["S06", "S19"]


@pytest.mark.parametrize(("typed", "codes"), [
    ("y\n", []), ("what?\nYES\n", []), ("n\n", ["S06"]), ("d\n", ["S07"]), ("", ["S07"]),
    ("1\n2\n3\ny\n", ["S07"]),
])  # fmt: skip
def test_the_question_about_the_frame_is_answered_in_the_terminal(
    make: Make, typed: str, codes: list[str]
) -> None:
    rig = make()
    rig.lines = io.StringIO(typed)
    assert rig.run() == bool(codes)
    assert rig.codes == codes


@pytest.mark.parametrize(("gauge", "bus"), [("max17048", 1), ("pisugar", 1), ("max17048", 3)])
def test_a_battery_with_its_gauge_is_well(make: Make, gauge: str, bus: int) -> None:
    rig = make(with_settings=parse({"battery": {"gauge": gauge, "bus": bus}}, "test"))
    assert rig.run() == 0
    assert "Battery: 80 %, 3.90 V." in rig.text.splitlines()


def test_nothing_of_a_battery_shows_on_a_card_without_a_gauge(make: Make) -> None:
    rig = make()
    assert rig.run() == 0
    assert "attery" not in rig.text


@pytest.mark.parametrize("gauge", ["max17048", "pisugar"])
def test_a_gauge_that_does_not_answer(make: Make, gauge: str) -> None:
    rig = make(lambda world: world.unplug_gauge(), parse({"battery": {"gauge": gauge}}, "test"))
    assert rig.run() == 1
    assert rig.codes == ["S27"]
    assert "check its wires and battery.bus" in rig.last


def test_a_gauge_without_a_battery(make: Make) -> None:
    def empty(world: FaultyWorld) -> None:
        assert world.battery is not None
        world.battery.volts = 0.0

    rig = make(empty, parse({"battery": {"gauge": "max17048"}}, "test"))
    assert rig.run() == 1
    assert rig.codes == ["S27"]
    assert "check that its battery is connected" in rig.last


@pytest.mark.parametrize(
    ("percent", "charging", "codes"), [(4.0, False, ["S28"]), (5.0, False, []), (4.0, True, [])]
)
def test_a_battery_that_is_empty(
    make: Make, percent: float, charging: bool, codes: list[str]
) -> None:
    def drained(world: FaultyWorld) -> None:
        assert world.battery is not None
        world.battery.percent, world.battery.charging = percent, charging

    rig = make(drained, parse({"battery": {"gauge": "max17048"}}, "test"))
    assert rig.run() == bool(codes)
    assert rig.codes == codes


def test_a_store_without_a_key(make: Make, store: FileKeyStore) -> None:
    rig = make(with_store=FileKeyStore(store.directory / "other"))
    assert rig.run() == 1
    assert rig.last == "E01 No key loaded: load one with `challng-provision new`"


def test_a_damaged_slot_is_named_and_the_others_are_not(make: Make, store: FileKeyStore) -> None:
    store.add("B", card_key(key=b"b" * 32))
    (store.directory / "slot-B").write_bytes(b"junk")
    rig = make()
    assert rig.run() == 1
    assert rig.codes == ["E02"]
    assert "slot-B is damaged" in rig.last


def test_a_store_that_others_may_write(make: Make, store: FileKeyStore) -> None:
    store.directory.chmod(0o777)
    rig = make()
    assert rig.run() == 1
    assert rig.codes == ["E08"]


def test_a_missing_sealing_key(make: Make, store: FileKeyStore) -> None:
    (store.directory / "host.key").unlink()
    rig = make()
    assert rig.run() == 1
    assert rig.codes == ["E04"]


@pytest.mark.parametrize(
    ("ready", "hardware", "codes"), [(False, True, ["S30"]), (True, False, ["S31"])]
)
def test_a_random_source_that_is_not_there(
    make: Make, ready: bool, hardware: bool, codes: list[str]
) -> None:
    rig = make(random=random_source(ready, hardware))
    assert rig.run() == 1
    assert rig.codes == codes


def no_library() -> None:
    raise MissingLibrary("the library is missing") from ImportError("No module named 'lgpio'")


def no_permission() -> None:
    raise PinError("the pins cannot be opened") from OSError("can not open gpiochip")


class Busy:
    """A factory whose pins another program has."""

    def pin(self, _name: int) -> None:
        raise OSError("GPIO busy")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (no_library, "S10 the library for the pins is missing (No module named 'lgpio'): "
            "install challng[pi]"),
        (no_permission, "S11 the pins cannot be used (can not open gpiochip): "
            "is this a Raspberry Pi, is this user in the group gpio"),
        (Busy, "S11 the pins cannot be used (GPIO busy): is this a Raspberry Pi, "
            "is this user in the group gpio, is the card's service stopped "
            "(`systemctl stop challng-card`)?"),
    ],
)  # fmt: skip
def test_pins_that_cannot_be_used(make: Make, factory: object, said: str) -> None:
    rig = make(factory=factory)
    assert rig.run() == 1
    assert len(rig.found) == 1
    assert rig.last.startswith(said)


def test_stopping_says_what_was_seen_and_is_not_well(make: Make) -> None:
    rig = make(lambda world: world.bridge(C1, C3))
    rig.stop_at = "Press 4."
    assert rig.run() == 1
    assert "Stopped before the end." in rig.text
    assert rig.codes == ["S14"]


def test_stopping_without_a_finding_is_not_well_either(make: Make) -> None:
    rig = make()
    rig.stop_at = "Press 1."
    assert rig.run() == 1
    assert "All is well" not in rig.text


def test_every_kind_of_finding_has_its_test() -> None:
    here = Path(__file__).read_text()
    assert [kind.code for kind in Kind if not re.search(f'["\']{kind.code}[ "]', here)] == []
