"""`challng-card run`: woken by edges and signals, and an orderly end."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from device.errors import HaltNotRequested
from device.keystore import FileKeyStore
from device.loop import Firmware, run
from device.reading import read
from device.service import halt_request
from device.settings import parse as settings_of
from device.wake import Waker
from drivers.board import Mode, open_board
from drivers.sim.world import SimWorld


def test_a_wake_up_before_the_sleep_ends_it_at_once() -> None:
    waker = Waker()
    waker.set()
    waker.wait(None, time.monotonic)
    waker.clear()
    waker.wait(time.monotonic() - 1, time.monotonic)
    waker.close()


def test_any_number_of_wake_ups_fits_and_is_cleared_at_once() -> None:
    waker = Waker()
    for _ in range(100_000):
        waker.set()
    waker.clear()
    asleep = threading.Thread(target=waker.wait, args=(None, time.monotonic))
    asleep.start()
    waker.set()
    asleep.join(30)
    assert not asleep.is_alive()
    waker.close()


def test_the_loop_sleeps_until_an_edge_wakes_it(store: FileKeyStore) -> None:
    settings = settings_of({"press": {"open_seconds": 0.1}}, "test")
    world, waker = SimWorld(settings.board, time.monotonic), Waker()
    board = open_board(settings.board, Mode.SIM, clock=time.monotonic, wake=waker.set, world=world)
    firmware = Firmware(board, store, settings, clock=time.monotonic, halt=lambda: None)
    while (due := firmware.turn()) is not None:
        waker.wait(due, time.monotonic)
    stopping = threading.Event()
    card = threading.Thread(target=run, args=(firmware, waker, time.monotonic, stopping.is_set))
    card.start()
    world.close_press()
    deadline = time.monotonic() + 30
    while read(world.glass.frame()) != ["PIN>", "_"] and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert read(world.glass.frame()) == ["PIN>", "_"]
    stopping.set()
    waker.set()
    card.join(30)
    assert not card.is_alive()
    assert not world.glass.on
    waker.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_card_in_order(store: FileKeyStore, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "device", "--store", store.directory, "--driver", "sim", "run"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert any("card on sim parts" in line for line in process.stderr)
        process.send_signal(number)
        _, rest = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert rest == "challng-card: card ended\n"


def test_a_halt_is_asked_for_in_the_file_that_the_settings_name(tmp_path: Path) -> None:
    halt_request(tmp_path / "halt")()
    assert (tmp_path / "halt").read_text() == "halt\n"


def test_without_a_file_a_halt_is_nothing() -> None:
    halt_request(None)()


def test_a_halt_that_cannot_be_asked_for_says_so(tmp_path: Path) -> None:
    with pytest.raises(HaltNotRequested, match="No such file"):
        halt_request(tmp_path / "none" / "halt")()
