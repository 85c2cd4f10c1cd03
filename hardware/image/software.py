"""The card's own software in /opt/challng: wheels from the lock file, and the firmware."""

import shutil
import sys
from pathlib import Path

from hardware.firmware_files import copy
from hardware.image.steps import run
from hardware.locked import locked

#: Where Python finds all of it.
PLACE = Path("opt/challng/lib")
#: What a card runs; it has no verifier, and nothing that makes keys.
FIRMWARE = ("protocol", "drivers", "device")
PYTHON = "3.11"
PLATFORMS = ("manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64")


def install(root: Path, work: Path) -> None:
    """Put wheels and firmware into `root`; nothing is compiled yet."""
    wanted = work / "requirements.txt"
    wanted.write_text(locked())
    place = root / PLACE
    run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-compile", "--only-binary", ":all:", "--require-hashes"),
        *("--python-version", PYTHON.replace(".", ""), "--target", place, "-r", wanted),
        *(part for name in PLATFORMS for part in ("--platform", name)),
    )
    shutil.rmtree(place / "bin", ignore_errors=True)
    copy(FIRMWARE, place)


def compile_all(root: Path) -> None:
    """Compile every module, by the image's own Python, one after the other.

    A Zero needs half a minute to compile them at each start, and may not write them. Compiled
    files carry the hash of their source and not its time. One process does all, so that what is
    interned, and with it the bytes, is the same each time.
    """
    python = root / "usr/bin" / f"python{PYTHON}"
    run(
        *("qemu-aarch64-static", "-L", root, python, "-IB", "-m", "compileall", "-q"),
        *("--invalidation-mode", "unchecked-hash", "-s", root, "-p", "/"),
        *(root / "usr/lib" / f"python{PYTHON}", root / PLACE),
        env={"PYTHONHASHSEED": "0"},
    )
