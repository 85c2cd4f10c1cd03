"""Starts an image in QEMU: its own kernel, first program, system and data, on a simulated board."""

import gzip
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from hardware.image import layout
from hardware.image.archive import archive, directory, file, link, program
from hardware.image.root import modules_for
from tests.image.hands import Hands
from tests.kernel import arm
from tests.kernel.qemu import device_tree
from tests.kernel.tools import run

HERE = Path(__file__).resolve().parent
#: A core and a memory like a Zero 2 W's.
MACHINE = ("-cpu", "cortex-a53", "-m", "512M", "-nodefaults", "-nographic", "-no-reboot")
#: What the kernel line has beyond the image's own: where to tell what happens, and the hands.
TOLD = (
    "console=ttyAMA0 loglevel=5 systemd.journald.forward_to_console=1 "
    "systemd.show_status=0 rdinit=/hands/init"
)
#: A card is larger than the image; this one's size is a power of two, which QEMU asks for.
CARD_SIZE = 512 * layout.MIB
#: Seconds for anything at all on a busy machine that emulates every instruction.
PATIENCE = 900


class Machine:
    """One start of the disk in `card`, until it is left, or goes off by itself."""

    def __init__(self, card: Path, work: Path) -> None:
        work.mkdir(parents=True)
        self.console = work / "console"
        self._port = work / "hands"
        boot = unpacked_boot(card, work / "boot")
        line = (boot / "cmdline.txt").read_text().strip()
        release = kernel_release(boot / "vmlinuz")
        with (boot / "initrd.img").open("ab") as memory:
            memory.write(gzip.compress(_hands(release)))
        command: tuple[str | Path, ...] = (
            *("qemu-system-aarch64", "-M", "virt", *MACHINE, "-serial", "stdio"),
            *("-kernel", boot / "vmlinuz", "-initrd", boot / "initrd.img"),
            *("-dtb", device_tree(work, MACHINE), "-append", f"{line} {TOLD}"),
            *("-device", "sdhci-pci", "-drive", f"id=card,if=none,format=raw,file={card}"),
            *("-device", "sd-card,drive=card", "-device", "virtio-rng-pci"),
            *("-chardev", f"socket,id=hands,path={self._port},server=on,wait=off"),
            *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=hands"),
        )
        self._output = self.console.open("wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> "Machine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()

    def hands(self) -> Hands:
        """Fingers and eyes, once the board is there."""
        cable = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                cable.connect(str(self._port))
                break
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError(self.told()) from None
                time.sleep(0.1)
        cable.settimeout(PATIENCE)
        return Hands(cable, self.told)

    def cut(self) -> None:
        """Pull the plug."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._output.close()

    def goes_off(self) -> int:
        """Wait until it switches itself off; QEMU's exit code."""
        return self._process.wait(PATIENCE)

    def told(self) -> str:
        """What stands on its console."""
        return self.console.read_text(errors="replace")


class Pi:
    """One start on QEMU's Raspberry Pi 3: the Pi's own device tree, clocks, pins and SD controller.

    Nothing is added to what the card brings. That machine has neither a display nor keys, and the
    Pi's own firmware does not run: QEMU loads what `config.txt` names.
    """

    def __init__(self, card: Path, work: Path) -> None:
        boot = unpacked_boot(card, work / "boot")
        self.console = work / "console"
        line = (boot / "cmdline.txt").read_text().strip()
        told = "console=ttyAMA0,115200 loglevel=5 systemd.journald.forward_to_console=1"
        command: tuple[str | Path, ...] = (
            *("qemu-system-aarch64", "-M", "raspi3b", "-nographic", "-no-reboot"),
            *("-monitor", "none", "-serial", "stdio"),
            *("-kernel", boot / "vmlinuz", "-initrd", boot / "initrd.img"),
            *("-dtb", boot / "bcm2837-rpi-3-b.dtb", "-append", f"{line} {told}"),
            *("-drive", f"if=sd,format=raw,file={card}"),
        )
        with self.console.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def until(self, words: str) -> str:
        """Wait until its console says this; returns all that it said."""
        deadline = time.monotonic() + PATIENCE
        while words not in (told := self.console.read_text(errors="replace")):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(f"it never said {words!r}, but:\n{told[-4000:]}")
            time.sleep(0.5)
        return told

    def cut(self) -> None:
        """Pull the plug."""
        self._process.kill()
        self._process.wait()


def new_card(image: Path, card: Path) -> None:
    """Flash the image onto a card."""
    shutil.copyfile(image, card)
    with card.open("r+b") as disk:
        disk.truncate(CARD_SIZE)


def unpacked_boot(card: Path, folder: Path) -> Path:
    """The files of the card's boot partition."""
    folder.mkdir(parents=True)
    run("mcopy", "-s", "-n", "-i", f"{card}@@{layout.BOOT.start}", "::/", folder)
    return folder


def kernel_release(kernel: Path) -> str:
    """The release that stands in the kernel itself."""
    data = kernel.read_bytes()
    at = data.index(b"Linux version ") + len(b"Linux version ")
    return data[at : data.index(b" ", at)].decode()


def _hands(release: str) -> bytes:
    """What the test adds to the kernel's memory: drivers for QEMU's parts, the board, the hands."""
    files, board = arm.board(release)
    modules = [*modules_for(files, arm.IMAGE_DRIVERS), *modules_for(files, ("i2c-dev",)), board]
    modules = list(dict.fromkeys(modules))
    order = "".join(f"{path.name}\n" for path in modules)
    return archive(
        [
            *(directory(name) for name in ("hands", "hands/modules")),
            *(link(f"bin/{name}", "busybox") for name in ("cp", "mkdir")),
            program("hands/init", (HERE / "hands.sh").read_bytes()),
            file("hands/loop", (HERE / "loop.sh").read_bytes()),
            *(file(f"hands/modules/{path.name}", path.read_bytes()) for path in modules),
            file("hands/modules/order", order.encode()),
        ]
    )
