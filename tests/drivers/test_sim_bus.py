"""The simulated I2C bus under smbus2, and the display controllers on it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

import pytest
import smbus2
from smbus2 import smbus2 as inner

from drivers.sim.i2c import SimBus
from drivers.sim.oled import Glass, OledController
from drivers.sim.sh1106 import Sh1106
from drivers.sim.ssd1306 import Ssd1306

UPRIGHT_1306 = bytes([0x00, 0xA1, 0xC8, 0x8D, 0x14, 0xAF])
UPRIGHT_1106 = bytes([0x00, 0xA1, 0xC8, 0xAF])
NUMBER = 941  # no machine has so many


@pytest.fixture
def bus() -> Iterator[SimBus]:
    bus = SimBus(NUMBER)
    bus.devices[0x3C] = Ssd1306(128, 64)
    bus.attach()
    yield bus
    bus.detach()


def test_the_bus_is_there_only_while_it_is_attached() -> None:
    bus = SimBus(NUMBER)
    with pytest.raises(FileNotFoundError):
        smbus2.SMBus(NUMBER)
    bus.attach()
    smbus2.SMBus(NUMBER).close()
    bus.present = False
    with pytest.raises(FileNotFoundError):
        smbus2.SMBus(NUMBER)
    bus.detach()
    with pytest.raises(FileNotFoundError):
        smbus2.SMBus(NUMBER)
    assert inner.os is os


def test_who_still_has_a_detached_bus_open_reaches_nothing(bus: SimBus) -> None:
    with smbus2.SMBus(NUMBER) as opened:
        bus.detach()
        with pytest.raises(OSError, match="ioctl"):
            opened.write_byte(0x3C, 0)
    assert bus.transactions == 0


def test_only_the_address_of_a_device_is_acknowledged(bus: SimBus) -> None:
    answers: dict[int, int | None] = {}
    with smbus2.SMBus(NUMBER) as opened:
        for address in range(0x08, 0x78):
            try:
                opened.read_byte(address)
            except OSError as error:
                answers[address] = error.errno
            else:
                answers[address] = 0
    assert answers.pop(0x3C) == 0
    assert set(answers.values()) == {errno.EREMOTEIO}


def test_every_way_of_writing_counts_its_bytes_on_the_wire(bus: SimBus) -> None:
    with smbus2.SMBus(NUMBER) as opened:
        for write, wire in [
            (lambda: opened.write_quick(0x3C), 1),
            (lambda: opened.write_byte(0x3C, 0x00), 2),
            (lambda: opened.write_byte_data(0x3C, 0x00, 0xE3), 3),
            (lambda: opened.write_i2c_block_data(0x3C, 0x40, [0] * 32), 34),
            (lambda: opened.i2c_rdwr(smbus2.i2c_msg.write(0x3C, [0x40] * 1025)), 1026),
        ]:
            bus.reset()
            write()
            assert (bus.bytes, bus.transactions) == (wire, 1)
    assert bus.seconds(100_000) == pytest.approx((1026 * 9 + 2) / 100_000)


def test_a_read_gives_the_status_of_the_display(bus: SimBus) -> None:
    with smbus2.SMBus(NUMBER) as opened:
        assert opened.read_byte(0x3C) & 0x40
        opened.i2c_rdwr(smbus2.i2c_msg.write(0x3C, [0x00, 0xAF]))
        message = smbus2.i2c_msg.read(0x3C, 1)
        opened.i2c_rdwr(message)
        assert not bytes(message)[0] & 0x40


def test_a_call_the_kernel_does_not_have_is_refused(bus: SimBus) -> None:
    with smbus2.SMBus(NUMBER) as opened, pytest.raises(OSError, match="not supported"):
        opened.process_call(0x3C, 0, 0)


def test_the_bus_attached_last_is_the_one_that_answers(bus: SimBus) -> None:
    second = SimBus(NUMBER)
    second.attach()
    try:
        with smbus2.SMBus(NUMBER) as opened, pytest.raises(OSError, match="Remote I/O"):
            opened.read_byte(0x3C)
    finally:
        second.detach()
    with smbus2.SMBus(NUMBER) as opened:
        opened.read_byte(0x3C)


def test_other_files_of_the_process_are_left_alone(bus: SimBus) -> None:
    with pytest.raises(FileNotFoundError):
        smbus2.SMBus("/dev/i2c-942")
    assert os.open is not inner.os.open
    assert inner.os.O_RDWR == os.O_RDWR


@pytest.mark.parametrize(
    ("chip", "upright", "columns"), [(Ssd1306, UPRIGHT_1306, 128), (Sh1106, UPRIGHT_1106, 132)]
)
def test_the_ram_is_noise_at_power_on(
    chip: type[OledController], upright: bytes, columns: int
) -> None:
    one, same, other = chip(128, 64, 1), chip(128, 64, 1), chip(128, 64, 2)
    assert one.ram == same.ram != other.ram
    assert len(one.ram[0]) == columns
    glass = Glass(one)
    assert not glass.on
    assert not any(glass.frame().data)
    one.write(upright)
    assert sum(byte.bit_count() for byte in glass.frame().data) > 2000


def test_an_ssd1306_without_its_charge_pump_stays_dark() -> None:
    chip = Ssd1306(128, 64)
    chip.write(bytes([0x00, 0xAF, 0xA5]))
    assert not Glass(chip).on
    chip.write(bytes([0x00, 0x8D, 0x14]))
    assert Glass(chip).lit(64, 32)


def test_an_ssd1306_wraps_inside_its_window() -> None:
    chip = Ssd1306(128, 64)
    chip.write(UPRIGHT_1306)
    chip.write(bytes([0x00, 0x20, 0x00, 0x21, 10, 11, 0x22, 2, 3]))
    chip.write(bytes([0x40, 1, 2, 3, 4, 5]))
    assert [chip.visible(page)[10:12] for page in (2, 3)] == [bytes([5, 2]), bytes([3, 4])]


def test_an_ssd1306_fills_downward_in_vertical_mode_and_one_page_in_page_mode() -> None:
    chip = Ssd1306(128, 64)
    chip.write(UPRIGHT_1306)
    chip.write(bytes([0x00, 0x20, 0x01, 0x21, 10, 11, 0x22, 2, 3]))
    chip.write(bytes([0x40, 1, 2, 3, 4]))
    assert [chip.visible(page)[10:12] for page in (2, 3)] == [bytes([1, 3]), bytes([2, 4])]
    chip.write(bytes([0x00, 0x20, 0x02, 0x21, 0, 127, 0xB5, 0x0F, 0x17]))
    chip.write(bytes([0x40, 7, 8]))
    assert (chip.visible(5)[127], chip.visible(5)[0]) == (7, 8)


def test_commands_and_data_may_be_mixed_in_one_write_and_cut_in_two() -> None:
    chip = Ssd1306(128, 64)
    chip.write(UPRIGHT_1306)
    chip.write(bytes([0x80, 0xB0, 0x80, 0x03, 0x80, 0x10, 0xC0, 0x55, 0x40, 0x66]))
    assert chip.visible(0)[3:5] == bytes([0x55, 0x66])
    chip.write(bytes([0x00, 0x81]))
    chip.write(bytes([0x00, 0x2A]))
    assert chip.contrast == 0x2A


def test_an_sh1106_stops_behind_its_last_column() -> None:
    chip = Sh1106(128, 64)
    chip.write(UPRIGHT_1106)
    chip.write(bytes([0x00, 0xB1, 0x02, 0x18]))
    before = bytes(chip.ram[1][:130])
    chip.write(bytes([0x40, 1, 2, 3]))
    assert bytes(chip.ram[1]) == before + bytes([1, 2])


@pytest.mark.parametrize(
    ("commands", "x", "y"),
    [
        ([], 5, 9),
        ([0xA0], 122, 9),
        ([0xC0], 5, 54),
        ([0x40 | 4], 5, 5),
        ([0xD3, 4], 5, 5),
    ],
)
def test_the_glass_obeys_remap_scan_direction_start_line_and_offset(
    commands: list[int], x: int, y: int
) -> None:
    chip = Sh1106(128, 64)
    chip.write(UPRIGHT_1106)
    for page in range(8):
        chip.write(bytes([0x00, 0xB0 | page, 0x00, 0x10]))
        chip.write(bytes([0x40]) + bytes(132))
    chip.write(bytes([0x00, 0xB1, 0x07, 0x10]))
    chip.write(bytes([0x40, 0b10]))
    chip.write(bytes([0x00, *commands]))
    seen = Glass(chip).frame()
    assert seen.pixel(x, y)
    assert sum(byte.bit_count() for byte in seen.data) == 1
    chip.write(bytes([0x00, 0xA7]))
    assert not Glass(chip).lit(x, y)
    assert Glass(chip).lit(x, y - 1)
