"""The store after a power cut: every acknowledged key is there, and no counter comes twice."""

import os
from pathlib import Path

import pytest

from device.files import Disk, RealDisk
from tests.powercut.aftermath import faults
from tests.powercut.machine import missing
from tests.powercut.work import record

CUTS = int(os.environ.get("CUTS", "60"))
CUTS_UNTIL_FOUND = 20


@pytest.fixture(autouse=True)
def _able() -> None:
    lacking = missing()
    if lacking is not None:
        pytest.skip(lacking)


def found(folder: Path, disk: Disk, cuts: int) -> list[str]:
    work = record(folder, disk)
    assert len(work.steps) > 50
    return faults(work, folder, cuts)


def test_no_counter_is_reused_no_key_lost_no_store_unreadable(tmp_path: Path) -> None:
    assert found(tmp_path, RealDisk(), CUTS) == []


class NeverFlushes(RealDisk):
    """Writes as the real one, and flushes nothing."""

    def fsync(self, handle: int) -> None:
        pass

    def fsync_directory(self, directory: Path) -> None:
        pass


class ForgetsTheFile(RealDisk):
    """Flushes the name of a file, and not what is in it."""

    def fsync(self, handle: int) -> None:
        pass


class ForgetsTheDirectory(RealDisk):
    """Flushes what is in a file, and not that the file has a name."""

    def fsync_directory(self, directory: Path) -> None:
        pass


@pytest.mark.parametrize(
    ("disk", "kind"),
    [
        (NeverFlushes, "lost key"),
        (ForgetsTheFile, "unreadable store"),
        (ForgetsTheDirectory, "reused counter"),
    ],
)
def test_a_store_that_leaves_a_flush_out_is_found_out(
    disk: type[Disk], kind: str, tmp_path: Path
) -> None:
    """The cuts are real: without its flushes the same store fails them."""
    told = found(tmp_path, disk(), CUTS_UNTIL_FOUND)
    assert kind in {fault.split(": ")[1] for fault in told}
