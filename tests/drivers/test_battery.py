"""Fuel gauges over smbus2 on a simulated bus: what they say, and when nothing."""

from collections.abc import Iterator

import pytest

from drivers.battery import Gauge, Max17048, Reading, gauge_of
from drivers.board import Mode, open_board
from drivers.errors import BatteryError, SettingError
from drivers.settings import BoardSettings, DisplaySettings, GaugeSettings
from drivers.sim.battery import SimBattery
from drivers.sim.i2c import SimBus
from drivers.sim.world import SimWorld
from tests.drivers.rig import PAD_4X4

KINDS = ["max17048", "pisugar"]


class Chip:
    """A chip that answers with given registers."""

    def __init__(self, registers: dict[int, bytes]) -> None:
        self.registers = registers
        self.at = 0

    def write(self, payload: bytes) -> None:
        self.at = payload[0]

    def read(self, count: int) -> bytes:
        return self.registers[self.at][:count]


@pytest.fixture
def bus() -> Iterator[SimBus]:
    bus = SimBus(7)
    bus.attach()
    yield bus
    bus.detach()


def gauge(kind: str, number: int = 7) -> Gauge:
    found = gauge_of(GaugeSettings(kind, number))  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("registers", "reading"),
    [
        # Datasheet: VCELL 78.125 uV, SOC 1/256 %, CRATE 0.208 % an hour, high byte first.
        ((0xC000, 0x4380, 0xFFF0), Reading(67.5, 3.84, False)),
        ((0xD000, 0x6480, 0x0030), Reading(100.0, 4.16, True)),
        ((0xA000, 0x0100, 0x0004), Reading(1.0, 3.2, False)),
        ((0xA000, 0x0100, 0x0005), Reading(1.0, 3.2, True)),
    ],
)
def test_a_max17048_by_its_datasheet(
    bus: SimBus, registers: tuple[int, int, int], reading: Reading
) -> None:
    words = zip((0x02, 0x04, 0x16), registers, strict=True)
    bus.devices[0x36] = Chip({at: word.to_bytes(2, "big") for at, word in words})
    assert gauge("max17048").read() == reading


@pytest.mark.parametrize(
    ("control", "charging"), [(0x80, True), (0xC0, True), (0x40, False), (0x00, False)]
)
def test_a_pisugar_by_its_makers_page(bus: SimBus, control: int, charging: bool) -> None:
    registers = {0x02: control, 0x22: 0x0F, 0x23: 0x3C, 0x2A: 84}
    bus.devices[0x57] = Chip({at: bytes([value]) for at, value in registers.items()})
    assert gauge("pisugar").read() == Reading(84.0, 3.9, charging)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gauge_that_does_not_answer_is_named_with_what_to_look_at(bus: SimBus, kind: str) -> None:
    with pytest.raises(BatteryError, match=r"no .* answers at address 0x\d\d on I2C bus 7"):
        gauge(kind).read()


def test_a_bus_that_is_not_there_is_the_same() -> None:
    with pytest.raises(BatteryError, match="on I2C bus 98"):
        gauge("max17048", 98).read()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("volts", [0.0, 1.9, 5.1])
def test_volts_that_no_cell_has_are_no_reading(bus: SimBus, kind: str, volts: float) -> None:
    settings = BoardSettings(PAD_4X4, 26, gauge=GaugeSettings(kind, 1))  # type: ignore[arg-type]
    world = SimWorld(settings)
    assert world.battery is not None
    bus.devices[world.battery.address] = world.battery
    world.battery.volts = volts
    with pytest.raises(BatteryError, match="check that its battery is connected"):
        gauge(kind).read()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 3])
def test_the_simulated_gauge_says_what_its_battery_is_set_to(kind: str, number: int) -> None:
    settings = BoardSettings(
        PAD_4X4,
        press_pin=26,
        display=DisplaySettings(bus=1),
        gauge=GaugeSettings(kind, number),  # type: ignore[arg-type]
    )
    world = SimWorld(settings)
    board = open_board(settings, Mode.SIM, clock=world.clock, wake=lambda: None, world=world)
    battery = world.battery
    assert isinstance(battery, SimBattery)
    assert board.gauge is not None
    for percent, charging in ((80, False), (3, False), (3, True)):
        battery.percent, battery.charging = percent, charging
        reading = board.gauge.read()
        assert (reading.percent, reading.charging) == (percent, charging)
        assert reading.volts == pytest.approx(3.9, abs=0.001)
    board.close()
    with pytest.raises(BatteryError):
        board.gauge.read()


def test_a_card_without_a_gauge_has_none() -> None:
    assert gauge_of(None) is None
    world = SimWorld(BoardSettings(PAD_4X4, 26))
    assert world.battery is None
    assert Max17048.address not in world.bus.devices


def test_a_gauge_that_nobody_makes_is_refused() -> None:
    with pytest.raises(SettingError, match="max17048 or a pisugar"):
        GaugeSettings("lipo")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="bus"):
        GaugeSettings("pisugar", -1)
