"""What the loop sleeps on, with a real pipe and a real pseudo-terminal."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.wake import Waker
from drivers.errors import CableCut
from drivers.sim.cable import PtyCable


@pytest.fixture
def waker() -> Iterator[Waker]:
    waker = Waker()
    yield waker
    waker.close()


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[PtyCable]:
    cable = PtyCable(tmp_path / "cable")
    cable.open()
    yield cable
    cable.unplug()


def test_a_cable_that_has_something_wakes(waker: Waker, cable: PtyCable) -> None:
    far = os.open(cable.name, os.O_RDWR | os.O_NOCTTY)
    waker.watch = cable
    os.write(far, b"x")
    waker.wait(time.monotonic() + 60, time.monotonic)
    assert cable.read() == b"x"
    os.close(far)
    waker.wait(time.monotonic() + 60, time.monotonic)
    with pytest.raises(CableCut):
        cable.read()


def test_a_cable_that_takes_again_what_it_did_not_take_wakes(waker: Waker, cable: PtyCable) -> None:
    far = os.open(cable.name, os.O_RDWR | os.O_NOCTTY)
    os.write(far, b"x")
    waker.watch = cable
    waker.wait(None, float)
    cable.read()
    left = 200_000
    cable.write(bytes(left))

    def read_all() -> None:
        nonlocal left
        while left:
            left -= len(os.read(far, left))

    reader = threading.Thread(target=read_all, daemon=True)
    reader.start()
    while cable.unsent:
        waker.wait(time.monotonic() + 10, time.monotonic)
        cable.read()
    reader.join(10)
    assert left == 0
    assert waker.wakes < 2000
    os.close(far)


def test_an_open_cable_with_nothing_on_it_sleeps_on(waker: Waker, cable: PtyCable) -> None:
    waker.watch = cable
    times = iter([0.0, 1.0])
    waker.wait(0.001, lambda: next(times))
    assert waker.wakes == 1
    waker.set()
    waker.wait(None, float)
