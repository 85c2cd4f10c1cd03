"""The card as a whole: what goes over its wires, and what it does when a part of it fails."""

import errno
import io
import logging
import os
from pathlib import Path

import pytest

from device.files import RealDisk
from device.keystore import FileKeyStore
from device.layout import STANDS
from device.play import play
from device.screens import grouped
from device.script import parse as script
from device.settings import Settings
from device.settings import parse as settings_of
from device.simulated import SimulatedCard
from protocol.ocra import DEFAULT_SUITE, response
from tests.device.conftest import KEY, card_key
from tests.device.cutdisk import CutDisk, PowerCut

MOST_BYTES = 64
SETTINGS = settings_of({}, "defaults")


def do(card: SimulatedCard, text: str) -> str:
    out = io.StringIO()
    play(card, script(text.replace("; ", "\n").splitlines(), "test"), out)
    return out.getvalue()


def bytes_for(card: SimulatedCard, keys: str) -> int:
    card.world.bus.reset()
    card.type(keys)
    return card.world.bus.bytes


LOGIN = "press; 7305; ok; 248690; ok"


EVERY_GLASS = [
    settings_of({"display": {"driver": driver, "size": size, "rotate": rotate}}, "test")
    for driver in ("ssd1306", "sh1106")
    for size in ("128x64", "128x32")
    for rotate in (0, 180)
]
TEN_DIGITS = "OCRA-1:HOTP-SHA256-8:C-QN10-PSHA256"


@pytest.mark.parametrize("patience", [0, 11], ids=["bright", "dimmed"])
@pytest.mark.parametrize("stand", STANDS)
@pytest.mark.parametrize("settings", EVERY_GLASS, ids=lambda one: repr(one.board.display)[15:-1])
def test_a_digit_more_or_less_costs_few_bytes_on_the_bus(
    settings: Settings, stand: int, patience: int, store: FileKeyStore
) -> None:
    """On every glass, wherever the picture stands, and with the command that brightens it."""
    store.add("A", card_key(suite=TEN_DIGITS, key=b"t" * 32), replace=True)
    card = SimulatedCard(settings, store)
    do(card, "press; off; " * stand + "press")
    costs: dict[str, int] = {}

    def key(name: str, one: str) -> None:
        card.run(patience)
        costs[name] = bytes_for(card, one)

    for one in "7305":
        key(f"PIN {one}", one)
    key("PIN taken back", "*")
    do(card, "5; ok")
    for one in "2486901357":
        key(f"challenge {one}", one)
    for rest in range(10):
        key(f"challenge taken back, {rest} left", "*")
    card.close()
    assert all(0 < cost <= MOST_BYTES for cost in costs.values()), costs


def test_an_ignored_key_costs_no_byte(card: SimulatedCard) -> None:
    do(card, "press; 7305")
    assert bytes_for(card, "9") == 0
    assert bytes_for(card, "A") == 0


def test_a_waiting_card_touches_neither_pins_nor_bus(card: SimulatedCard) -> None:
    for text in ("press; 73", "off"):
        do(card, text)
        card.run(1)
        pins = vars(card.world.pins).copy()
        card.world.bus.reset()
        card.run(20)
        assert vars(card.world.pins) == pins
        assert card.world.bus.transactions == (1 if card.lines() else 0), "it dims, once"


def test_a_sleeping_card_is_due_for_nothing(card: SimulatedCard) -> None:
    do(card, "press; off")
    card.run(1)
    assert card.firmware.turn() is None


@pytest.mark.parametrize("end", ["off", "clear", "wait 60"])
def test_no_digit_stays_in_the_memory_of_a_dark_display(card: SimulatedCard, end: str) -> None:
    do(card, LOGIN)
    assert any(any(page) for page in card.world.controller.ram)
    do(card, end)
    assert not card.world.glass.on
    assert not any(any(page[:128]) for page in card.world.controller.ram)


def test_power_on_leaves_the_glass_dark(card: SimulatedCard) -> None:
    assert not card.world.glass.on


def test_power_off_leaves_the_glass_dark(card: SimulatedCard) -> None:
    do(card, LOGIN)
    card.firmware.close()
    assert not card.world.glass.on
    assert not any(any(page[:128]) for page in card.world.controller.ram)


class Watched(RealDisk):
    """A disk that looks at the glass whenever something is made durable."""

    def __init__(self) -> None:
        self.card: SimulatedCard | None = None
        self.seen: list[list[str]] = []

    def fsync_directory(self, directory: Path) -> None:
        if self.card is not None:
            self.seen.append(self.card.lines())
        super().fsync_directory(directory)


def test_the_counter_is_on_the_disk_before_the_digits_are_on_the_glass(
    store: FileKeyStore,
) -> None:
    disk = Watched()
    disk.card = card = SimulatedCard(SETTINGS, FileKeyStore(store.directory, disk=disk))
    do(card, LOGIN)
    shown = card.lines()
    card.close()
    assert disk.seen == [["CHALLNG>", "248690"]]
    assert shown == [grouped(response_of(0))]


def test_without_a_counter_on_the_disk_no_response_is_shown(store: FileKeyStore) -> None:
    class Full(RealDisk):
        def fsync(self, handle: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    card = SimulatedCard(SETTINGS, FileKeyStore(store.directory, disk=Full()))
    assert do(card, LOGIN + "; show") == "E03\nCOUNTER NOT SAVED\n"
    card.close()
    assert store.load("A").counter == 0


def test_a_disk_that_forgets_what_it_acknowledged_is_found_out(store: FileKeyStore) -> None:
    class Forgetful(RealDisk):
        def rename(self, source: Path, target: Path) -> None:
            source.unlink()

    card = SimulatedCard(SETTINGS, FileKeyStore(store.directory, disk=Forgetful()))
    do(card, LOGIN + "; expect E03")
    card.close()


def response_of(counter: int) -> str:
    return response(DEFAULT_SUITE, KEY, question="248690", counter=counter, pin="7305")


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("step", ["create", "write", "fsync", "rename", "fsync_directory", "none"])
def test_no_response_is_shown_twice_whatever_write_the_power_fails_at(
    step: str, kept: bool
) -> None:
    disk, directory = CutDisk(), Path("/store")
    store = FileKeyStore(directory, disk=disk)
    store.add("A", card_key())
    shown: list[str] = []
    for _ in range(3):
        card = SimulatedCard(SETTINGS, store)

        def cut(name: str, card: SimulatedCard = card) -> None:
            if name == step:
                assert card.lines() == ["CHALLNG>", "248690"]
                raise PowerCut

        disk.plan = cut
        try:
            do(card, LOGIN)
        except PowerCut:
            pass
        else:
            shown += [line for line in card.lines() if " " in line]
        disk.cut(kept=lambda: kept, torn=lambda size: size // 3)
        card.close()
        store = FileKeyStore(directory, disk=disk)
        card = SimulatedCard(SETTINGS, store)
        do(card, LOGIN)
        shown += card.lines()
        card.close()
    assert len(shown) == (6 if step == "none" else 3)
    assert len(set(shown)) == len(shown)


def test_two_keys_at_once_type_nothing(card: SimulatedCard) -> None:
    do(card, "press")
    card.world.close_key("1")
    card.world.close_key("5")
    card.run(0.2)
    card.world.open_key("1")
    card.run(0.2)
    card.world.open_key("5")
    card.run(0.2)
    typed = card.lines()[1]
    assert typed in ("_", "*_"), "at most the first of them, if it was alone for long enough"
    do(card, "off; press; 7305; expect ****")


def test_a_key_held_at_power_on_is_reported_and_ignored(store: FileKeyStore) -> None:
    card = SimulatedCard(SETTINGS, store, held="5")
    assert card.lines() == ["E05", "KEY IS STUCK"]
    do(card, "press; expect PIN>")
    assert card.lines() == ["PIN>", "_"]
    card.world.open_key("5")
    card.run(0.2)
    do(card, "5; expect *_")
    card.close()


def test_a_press_button_held_at_power_on_is_reported_and_opens_nothing(
    store: FileKeyStore,
) -> None:
    card = SimulatedCard(SETTINGS, store, held=["press"])
    assert card.lines() == ["PIN>", "_"], "a finger that woke the card is on it for a while yet"
    do(card, "wait 2.8; expect PIN>; wait 0.2; expect E06")
    assert card.lines() == ["E06", "PRESS IS STUCK"]
    do(card, "wait 10; expect E06; wait 21; expect (dark)")
    card.world.open_press()
    card.run(0.2)
    do(card, "press; expect PIN>")
    card.close()


def test_a_card_started_by_its_button_shows_pin_and_is_used_at_once(store: FileKeyStore) -> None:
    card = SimulatedCard(SETTINGS, store, held=["press"])
    card.run(1.0)
    card.world.open_press()
    do(card, "7305; ok; 248690; ok")
    assert card.lines() == [grouped(response_of(0))]
    do(card, "wait 5; expect 3201")
    card.close()


def test_a_hold_of_eight_seconds_asks_once_for_a_halt(store: FileKeyStore) -> None:
    asked: list[str] = []
    card = SimulatedCard(SETTINGS, store, halt=lambda: asked.append("halt"))
    card.world.hold_press(7.9)
    card.run(9)
    assert asked == []
    card.world.hold_press(20)
    card.run(21)
    assert asked == ["halt"]
    assert card.lines() == []
    card.close()


def test_a_display_that_does_not_answer_is_logged_once_and_taken_up_again(
    card: SimulatedCard, caplog: pytest.LogCaptureFixture
) -> None:
    display = card.world.bus.devices.pop(0x3C)
    do(card, "press; wait 40")
    assert [record.message[:4] for record in caplog.records] == ["E10:"]
    card.world.bus.devices[0x3C] = display
    do(card, "press; expect PIN>; 7305; expect ****")


def test_a_bus_that_fails_under_the_response_ends_in_a_dark_glass(card: SimulatedCard) -> None:
    do(card, "press; 7305; ok; 248690")
    card.world.bus.fail_next(1, 20)
    do(card, "ok; wait 2; expect (dark)")
    assert not any(any(page[:128]) for page in card.world.controller.ram)
    do(card, LOGIN)
    assert card.lines() == [grouped(response_of(1))]


def test_nothing_secret_is_logged(store: FileKeyStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    card = SimulatedCard(SETTINGS, store)
    do(card, LOGIN)
    (store.directory / "slot-A").write_bytes(b"junk")
    do(card, "off; press; expect E02")
    card.world.bus.devices.clear()
    do(card, "press")
    card.close()
    logged = caplog.text
    assert "E02: " in logged
    assert "E10: " in logged
    for secret in ("7305", "248690", response_of(0), KEY.hex(), grouped(response_of(0))):
        assert secret not in logged
