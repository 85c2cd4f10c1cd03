"""A started card keeps its memory to itself, as far as the system lets it."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from device import memory
from device.keystore import FileKeyStore


class StartedCard:
    """`challng-card run` on simulated parts, up and waiting."""

    def __init__(self, store: FileKeyStore) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "device", "--store", store.directory, "--driver", "sim", "run"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if "card on sim parts" in line:
                return
        raise AssertionError(self.said)

    def read(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()


@pytest.fixture
def started(store: FileKeyStore) -> Iterator[StartedCard]:
    card = StartedCard(store)
    yield card
    card.process.terminate()
    card.process.communicate(timeout=60)


def field(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(name)]
    return line.removeprefix(name).split()


def test_a_started_card_leaves_no_core(started: StartedCard) -> None:
    assert field(started.read("limits"), "Max core file size")[:2] == ["0", "0"]


def test_a_started_card_is_locked_into_memory_or_says_why_not(started: StartedCard) -> None:
    status = started.read("status")
    locked, resident = (int(field(status, name)[0]) for name in ("VmLck:", "VmRSS:"))
    if memory.may_lock():
        assert locked >= resident  # all of it, and what it may yet touch
        assert "may be swapped" not in started.said
    else:
        assert locked == 0
        assert "memory may be swapped: locking it needs LimitMEMLOCK=infinity" in started.said


def test_other_processes_may_not_look_into_it() -> None:
    code = (
        "import ctypes; from device.memory import protect; protect(); "
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_nothing_is_locked_under_a_finite_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (8 << 20, 8 << 20))
    monkeypatch.setattr(Path, "read_text", lambda *_: "Name:\tx\nCapEff:\t0000000000000000\n")
    assert not memory.may_lock()


def test_a_process_with_the_capability_needs_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (8 << 20, 8 << 20))
    monkeypatch.setattr(Path, "read_text", lambda *_: "CapEff:\t0000000000004000\n")
    assert memory.may_lock()
