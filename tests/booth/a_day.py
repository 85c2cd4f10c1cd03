"""A day at the booth: VISITORS (2,000) in a row, and at its end the booth is as it was.

Each does something else; one of five hundred goes away without a word and is waited for. Memory,
open files and what lies in memory's file system are looked at after each; the median of an early
part of the day is compared with that of the last part.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.booth.served import Booth
from tests.booth.visitors import KINDS, Page, falls_silent
from tests.load.process import held

VISITORS = int(os.environ.get("VISITORS", "2000"))
SILENT = 500
_ALLOWED_KILOBYTES = 8_192
_ALLOWED_BYTES = 65_536


@dataclass(frozen=True)
class Look:
    """What the booth and its card hold after a visitor."""

    resident: int
    private: int
    handles: int
    files: int
    size: int


def look(booth: Booth) -> Look:
    kept = held(booth.pid)
    files = [each for room in booth.rooms for each in room.rglob("*") if each.is_file()]
    return Look(
        sum(resident(pid) for pid in (booth.pid, *booth.children())),
        kept.kilobytes,
        kept.files,
        len(files),
        sum(each.stat().st_size for each in files),
    )


def resident(pid: int) -> int:
    """Kilobytes of a process in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(pid)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return tell


def test_a_day_of_visitors_leaves_the_booth_as_it_was(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    looks: list[Look] = []
    with Booth(tmp_path) as booth, Page(booth.url) as page:
        card = booth.children()
        page.until_stage("attract")
        for number in range(VISITORS):
            visitor = falls_silent if number % SILENT == 10 else KINDS[number % len(KINDS)]
            visitor(page)
            looks.append(look(booth))
            if (number + 1) % max(1, VISITORS // 10) == 0:
                told(f"{number + 1} visitors: {looks[-1]}")
        assert booth.children() == card, "the card lived through the day"
        page.close()
        assert booth.stop() == 0, booth.log()
    told(booth.said.strip())
    assert f"{VISITORS} visitors" in booth.said
    assert "0 break-ins" in booth.said
    assert booth.rooms == []
    assert booth.log() == ""
    early = looks[VISITORS // 10 : 3 * VISITORS // 10]
    late = looks[-VISITORS // 5 :]
    for name in ("resident", "private", "handles", "files", "size"):
        first, last = (median(getattr(each, name) for each in part) for part in (early, late))
        told(f"{name}: {first:.0f} early, {last:.0f} late")
        allowed = {"handles": 0, "files": 0, "size": _ALLOWED_BYTES}.get(name, _ALLOWED_KILOBYTES)
        assert last <= first + allowed, name
