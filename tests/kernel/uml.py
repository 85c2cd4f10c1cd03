"""Boots the kernel on this machine's own files, which it may only read."""

import sys
from pathlib import Path
from typing import Any

from tests.kernel.build import Built
from tests.kernel.host import run_guest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: Seconds after which a guest that says nothing is given up; a login takes about ten.
PATIENCE = 240


def boot(built: Built, work: Path) -> dict[str, Any]:
    """Run `guest.py` in a kernel of its own; returns what it wrote down.

    `work` is the one folder of this machine that the guest can write. It finds the card's store in
    `work/store`, and leaves `report.json`, the card's log and the store as it was at the end.
    """
    arguments = {
        "root": "/dev/root",
        "rootfstype": "hostfs",
        "hostfs": "/",
        "mem": "512M",
        "con": "null",
        "con0": "null,fd:1",
        "uml_dir": f"{work}/",
        "init": HERE / "guest.sh",
        # What the kernel does not know becomes the environment of its first program.
        "CHALLNG_ROOT": ROOT,
        "CHALLNG_PYTHON": sys.executable,
        "CHALLNG_WORK": work,
        "CHALLNG_MODULE": built.module,
        "CHALLNG_LGPIO": built.lgpio,
    }
    command_line = [f"{name}={value}" for name, value in arguments.items()]
    return run_guest([built.kernel, "ro", "quiet", *command_line], work, PATIENCE)
