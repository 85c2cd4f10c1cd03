"""Pairing from the gesture to a key in the store, and every way in which it ends without one."""

import errno
import logging
import os
import select
from pathlib import Path

import pytest

from device.files import RealDisk
from device.keystore import FileKeyStore
from device.screens import grouped
from device.settings import parse
from device.simulated import CLEAR, OK, SimulatedCard
from protocol.fingerprint import fingerprint
from protocol.ocra import DEFAULT_SUITE, response
from protocol.pairing.errors import AbortReason, PairingError
from protocol.pairing.host_end import Met, Stored
from protocol.pairing.messages import UNREADABLE
from tests.device.conftest import KEY
from tests.device.pairing_rig import SERIAL, Rig, SpyCable, at_once, blank, loaded

__all__ = ["blank", "loaded"]

NUMBER = "HOLD OK"


def login(card: SimulatedCard, slot: str = "") -> str:
    card.off()
    card.press()
    card.type(f"{slot}7305#248690#")
    return card.lines()[-1]


def expected(key: bytes, counter: int = 0) -> str:
    return grouped(response(DEFAULT_SUITE, key, question="248690", counter=counter, pin="7305"))


@pytest.mark.parametrize("size", ["128x64", "128x32"])
def test_a_blank_card_gets_its_first_key_and_logs_in(size: str, tmp_path: Path) -> None:
    (tmp_path / "blank").mkdir()
    rig = Rig(tmp_path, FileKeyStore(tmp_path / "blank"), size)
    card, store = rig.card, rig.store
    card.press()
    assert sorted(card.lines()) == ["E01", "NO KEY LOADED"]
    card.hold(OK)
    assert sorted(card.lines()) == ["60", "PAIRING BY CABLE"]
    computer = rig.computer()
    computer.say(computer.end.hello())
    assert sorted(card.lines()) == ["10", "COMPUTER FOUND"]
    (met,) = computer.hear()
    assert isinstance(met, Met)
    assert (met.card.serial, dict(met.card.slots)) == ("", {})
    computer.offer()
    number = computer.compare()
    assert sorted(card.lines()) == sorted([grouped(number), "SLOT A  HOLD OK"])
    card.hold(OK)
    assert sorted(card.lines()) == sorted([grouped(number), "WAIT FOR COMPUTER"])
    assert store.slots() == ()
    key = computer.confirm()
    assert sorted(card.lines()) == [SERIAL, "PAIRED  SLOT A"]
    assert computer.hear() == [Stored()]
    assert not rig.listening
    record = store.load("A")
    assert (record.key, record.counter, record.serial) == (key, 0, SERIAL)
    assert (record.issuer, record.suite) == ("Example", DEFAULT_SUITE)
    assert login(card) == expected(key)
    rig.close()


def test_a_second_key_into_slot_b_leaves_the_first_alone(loaded: Rig) -> None:
    computer, _ = loaded.comparing(slot="B")
    assert loaded.card.lines()[1] == "SLOT B  HOLD OK"
    loaded.card.hold(OK)
    key = computer.confirm()
    assert loaded.card.lines() == [SERIAL, "PAIRED  SLOT B"]
    assert loaded.store.load("A").key == KEY
    assert login(loaded.card, "B") == expected(key)
    assert login(loaded.card, "A") == expected(KEY)


def test_two_pairings_over_one_cable(blank: Rig) -> None:
    for slot in "AB":
        computer, _ = blank.comparing(slot=slot)
        blank.card.hold(OK)
        key = computer.confirm()
        computer.cut()
        assert blank.store.load(slot).key == key
        blank.card.off()


def test_a_replacement_is_named_before_it_is_agreed_to(loaded: Rig) -> None:
    computer, number = loaded.comparing(replace=True)
    assert loaded.card.lines() == [grouped(number), "REPLACES A  HOLD OK"]
    assert loaded.store.load("A").key == KEY
    loaded.card.hold(OK)
    key = computer.confirm()
    assert loaded.store.load("A").key == key
    assert login(loaded.card) == expected(key)


def test_replacing_nothing_is_not_called_a_replacement(loaded: Rig) -> None:
    loaded.comparing(slot="B", replace=True)
    assert loaded.card.lines()[1] == "SLOT B  HOLD OK"


def test_the_hello_names_the_keys_without_telling_them(loaded: Rig) -> None:
    (loaded.store.directory / "slot-C").write_bytes(b"junk")
    loaded.gesture()
    computer = loaded.computer()
    computer.say(computer.end.hello())
    (met,) = computer.hear()
    assert isinstance(met, Met)
    assert met.card.serial == SERIAL
    assert dict(met.card.slots) == {"A": fingerprint(KEY), "C": UNREADABLE}


def test_a_computer_that_only_looks_leaves_the_card_dark(loaded: Rig) -> None:
    loaded.gesture()
    computer = loaded.computer()
    computer.meet()
    computer.say(computer.end.abort(AbortReason.LOOKED))
    assert loaded.card.lines() == []
    assert not loaded.listening


# Where a pairing can be when it ends, and how to get there.


def offered(rig: Rig) -> None:
    rig.gesture()


def connected(rig: Rig) -> object:
    rig.gesture()
    computer = rig.computer()
    computer.meet()
    return computer


def comparing(rig: Rig) -> object:
    return rig.comparing()[0]


def waiting(rig: Rig) -> object:
    computer, _ = rig.comparing()
    rig.card.hold(OK)
    computer.hear()
    return computer


STAGES = [offered, connected, comparing, waiting]
SPOKEN = STAGES[1:]


def ended(rig: Rig, *lines: str) -> None:
    """Nothing is left of it: neither a key nor an open port; and it can be done again."""
    assert rig.card.lines() == list(lines)
    assert not rig.listening
    assert rig.store.slots() == ()
    rig.card.off()
    computer, _ = rig.comparing()
    rig.card.hold(OK)
    key = computer.confirm()
    assert rig.store.load("A").key == key


def told(computer: object, reason: AbortReason) -> None:
    with pytest.raises(PairingError) as heard:
        computer.hear()  # type: ignore[attr-defined]
    assert heard.value.reason is reason
    assert heard.value.told


@pytest.mark.parametrize("reach", STAGES)
def test_clear_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    blank.card.type(CLEAR)
    if computer:
        told(computer, AbortReason.CANCELLED)
    ended(blank)


@pytest.mark.parametrize("reach", STAGES)
def test_a_press_of_three_seconds_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    blank.card.off()
    if computer:
        told(computer, AbortReason.CANCELLED)
    ended(blank)


@pytest.mark.parametrize("reach", STAGES)
def test_a_press_that_halts_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    blank.card.world.hold_press(8.2)
    blank.card.run(8.3)
    if computer:
        told(computer, AbortReason.CANCELLED)
    ended(blank)


@pytest.mark.parametrize(
    ("reach", "seconds"), [(offered, 60), (connected, 10), (comparing, 60), (waiting, 60)]
)
def test_time_ends_it(reach: object, seconds: float, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    blank.card.run(seconds - 3)
    assert blank.listening
    blank.card.run(3)
    if computer:
        told(computer, AbortReason.TIMEOUT)
    ended(blank, "E12", "PAIRING TIMED OUT")


@pytest.mark.parametrize("reach", SPOKEN)
def test_a_cable_that_is_pulled_ends_it(reach: object, blank: Rig) -> None:
    reach(blank).cut()  # type: ignore[operator]
    ended(blank, "E13", "CABLE CUT")


@pytest.mark.parametrize("reach", SPOKEN)
def test_the_computer_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    computer.say(computer.end.abort(AbortReason.CANCELLED))
    ended(blank, "E14", "COMPUTER STOPPED")


@pytest.mark.parametrize("reach", SPOKEN)
def test_a_person_who_sees_two_numbers_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    computer.say(computer.end.abort(AbortReason.DIFFERENT))
    ended(blank, "E18", "NUMBERS DIFFER")


@pytest.mark.parametrize("reach", STAGES)
def test_garbage_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank) or blank.computer()  # type: ignore[operator]
    computer.say(bytes(range(256)) * 2)
    ended(blank, "E17", "CABLE GARBLED")


@pytest.mark.parametrize("reach", STAGES)
def test_a_card_that_is_switched_off_tells_the_computer(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    blank.card.firmware.close()
    if computer:
        told(computer, AbortReason.CANCELLED)
    assert blank.store.slots() == ()


@pytest.mark.parametrize("reach", STAGES)
def test_a_glass_that_fails_ends_it(reach: object, blank: Rig) -> None:
    computer = reach(blank)  # type: ignore[operator]
    address = blank.card.world.settings.display.address
    display = blank.card.world.bus.devices.pop(address)
    blank.card.type(CLEAR)
    assert not blank.listening
    if computer:
        told(computer, AbortReason.CANCELLED)
    blank.card.world.bus.devices[address] = display
    blank.card.run(5)
    ended(blank)


def test_a_display_that_goes_silent_by_itself_stops_the_offer(blank: Rig) -> None:
    """The next second cannot be drawn: who cannot see the number must not agree to it."""
    computer = connected(blank)
    address = blank.card.world.settings.display.address
    display = blank.card.world.bus.devices.pop(address)
    blank.card.run(2)
    assert not blank.listening
    told(computer, AbortReason.CANCELLED)
    blank.card.world.bus.devices[address] = display
    blank.card.run(5)


@pytest.mark.parametrize(
    ("slot", "suite", "reason"),
    [
        ("A", DEFAULT_SUITE, AbortReason.SLOT_TAKEN),
        ("B", "OCRA-1:HOTP-SHA256-8:QN08-PSHA256", AbortReason.SUITE),
    ],
)
def test_an_offer_that_does_not_fit_is_refused(
    slot: str, suite: str, reason: AbortReason, loaded: Rig
) -> None:
    computer = connected(loaded)
    computer.end._suite_check = lambda suite: 32  # type: ignore[attr-defined]
    computer.offer(slot, suite)  # type: ignore[attr-defined]
    told(computer, reason)
    assert loaded.card.lines() == ["E15", "OFFER REFUSED"]
    assert loaded.store.slots() == ("A",)


def test_another_serial_than_the_cards_own_is_refused(loaded: Rig) -> None:
    computer = connected(loaded)
    frame = computer.end.offer(  # type: ignore[attr-defined]
        "B", "CH12345671", "Example", DEFAULT_SUITE, replace=False
    )
    computer.say(frame)  # type: ignore[attr-defined]
    told(computer, AbortReason.OTHER_SERIAL)
    assert loaded.card.lines() == ["E15", "OFFER REFUSED"]


def test_a_computer_of_another_version_is_refused(blank: Rig) -> None:
    from protocol.pairing.messages import HostHello, encode

    blank.gesture()
    computer = blank.computer()
    computer.say(encode(HostHello(200, 201)))
    ended(blank, "E16", "OTHER VERSION")


def test_a_port_that_cannot_be_opened_is_named(store: FileKeyStore) -> None:
    spy = SpyCable()
    spy.broken = True
    card = SimulatedCard(parse({}, "test"), store, cable=spy, sleep=at_once)
    card.press()
    card.hold(OK)
    assert card.lines() == ["E19", "NO CABLE PORT"]
    card.close()


class Full(RealDisk):
    """A disk that is full from some moment on."""

    full = False

    def fsync(self, handle: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().fsync(handle)


def test_a_key_that_cannot_be_written_is_told_to_both(tmp_path: Path) -> None:
    (tmp_path / "blank").mkdir()
    disk = Full()
    rig = Rig(tmp_path, FileKeyStore(tmp_path / "blank", disk=disk))
    computer, _ = rig.comparing()
    rig.card.hold(OK)
    disk.full = True
    computer.confirm()
    told(computer, AbortReason.STORE)
    disk.full = False
    ended(rig, "E20", "KEY NOT SAVED")
    rig.close()


def test_a_store_that_cannot_be_read_offers_nothing(loaded: Rig) -> None:
    loaded.card.press()
    loaded.store.directory.chmod(0o777)
    loaded.card.hold(OK)
    assert loaded.card.lines() == ["E08", "STORE UNREADABLE"]
    assert not loaded.listening
    loaded.store.directory.chmod(0o700)


def test_the_key_is_on_the_disk_before_the_computer_is_told(tmp_path: Path) -> None:
    quiet: list[bool] = []

    class Watched(RealDisk):
        def fsync_directory(self, directory: Path) -> None:
            super().fsync_directory(directory)
            if computers:
                quiet.append(computers[0].silence())

    (tmp_path / "blank").mkdir()
    computers: list = []
    rig = Rig(tmp_path, FileKeyStore(tmp_path / "blank", disk=Watched()))
    computer, _ = rig.comparing()
    rig.card.hold(OK)
    computer.hear()
    computers.append(computer)
    computer.say(computer.end.confirm())
    assert quiet
    assert all(quiet)
    assert computer.hear() == [Stored()]
    rig.close()


def test_a_consent_needs_ok_to_go_down_on_the_number(blank: Rig) -> None:
    """OK held since before the number came, or for too short, agrees to nothing."""
    blank.gesture()
    computer = blank.computer()
    computer.meet()
    blank.card.world.close_key(OK)
    blank.card.run(0.1)
    computer.offer()
    computer.compare()
    blank.card.run(3)
    assert NUMBER in blank.card.lines()[1]
    blank.card.world.open_key(OK)
    blank.card.run(0.1)
    blank.card.hold(OK, 1.9)
    assert NUMBER in blank.card.lines()[1]
    assert computer.silence()
    blank.card.hold(OK)
    assert blank.card.lines()[1] == "WAIT FOR COMPUTER"


def test_a_computer_that_confirms_before_the_owner_has_is_refused(blank: Rig) -> None:
    from protocol.pairing.messages import HostConfirm, encode

    computer, _ = blank.comparing()
    computer.say(encode(HostConfirm(bytes(32))))
    told(computer, AbortReason.ORDER)
    ended(blank, "E17", "CABLE GARBLED")


def test_a_computer_that_keeps_saying_hello_is_not_listened_to_for_ever(blank: Rig) -> None:
    blank.gesture()
    computer = blank.computer()
    for _ in range(14):
        if blank.listening:
            computer.say(computer.end.hello())
            blank.card.run(6)
    assert blank.card.lines() == ["E12", "PAIRING TIMED OUT"]


def test_the_seconds_count_down_one_redraw_each_and_nothing_spins(blank: Rig) -> None:
    blank.gesture()
    turns = 0
    shown = []
    turn = blank.card.firmware.turn

    def counted() -> float | None:
        nonlocal turns
        turns += 1
        assert turns <= 14, "it spins"
        due = turn()
        shown.append(blank.card.lines()[0])
        return due

    blank.card.firmware.turn = counted  # type: ignore[method-assign]
    blank.card.run(10)
    assert list(dict.fromkeys(shown)) == [str(60 - n) for n in range(11)]
    blank.card.firmware.turn = turn  # type: ignore[method-assign]
    assert select.select([blank.cable], [], [], 0)[0] == []


def test_an_offer_that_nobody_answers_is_some_turns_of_the_loop(blank: Rig) -> None:
    """The loop itself, on a real pseudo-terminal: one turn a second, and not one more."""
    blank.gesture()
    turns, turn = 0, blank.card.firmware.turn

    def counted() -> float | None:
        nonlocal turns
        turns += 1
        assert turns <= 75, "it spins"
        return turn()

    blank.card.firmware.turn = counted  # type: ignore[method-assign]
    blank.card.run(61)
    assert turns >= 60
    assert blank.card.lines() == ["E12", "PAIRING TIMED OUT"]


def test_a_key_is_kept_and_warned_of_when_the_computer_is_gone_before_the_last_message(
    blank: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    computer, _ = blank.comparing()
    blank.card.hold(OK)
    computer.hear()
    key, last = computer.end.key(), computer.end.confirm()
    os.write(computer._far, last)
    computer.cut()
    assert blank.store.load("A").key == key
    assert blank.card.lines() == [SERIAL, "PAIRED  SLOT A"]
    assert not blank.listening
    (warning,) = [line for line in caplog.messages if "may not know" in line]
    assert "slot A is loaded" in warning
    assert key.hex() not in caplog.text
    blank.card.off()
    blank.gesture()
    computer = blank.computer()
    computer.say(computer.end.hello())
    (met,) = computer.hear()
    assert isinstance(met, Met)
    assert dict(met.card.slots) == {"A": fingerprint(key)}


def test_a_card_that_waits_for_a_person_wakes_for_nothing(blank: Rig) -> None:
    blank.comparing()
    first = blank.card.firmware.turn()
    assert first is not None
    assert first - blank.card.clock.now() > 55


def test_a_paired_card_and_a_dark_one_leave_the_port_alone(blank: Rig) -> None:
    computer, _ = blank.comparing()
    blank.card.hold(OK)
    computer.confirm()
    computer.hear()
    for _ in range(3):
        os.write(computer._far, b"anybody there?")
        blank.card.run(31)
        assert not blank.listening
        assert blank.card.firmware.turn() is None
    assert blank.card.lines() == []


@pytest.mark.parametrize("key", [OK, CLEAR])
def test_the_last_screen_is_closed_by_a_key_or_by_time(key: str, blank: Rig) -> None:
    computer, _ = blank.comparing()
    blank.card.hold(OK)
    computer.confirm()
    blank.card.type("5")
    assert blank.card.lines() == [SERIAL, "PAIRED  SLOT A"]
    blank.card.type(key)
    assert blank.card.lines() == []


def test_no_log_and_no_repr_holds_the_key_or_the_number(
    blank: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    computer, number = blank.comparing()
    texts = [repr(blank.card.firmware._state), repr(vars(blank.card.firmware._session))]
    blank.card.hold(OK)
    key = computer.confirm()
    texts += [repr(blank.card.firmware._state), caplog.text]
    for text in texts:
        assert number not in text
        assert key.hex() not in text
        assert repr(key)[2:-1] not in text
