"""The files that a card's kernel starts with, in its memory: they find the disk and mount it.

No generator of Debian's makes them: that takes twenty minutes under emulation, and brings a
hundred things that a card has not. These are two programs, a dozen drivers and `boot/init`.
"""

import gzip
from pathlib import Path

from hardware.image import layout
from hardware.image.archive import Entry, archive, directory, file, link, program
from hardware.image.root import modules_for

INIT = Path(__file__).with_name("boot") / "init"
#: What has to be there before the root is.
DRIVERS = (
    *("bcm2835-rng", "iproc-rng200", "sdhci-iproc", "bcm2835"),
    *("crc32c_generic", "squashfs", "ext4", "vfat", "nls_ascii", "nls_cp437"),
)
COMMANDS = (
    *("cat", "echo", "findfs", "insmod", "mount", "mv", "reboot", "sh", "sleep", "switch_root"),
    *("sync", "tr"),
)


def initrd(root: Path) -> bytes:
    """The archive, compressed, out of Debian's unpacked files."""
    return gzip.compress(archive(_entries(root)), compresslevel=9, mtime=0)


def _entries(root: Path) -> list[Entry]:
    modules = modules_for(root, DRIVERS)
    order = "".join(f"{path.name}\n" for path in modules)
    script = INIT.read_text().replace("@DATA_UUID@", layout.DATA_UUID)
    return [
        *(directory(name) for name in ("bin", "dev", "modules", "proc", "run", "sys", "system")),
        program("init", script.encode()),
        program("bin/busybox", (root / "usr/bin/busybox").read_bytes()),
        *(link(f"bin/{name}", "busybox") for name in COMMANDS),
        program("bin/e2fsck", (root / "usr/sbin/e2fsck.static").read_bytes()),
        *(file(f"modules/{path.name}", path.read_bytes()) for path in modules),
        file("modules/order", order.encode()),
    ]
