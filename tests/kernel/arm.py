"""Builds what the same test runs on in QEMU: Debian's arm64 kernel and files, aarch64 wheels.

Nothing of arm64 is run while building: packages are unpacked, not installed.
`python -m tests.kernel.arm` builds all and prints where they are.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hardware.image.software import PLATFORMS
from hardware.locked import locked
from tests.kernel.build import ARCHIVE, LGPIO, PACKAGE
from tests.kernel.tools import CannotBuild, digest, install, once, run

HERE = Path(__file__).resolve().parent
SUITE = "bookworm"
#: What the build needs, and the Debian package of each.
NEEDED = {
    "/usr/bin/qemu-system-aarch64": "qemu-system-arm",
    "/usr/bin/aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "/usr/bin/mmdebstrap": "mmdebstrap",
    "/usr/bin/make": "make",
    "/usr/bin/cpio": "cpio",
    "/usr/bin/fdtput": "device-tree-compiler",
    "/usr/sbin/depmod": "kmod",
    "/usr/lib/linux-kbuild-6.1": "linux-kbuild-6.1",
    str(ARCHIVE): PACKAGE,
}
#: The guest's own packages; python3 is what the card runs on.
DEBIAN = ("linux-image-arm64", "python3", "kmod", "mount", "coreutils", "dash")
#: Drivers that this kernel has as modules.
DRIVERS = ("configfs", "i2c-dev", "virtio_mmio", "9pnet_virtio", "9p")
#: And those with which a card's image is started: a disk, a random number generator, a cable.
IMAGE_DRIVERS = ("virtio_pci", "virtio_console", "virtio_rng", "sdhci-pci")
#: Where the guest finds its Python packages.
PACKAGES = Path("/srv/packages")
#: The kernel's headers come with the kernel, so that the module always fits.
HEADERS = (
    'mkdir "$1/headers" && cd "$1/headers" && release=$(ls "$1/lib/modules") && '
    "APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download "
    '"linux-headers-$release" "linux-headers-${release%-arm64}-common"'
)
#: Where a module has no way to a simulated interrupt's descriptor but this one.
IRQ_SIM_EDIT = ("irq_to_desc(irqnum)", "irq_data_to_desc(irq_get_irq_data(irqnum))")
CARD_PROGRAM = """#!/usr/bin/python3
import sys
from device.cli import main
sys.exit(main())
"""


@dataclass(frozen=True)
class BuiltArm:
    """Where the parts are: the kernel, the guest's files as a cpio archive, the module."""

    kernel: Path
    files: Path
    module: Path


def build() -> BuiltArm:
    """Everything, from the cache where it is there."""
    if missing := [package for path, package in NEEDED.items() if not Path(path).exists()]:
        install(missing)
    debian = _debian()
    (kernel,) = (debian / "root/boot").glob("vmlinuz-*")
    return BuiltArm(kernel, _files(debian), _module(debian))


def board(release: str) -> tuple[Path, Path]:
    """Debian's files with the drivers, and the module, for a kernel of this release."""
    if missing := [package for path, package in NEEDED.items() if not Path(path).exists()]:
        install(missing)
    debian = _debian()
    (found,) = (path.name for path in (debian / "root/lib/modules").iterdir())
    if found != release:
        raise CannotBuild(
            f"{debian} has kernel {found}, and the image {release}: remove that folder, so that it "
            "is fetched anew; if that does not help, make the image anew"
        )
    return debian / "root", _module(debian)


def _debian() -> Path:
    """Debian's files, without what the guest has no use for, and the kernel's headers."""

    def make(folder: Path) -> None:
        root = folder / "root"
        run(
            *("mmdebstrap", "--quiet", "--variant=extract", "--architectures=arm64"),
            *(f"--include={','.join(DEBIAN)}", f"--extract-hook={HEADERS}", SUITE, root),
        )
        for package in sorted((root / "headers").iterdir()):
            run("dpkg-deb", "-x", package, folder / "headers")
        _place_headers(folder / "headers/usr")
        for name in ("headers", "var", "usr/share"):
            shutil.rmtree(root / name)
        _keep_drivers(root)
        # This machine's Python compiles for the guest's where both are 3.11.
        subprocess.run(
            [sys.executable, "-m", "compileall", "-q", "-s", root, root / "usr/lib/python3.11"],
            check=False,
            capture_output=True,
        )

    return once("arm-debian", digest(SUITE, *DEBIAN, *DRIVERS, *IMAGE_DRIVERS, HEADERS), make)


def _keep_drivers(root: Path) -> None:
    """Remove every module that is neither in DRIVERS nor needed by one that is."""
    release = next((root / "lib/modules").iterdir()).name
    depmod = ("depmod", "--basedir", root, release)
    run(*depmod)
    told = run(
        *("modprobe", "--dirname", root, "--set-version", release, "--show-depends", "--all"),
        *DRIVERS,
        *IMAGE_DRIVERS,
    )
    keep = {Path(path).name for path in re.findall(r"^insmod (\S+)", told, re.MULTILINE)}
    for module in (root / "lib/modules").rglob("*.ko"):
        if module.name not in keep:
            module.unlink()
    run(*depmod)


def _files(debian: Path) -> Path:
    """Debian's files and the card's wheels as the kernel unpacks them into its memory."""
    wanted = locked()

    def make(folder: Path) -> None:
        (folder / "requirements.txt").write_text(wanted)
        more = folder / "more"
        packages = more / PACKAGES.relative_to("/")
        pip: tuple[str | Path, ...] = (
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--only-binary", ":all:", "--python-version", "311", "--target", packages),
            *(part for name in PLATFORMS for part in ("--platform", name)),
        )
        run(*pip, "--require-hashes", "-r", folder / "requirements.txt")
        run(*pip, LGPIO)
        program = more / "usr/bin/challng-card"
        program.parent.mkdir(parents=True)
        program.write_text(CARD_PROGRAM)
        program.chmod(0o755)
        with (folder / "files.cpio").open("wb") as archive:
            for part in (debian / "root", more):
                subprocess.run(
                    "find . -path ./boot -prune -o -print | cpio --quiet -o -H newc",
                    shell=True,
                    cwd=part,
                    stdout=archive,
                    check=True,
                )

    key = digest(debian.name, wanted, LGPIO, CARD_PROGRAM, *PLATFORMS)
    return once("arm-files", key, make) / "files.cpio"


def _module(debian: Path) -> Path:
    sources = sorted((HERE / "board").iterdir())
    version = run("dpkg-query", "-W", "-f", "${Version}", PACKAGE)
    texts = (f"{path.name}\n{path.read_text()}" for path in sources)
    key = digest(debian.name, version, *IRQ_SIM_EDIT, *texts)

    def make(folder: Path) -> None:
        for path in sources:
            shutil.copy(path, folder)
        # Debian's kernel has no simulated interrupts: the module brings them along.
        old, new = IRQ_SIM_EDIT
        text = run("tar", "-xJOf", ARCHIVE, f"{PACKAGE}/kernel/irq/irq_sim.c")
        if old not in text:
            raise CannotBuild(f"irq_sim.c of {PACKAGE} {version} has no {old!r}: see IRQ_SIM_EDIT")
        (folder / "irq_sim.c").write_text(text.replace(old, new))
        (headers,) = (debian / "headers/usr/src").glob("linux-headers-*-arm64")
        command = ("make", "-C", headers, "ARCH=arm64", "CC=aarch64-linux-gnu-gcc")
        run(*command, "CROSS_COMPILE=aarch64-linux-gnu-", f"M={folder}", "W=1", "modules")

    return once("arm-board", key, make) / "challng_board.ko"


def _place_headers(folder: Path) -> None:
    """Let the headers be used where they lie, with this machine's programs for a build."""
    (common,) = (folder / "src").glob("linux-headers-*-common")
    (headers,) = (folder / "src").glob("linux-headers-*-arm64")
    (headers / "Makefile").write_text(f"include {common}/Makefile\n")
    (folder / "lib").mkdir(exist_ok=True)
    (folder / "lib/linux-kbuild-6.1").symlink_to("/usr/lib/linux-kbuild-6.1")


if __name__ == "__main__":
    try:
        built = build()
    except CannotBuild as error:
        sys.exit(str(error))
    print(built.kernel, built.files, built.module, sep="\n")
