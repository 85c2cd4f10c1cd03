"""The processor's real pins, and whether this machine is one that has a card's pins at all."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

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


def real_pins() -> PinFactory:
    """Open the processor's pins through gpiozero: on the kernel's lines, else on lgpio.

    The header's chip is found by its label. Where no chip has a known one, lgpio chooses.
    Raises MissingLibrary if it is lgpio's turn and it is not installed, PinError if the pins
    cannot be opened.
    """
    chip = header_chip()
    if chip is not None:
        return _kernel_pins(chip)
    # lgpio makes a FIFO at import, in LG_WD or in the working directory.
    os.environ.setdefault("LG_WD", runtime_directory(os.environ))
    try:
        module = importlib.import_module("gpiozero.pins.lgpio")
    except ImportError as error:
        raise MissingLibrary(
            f"the library for the Pi's pins is missing ({error}): install challng[pi]"
        ) from error
    try:
        factory: PinFactory = module.LGPIOFactory()
    except Exception as error:  # lgpio and gpiozero have nothing narrower in common
        raise _cannot_open(error) from error
    return factory


def _kernel_pins(chip: Path) -> PinFactory:
    from drivers.kernel_pins import KernelFactory  # gpiozero is slow to import

    try:
        factory: PinFactory = KernelFactory(chip)
    except Exception as error:  # gpiozero has nothing narrower
        raise _cannot_open(error) from error
    return factory


def _cannot_open(error: Exception) -> PinError:
    return PinError(
        f"the pins cannot be opened ({error}): is this a Raspberry Pi, "
        "and is this user in the group gpio?"
    )
