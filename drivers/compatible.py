"""Pin libraries that cannot stand together, or not on this board: found out before one is loaded.

RPi.GPIO and rpi-lgpio install a module of the same name, so that whichever came last has
overwritten the other. RPi.GPIO itself reaches into the processor of a Pi before the 5, and its
edges have been gone since kernel 6.6; a card that gets no edges would never wake.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import LibraryConflict

_RELEASE = Path("/proc/sys/kernel/osrelease")
_MODEL = Path("/proc/device-tree/model")
_NO_EDGES_SINCE = (6, 6)
_LUMA_GPIO = re.compile(
    r"^Requires-Dist: luma[._-](core|oled)\[[^\]\n]*gpio[^\]\n]*\](?!.*extra ==)", re.I | re.M
)


@dataclass(frozen=True)
class Machine:
    """What is installed (names as PyPI compares them), what asks for luma's pins, board, kernel."""

    packages: frozenset[str]
    luma_gpio: str = ""
    model: str = ""
    kernel: tuple[int, int] = (0, 0)


def this_machine(paths: Iterable[str] | None = None) -> Machine:
    """Look at the names of what is installed in `paths` (sys.path), and at /proc.

    importlib.metadata would read a file of every package for that: a second on a small Pi.
    """
    metadata = dict(_installed(sys.path if paths is None else paths))
    luma_gpio = ""
    if {"rpi-gpio", "rpi-lgpio"} & metadata.keys():
        luma_gpio = next((name for name, at in metadata.items() if _asks_for_luma_gpio(at)), "")
    release = re.match(r"(\d+)\.(\d+)", _read(_RELEASE))
    kernel = (int(release[1]), int(release[2])) if release else (0, 0)
    return Machine(frozenset(metadata), luma_gpio, _read(_MODEL), kernel)


def refuse_conflicts(machine: Machine) -> None:
    """Raise LibraryConflict if installed pin libraries overwrite each other."""
    if machine.luma_gpio:
        raise LibraryConflict(
            f"{machine.luma_gpio} asks for luma with its extra [gpio], which brings a second "
            "library for the pins; a display on I2C needs none: install luma.core without it"
        )
    if {"rpi-gpio", "rpi-lgpio"} <= machine.packages:
        raise LibraryConflict(
            "RPi.GPIO and rpi-lgpio are both installed (luma.core[gpio] brings the second), and "
            "each overwrites the other's module RPi: uninstall both, then install challng[pi]"
        )


def refuse_rpigpio(machine: Machine) -> None:
    """Raise LibraryConflict if RPi.GPIO, as the only library, does not work on this board."""
    if machine.model.startswith("Raspberry Pi 5"):
        raise LibraryConflict(
            "RPi.GPIO does not know the pins of a Raspberry Pi 5: install challng[pi]"
        )
    if machine.kernel >= _NO_EDGES_SINCE:
        found = ".".join(map(str, machine.kernel))
        raise LibraryConflict(
            f"RPi.GPIO gets no edges from a kernel of 6.6 or newer, and this is {found}, so the "
            "card would never wake: install challng[pi]"
        )


def _installed(paths: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Each package's name and the directory, or file, of its metadata."""
    for path in paths:
        try:
            entries = list(Path(path or ".").iterdir())
        except OSError:
            continue  # a zip file, or not there
        for entry in entries:
            if entry.suffix in (".dist-info", ".egg-info"):
                yield re.sub(r"[-_.]+", "-", entry.stem.split("-")[0]).lower(), entry


def _asks_for_luma_gpio(metadata: Path) -> bool:
    return bool(_LUMA_GPIO.search(_read(metadata / "METADATA")))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
