"""What the card tells systemd, heard at a real socket."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.keystore import FileKeyStore
from device.loop import run
from device.notify import Notifier
from device.settings import Settings
from device.simulated import SimulatedCard
from device.wake import Waker


class Manager:
    """The socket that systemd listens at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def heard(self) -> list[str]:
        """Everything that was said until now."""
        said = []
        while select.select([self.socket], [], [], 0)[0]:
            said.append(self.socket.recv(4096).decode())
        return said

    def next(self, seconds: float = 60.0) -> str:
        """What is said next; AssertionError when nothing is."""
        assert select.select([self.socket], [], [], seconds)[0], "nothing was said"
        return self.socket.recv(4096).decode()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def environment(manager: Manager, seconds: float | None = None) -> dict[str, str]:
    given = {"NOTIFY_SOCKET": str(manager.path)}
    if seconds is not None:
        given["WATCHDOG_USEC"] = str(int(seconds * 1e6))
    return given


def test_the_first_pass_makes_it_ready_and_no_later_one(manager: Manager) -> None:
    notifier = Notifier(environment(manager))
    assert notifier.turn(1.0) is None
    assert notifier.turn(2.0) is None
    assert manager.heard() == ["READY=1"]


def test_the_watchdog_is_fed_by_passes_at_half_its_time(manager: Manager) -> None:
    notifier = Notifier(environment(manager, 20))
    assert notifier.turn(100.0) == 110.0
    assert notifier.turn(105.0) == 110.0
    assert manager.heard() == ["READY=1", "WATCHDOG=1"]
    assert notifier.turn(110.0) == 120.0
    assert manager.heard() == ["WATCHDOG=1"]


def test_a_loop_that_hangs_feeds_no_more(manager: Manager) -> None:
    notifier = Notifier(environment(manager, 20))
    notifier.turn(0.0)
    manager.heard()
    # No pass, no word: there is no thread that would say it instead.
    assert manager.heard() == []


def test_a_watchdog_for_another_process_is_not_fed(manager: Manager) -> None:
    given = environment(manager, 20) | {"WATCHDOG_PID": str(os.getpid() + 1)}
    assert Notifier(given).turn(0.0) is None
    assert manager.heard() == ["READY=1"]


def test_an_abstract_address_is_understood() -> None:
    name = f"challng-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).stopping()
        assert select.select([listener], [], [], 10)[0]
        assert listener.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("given", [{}, {"NOTIFY_SOCKET": "/nobody/listens/here"}])
def test_a_card_without_a_manager_is_a_card_all_the_same(given: dict[str, str]) -> None:
    notifier = Notifier(given)
    assert notifier.turn(0.0) is None
    notifier.stopping()


class CountingWaker(Waker):
    """Time goes by at once; says when each sleep would have ended."""

    def __init__(self, card: SimulatedCard) -> None:
        super().__init__()
        self.card = card
        self.slept: list[float | None] = []

    def wait(self, until: float | None, clock: object) -> None:
        self.slept.append(until)
        assert until is not None
        self.card.clock.advance_to(until)


def test_a_card_that_sleeps_wakes_for_its_watchdog_alone(
    manager: Manager, store: FileKeyStore, settings: Settings
) -> None:
    card = SimulatedCard(settings, store)
    card.run(60)
    waker = CountingWaker(card)
    end = card.clock.now() + 50
    notifier = Notifier(environment(manager, 20))
    run(card.firmware, waker, card.clock, lambda: card.clock.now() >= end, notifier)
    said = manager.heard()
    assert said[:1] + said[-1:] == ["READY=1", "STOPPING=1"]
    assert said.count("WATCHDOG=1") == len(waker.slept) == 5
    waker.close()


def test_a_started_card_says_ready_alive_and_stopping(
    manager: Manager, store: FileKeyStore
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "device", "--store", store.directory, "--driver", "sim", "run"],
        env={**os.environ, **environment(manager, 0.2)},
        stderr=subprocess.DEVNULL,
    )
    try:
        said = [manager.next() for _ in range(4)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        said += manager.heard()
    finally:
        process.kill()
    assert said[:4] == ["READY=1", *["WATCHDOG=1"] * 3]
    assert said[-1] == "STOPPING=1"
