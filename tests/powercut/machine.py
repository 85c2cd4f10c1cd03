"""The machine around it: file systems, loop devices, mounts; and what of it is missing here."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.powercut.log import NAME

SIZE = 16 * 1024 * 1024
TRIES = 20
ROOT = Path(__file__).resolve().parents[2]


def missing() -> str | None:
    """What this machine lacks, in a few words; None when it has everything."""
    if os.geteuid() != 0:
        return "not root: mounting a file system needs it"
    if not Path("/dev/fuse").exists():
        return "/dev/fuse is missing"
    for program in ("mkfs.ext4", "losetup", "mount", "umount", "fusermount3"):
        if shutil.which(program) is None:
            return f"{program} is missing"
    if subprocess.run(("losetup", "-f"), capture_output=True, check=False).returncode:
        return "no loop device is to be had"
    if importlib.util.find_spec("mfusepy") is None:
        return "mfusepy is missing"
    return None


def make_filesystem(image: Path) -> None:
    """An empty ext4, as a card has it but small."""
    with image.open("wb") as file:
        file.truncate(SIZE)
    _run("mkfs.ext4", "-q", "-F", "-b", "4096", image)


class Unmountable(Exception):
    """The kernel finds no file system in an image."""


@contextmanager
def mounted(image: Path, directory: Path) -> Iterator[Path]:
    """The file system in `image`, on a loop device; its journal is replayed first."""
    directory.mkdir(exist_ok=True)
    device = _loop_device(image)
    try:
        try:
            _run("mount", device, directory)
        except RuntimeError as error:
            raise Unmountable(str(error)) from error
        try:
            yield directory
        finally:
            _run("umount", directory)
    finally:
        _run("losetup", "-d", device)


def _loop_device(image: Path) -> str:
    """A loop device on `image`. Others on this machine may take the free one first: then again."""
    for _ in range(TRIES):
        command = ("losetup", "--find", "--show", image)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    raise RuntimeError(f"no loop device for {image}: {done.stderr.strip()}")


@contextmanager
def medium(image: Path, log: Path, directory: Path) -> Iterator[Path]:
    """The file of a medium that starts as `image` and writes down in `log`."""
    directory.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.powercut.medium", image, log, directory], cwd=ROOT
    )
    try:
        while not (directory / NAME).exists():
            if process.poll() is not None:
                raise RuntimeError(f"the medium ended by itself, exit code {process.returncode}")
            os.sched_yield()
        yield directory / NAME
    finally:
        _run("umount", directory)
        process.wait(60)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
