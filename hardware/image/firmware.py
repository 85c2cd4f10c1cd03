"""The boot partition's files: the Pi's own firmware, kernel, trees, and what a person sets."""

import shutil
from pathlib import Path

from hardware.image.first import initrd
from hardware.image.root import release_of
from hardware.image.steps import run
from hardware.settings import CABLE_PORT, HALT_REQUEST, card_toml

BOOT = Path(__file__).with_name("boot")
#: The boards whose header Debian's kernel drives (a Pi 5's it does not).
BOARDS = (
    *("bcm2837-rpi-3-a-plus", "bcm2837-rpi-3-b", "bcm2837-rpi-3-b-plus", "bcm2837-rpi-zero-2-w"),
    *("bcm2711-rpi-4-b", "bcm2711-rpi-400"),
)
#: Properties of every board's tree. The display's bus at 400 kHz; the USB port a gadget's, for the
#: pairing cable; the port that the radio hangs on switched off.
PROPERTIES = (
    ("/soc/i2c@7e804000", "clock-frequency", "u", "400000"),
    ("/soc/usb@7e980000", "dr_mode", "s", "peripheral"),
    ("/soc/mmc@7e300000", "status", "s", "disabled"),
)


def collect(root: Path, boot: Path) -> None:
    """Fill `boot` out of Debian's unpacked files in `root`."""
    boot.mkdir()
    release = release_of(root)
    for path in sorted((root / "usr/lib/raspi-firmware").iterdir()):
        shutil.copyfile(path, boot / path.name)
    licence = root / "usr/share/doc/raspi-firmware/copyright"
    shutil.copyfile(licence, boot / "LICENCE.firmware.txt")
    shutil.copyfile(root / "boot" / f"vmlinuz-{release}", boot / "vmlinuz")
    (boot / "initrd.img").write_bytes(initrd(root))
    for board in BOARDS:
        tree = boot / f"{board}.dtb"
        shutil.copyfile(root / f"usr/lib/linux-image-{release}/broadcom/{board}.dtb", tree)
        for node, name, kind, value in PROPERTIES:
            run("fdtput", "-t", kind, tree, node, name, value)
    for name in ("config.txt", "cmdline.txt", "README.txt"):
        shutil.copyfile(BOOT / name, boot / name)
    settings = card_toml(halt_request=HALT_REQUEST, port=CABLE_PORT)
    (boot / "card.toml").write_text(settings)
