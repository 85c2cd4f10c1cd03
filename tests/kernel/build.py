"""Builds what the kernel test runs on: a User-Mode Linux, the board's module, lgpio.

Each lies in a folder of the cache that is named after a hash of its inputs, and is built once.
`python -m tests.kernel.build` builds all and prints where they are.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.kernel.tools import CannotBuild, digest, install, once, run, succeeds

HERE = Path(__file__).resolve().parent
PACKAGE = "linux-source-6.1"
ARCHIVE = Path(f"/usr/src/{PACKAGE}.tar.xz")
LGPIO = "lgpio==0.2.2.0"
#: Programs that the build calls, and the guest (insmod), and the Debian package of each.
PROGRAMS = {
    "gcc": "build-essential",
    "make": "make",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "insmod": "kmod",
}
#: Lines of the kernel that are too small for what is asked of it here: file, old, new.
EDITS = (
    # The floating point state that ptrace copies has grown with the processors.
    (
        "arch/x86/um/user-offsets.c",
        "DEFINE_LONGS(HOST_FP_SIZE, 2696);",
        "DEFINE_LONGS(HOST_FP_SIZE, 11264);",
    ),
    # One interrupt for each of the board's lines.
    (
        "arch/um/include/asm/irq.h",
        "#define NR_IRQS\t\t\tUM_LAST_SIGNAL_IRQ",
        "#define NR_IRQS\t\t\t(UM_LAST_SIGNAL_IRQ + 64)",
    ),
)


@dataclass(frozen=True)
class Built:
    """Where the parts are: the kernel (a program), the module, a folder with lgpio."""

    kernel: Path
    module: Path
    lgpio: Path


def build() -> Built:
    """Everything, from the cache where it is there."""
    tree = _kernel()
    return Built(tree / "linux", _module(tree), _lgpio())


def _kernel() -> Path:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not ARCHIVE.exists():
        missing.append(PACKAGE)
    if missing:
        install(missing)
    version = run("dpkg-query", "-W", "-f", "${Version}", PACKAGE)
    key = digest(version, str(EDITS), (HERE / "uml.config").read_text())

    def make(folder: Path) -> None:
        run("tar", "-xJf", ARCHIVE, "--strip-components=1", "-C", folder)
        for name, old, new in EDITS:
            path = folder / name
            text = path.read_text()
            if old not in text:
                raise CannotBuild(f"{name} of {PACKAGE} {version} has no line {old!r}: see EDITS")
            path.write_text(text.replace(old, new))
        command = ("make", "-C", folder, "ARCH=um", f"-j{os.cpu_count()}")
        run(*command, "defconfig")
        with (folder / ".config").open("a") as config:
            config.write((HERE / "uml.config").read_text())
        run(*command, "olddefconfig")
        _check_config(folder / ".config")
        run(*command, "linux", "modules")

    return once("kernel", key, make)


def _check_config(path: Path) -> None:
    """Kconfig drops in silence what it cannot have."""
    have = set(path.read_text().splitlines())
    wanted = [line for line in (HERE / "uml.config").read_text().splitlines() if line[:1] == "C"]
    if missing := [line for line in wanted if line not in have]:
        raise CannotBuild(f"the kernel did not take {', '.join(missing)}: see uml.config")


def _module(tree: Path) -> Path:
    sources = sorted((HERE / "board").iterdir())
    key = digest(tree.name, *(f"{path.name}\n{path.read_text()}" for path in sources))

    def make(folder: Path) -> None:
        for path in sources:
            shutil.copy(path, folder)
        run("make", "-C", tree, "ARCH=um", f"M={folder}", "W=1", "modules")

    return once("board", key, make) / "challng_board.ko"


def _lgpio() -> Path:
    """lgpio is no dependency of the tests' own environment: it has no wheel for every Python."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")

    def make(folder: Path) -> None:
        if not succeeds(*pip, "--only-binary", ":all:", "--target", folder, LGPIO):
            if not shutil.which("swig"):
                install(["swig", f"libpython3.{sys.version_info.minor}-dev"])
            os.environ["PYPI"] = "1"  # lgpio's sources then bring their own copy of the C library
            run(*pip, "--target", folder, LGPIO)

    return once("lgpio", digest(LGPIO, sys.version), make)


if __name__ == "__main__":
    try:
        built = build()
    except CannotBuild as error:
        sys.exit(str(error))
    print(built.kernel, built.module, built.lgpio, sep="\n")
