"""Boots Debian's arm64 kernel in QEMU, with the guest's files in its memory."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.kernel.arm import DRIVERS, PACKAGES, BuiltArm
from tests.kernel.host import run_guest
from tests.kernel.tools import run

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which a guest that says nothing is given up; a login takes about a minute.
PATIENCE = 600
#: A core like a Zero 2 W's; other sorts take QEMU longer.
MACHINE = ("-cpu", "cortex-a53", "-m", "1G", "-nodefaults", "-nographic", "-no-reboot")
#: What a Pi's device tree says of itself: Zero 2 W 1.0, 512 MB.
IDENTITY = (
    ("-t", "s", "/", "model", "Raspberry Pi Zero 2 W Rev 1.0"),
    ("-p", "-t", "x", "/system", "linux,revision", "902120"),
)


def boot(built: BuiltArm, work: Path) -> dict[str, Any]:
    """Run `guest.py` in QEMU; returns what it wrote down.

    `work` is shared with the guest as /mnt, the project as /srv/challng, read-only.
    """
    shutil.copy(built.module, work / "board.ko")
    arguments = {
        "console": "ttyAMA0",
        "panic": "-1",
        "rdinit": "/srv/challng/tests/kernel/guest.sh",
        # What the kernel does not know becomes the environment of its first program.
        "CHALLNG_ROOT": "/srv/challng",
        "CHALLNG_PYTHON": "/usr/bin/python3",
        "CHALLNG_DRIVERS": ",".join(DRIVERS),
        "CHALLNG_MODULE": "/mnt/board.ko",
        "CHALLNG_LGPIO": PACKAGES,
    }
    memory = _memory(built, work)
    command: tuple[str | Path, ...] = (
        *("qemu-system-aarch64", "-M", "virt", *MACHINE, "-serial", "stdio"),
        *("-kernel", built.kernel, "-initrd", memory, "-dtb", device_tree(work, MACHINE)),
        *("-append", " ".join(f"{name}={value}" for name, value in arguments.items())),
        *_share("work", work, ""),
        *_share("project", ROOT, ",readonly=on"),
    )
    try:
        return run_guest(command, work, PATIENCE)
    finally:
        memory.unlink()


def _memory(built: BuiltArm, work: Path) -> Path:
    """The guest's files and, so that it can be the first program, `guest.sh`."""
    script = work / "first/srv/challng/tests/kernel/guest.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("guest.sh"), script)
    memory = work / "memory.cpio"
    shutil.copy(built.files, memory)
    with memory.open("ab") as archive:
        subprocess.run(
            "find . | cpio --quiet -o -H newc",
            shell=True,
            cwd=work / "first",
            stdout=archive,
            check=True,
        )
    return memory


def device_tree(work: Path, machine: Sequence[str]) -> Path:
    """QEMU's own for this machine, with a Pi's name."""
    tree = work / "machine.dtb"
    run("qemu-system-aarch64", "-M", f"virt,dumpdtb={tree}", *machine)
    for *options, node, name, value in IDENTITY:
        run("fdtput", *options, tree, node, name, value)
    return tree


def _share(name: str, folder: Path, more: str) -> tuple[str, ...]:
    return (
        *("-fsdev", f"local,id={name},path={folder},security_model=none{more}"),
        *("-device", f"virtio-9p-device,fsdev={name},mount_tag={name}"),
    )
