"""`python -m hardware.image [FOLDER]`: the image, its manifest and its checksum into FOLDER."""

import argparse
import gzip
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from hardware.image import debian, disk, firmware, root, software
from hardware.image.steps import ImageError, run
from hardware.locked import ROOT, NotLocked

NAME = "challng-card"
#: Programs, and the Debian package of each.
NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "qemu-aarch64-static": "qemu-user-static",
    "mksquashfs": "squashfs-tools",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "sfdisk": "fdisk",
    "mke2fs": "e2fsprogs",
    "fdtput": "device-tree-compiler",
    "depmod": "kmod",
    "systemd-sysusers": "systemd",
    "git": "git",
}


def main() -> int:
    """Build; exit code 1 with a sentence when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m hardware.image", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build/image")
    parser.add_argument("--needs", action="store_true", help="print the Debian packages it needs")
    options = parser.parse_args()
    if options.needs:
        print(*NEEDED.values())
        return 0
    try:
        print(build(options.folder))
    except (ImageError, NotLocked) as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    return 0


def build(folder: Path) -> Path:
    """Make everything in `folder`; returns the image's path."""
    _check()
    epoch = source_date()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="image-", dir=folder) as name:
        work = Path(name)
        work.chmod(0o755)
        tree = work / "root"
        manifest = debian.unpack(tree)
        _say("unpacked")
        firmware.collect(tree, work / "boot")
        disk.boot_partition(work / "boot", work / "boot.img", epoch)
        root.keep_drivers(tree, root.DRIVERS)
        root.trim(tree)
        root.furnish(tree)
        root.add_users(tree, epoch)
        software.install(tree, work)
        _say("compiling")
        software.compile_all(tree)
        disk.root_partition(tree, work / "root.img", epoch)
        disk.data_partition(work / "data.img", epoch)
        disk.whole(work / "boot.img", work / "root.img", work / "data.img", work / "image")
        target = folder / f"{NAME}.img"
        (work / "image").rename(target)
        _say("packing")
        _write_beside(target, manifest, epoch)
    return target


def source_date() -> int:
    """The time that everything in the image has: SOURCE_DATE_EPOCH, or the commit's."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or run("git", "-C", ROOT, "log", "-1", "--format=%ct"))


def _write_beside(image: Path, manifest: str, epoch: int) -> None:
    packed = image.with_name(f"{image.name}.gz")
    with (
        image.open("rb") as source,
        packed.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in (image, packed)
    ]
    image.with_name(f"{NAME}.sha256").write_text("".join(sums))
    commit = run("git", "-C", ROOT, "rev-parse", "HEAD").strip()
    changed = " with changes" if run("git", "-C", ROOT, "status", "--porcelain") else ""
    image.with_name(f"{NAME}.manifest").write_text(
        f"commit {commit}{changed}\ntime {epoch}\ndebian {debian.SUITE} {debian.ARCHITECTURE}\n\n"
        f"{manifest}"
    )


def _check() -> None:
    if os.geteuid() != 0:
        raise ImageError("files in the image belong to root: run it as root")
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing:
        raise ImageError(f"install what is missing: `apt-get install {' '.join(missing)}`")


def _say(step: str) -> None:
    print(f"image: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
