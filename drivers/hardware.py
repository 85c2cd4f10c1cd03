"""The processor's real pins, and whether this machine is one that has a card's pins at all."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from drivers.compatible import Machine, refuse_conflicts, refuse_rpigpio, this_machine
from drivers.errors import MissingLibrary, PinError
from drivers.lines import header_chip
from drivers.pins import PinFactory

MODEL_PATH = Path("/proc/device-tree/model")


def is_raspberry_pi(model: Path = MODEL_PATH) -> bool:
    """Say whether the device tree names a Raspberry Pi; without a device tree it does not."""
    try:
        return model.read_bytes().startswith(b"Raspberry Pi")
    except OSError:
        return False


def runtime_directory(environment: Mapping[str, str]) -> str:
    """Return a directory for files that live as long as the process: the unit's, else the user's.

    RUNTIME_DIRECTORY is what systemd sets for RuntimeDirectory=, several separated by colons.
    """
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        path = environment.get(name, "").split(":")[0]
        if path and Path(path).is_dir():
            return path
    return tempfile.gettempdir()


def real_pins(machine: Machine | None = None) -> PinFactory:
    """Open the processor's pins through gpiozero: on the kernel's lines, else on a library.

    The header's chip is found by its label. Where no chip has a known one, it is lgpio's turn, and
    RPi.GPIO's on older boards without that. Raises MissingLibrary if neither is installed,
    LibraryConflict if what is installed does not fit together or not to the board, PinError if the
    pins cannot be opened.
    """
    machine = machine or this_machine()
    refuse_conflicts(machine)
    chip = header_chip()
    if chip is not None:
        from drivers.kernel_pins import KernelFactory  # gpiozero is slow to import

        return _opened(lambda: KernelFactory(chip))
    # lgpio makes a FIFO at import, in LG_WD or in the working directory.
    os.environ.setdefault("LG_WD", runtime_directory(os.environ))
    try:
        module = importlib.import_module("gpiozero.pins.lgpio")
    except ImportError as error:
        if "rpi-gpio" not in machine.packages:
            raise MissingLibrary(
                f"the library for the Pi's pins is missing ({error}): install challng[pi]"
            ) from error
        refuse_rpigpio(machine)
        return _opened(lambda: importlib.import_module("gpiozero.pins.rpigpio").RPiGPIOFactory())
    return _opened(lambda: module.LGPIOFactory())


def _opened(factory: Callable[[], PinFactory]) -> PinFactory:
    try:
        return factory()
    except Exception as error:  # the pin libraries have nothing narrower in common
        raise PinError(
            f"the pins cannot be opened ({error}): is this a Raspberry Pi, "
            "and is this user in the group gpio?"
        ) from error
