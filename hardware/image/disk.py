"""Files become file systems, and these a disk: nothing is mounted, and the bytes are the same."""

import os
from pathlib import Path

from hardware.image import layout
from hardware.image.steps import ImageError, run


def boot_partition(files: Path, target: Path, epoch: int) -> None:
    """A FAT with these files, all as old as `epoch`."""
    part = layout.BOOT
    target.unlink(missing_ok=True)
    run(
        *("mkfs.vfat", "-F", "32", "-n", "CHALLNG"),
        *(
            "--invariant",
            "-i",
            layout.BOOT_ID.replace("-", ""),
            "-C",
            target,
            str(part.size // 1024),
        ),
    )
    names = sorted(files.iterdir())
    for path in names:
        os.utime(path, (epoch, epoch))
    environment = {"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    run("mcopy", "-m", "-i", target, *names, "::/", env=environment)


def root_partition(root: Path, target: Path, epoch: int) -> None:
    """A squashfs with this tree, owned by root throughout."""
    target.unlink(missing_ok=True)
    run(
        *("mksquashfs", root, target, "-quiet", "-no-progress", "-no-xattrs", "-comp", "zstd"),
        *("-b", "256K", "-all-root", "-all-time", str(epoch), "-mkfs-time", str(epoch)),
        *("-processors", "1"),
    )
    if target.stat().st_size > layout.ROOT.size:
        raise ImageError(
            f"the system has {target.stat().st_size} bytes and its partition {layout.ROOT.size}: "
            "leave something out (root.USELESS), or make the partition larger (layout.ROOT)"
        )


def data_partition(target: Path, epoch: int) -> None:
    """An empty ext4 with a journal and checksums; every block of its tables is written now.

    A card that is cut off on its first day must not have a table that was to be written later.
    """
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        file.truncate(layout.DATA.size)
    extended = (
        f"hash_seed={layout.DATA_HASH_SEED},root_owner=0:0,"
        "lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    )
    run(
        *("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-J", "size=8"),
        *("-O", "has_journal,metadata_csum,64bit,extent,^orphan_file", "-e", "remount-ro"),
        *("-L", "challng-data", "-U", layout.DATA_UUID, "-E", extended, target),
        env={"E2FSPROGS_FAKE_TIME": str(epoch), "MKE2FS_CONFIG": "/dev/null"},
    )


def whole(boot: Path, root: Path, data: Path, target: Path) -> None:
    """The disk: table and partitions, one after the other; what is empty is a hole in the file."""
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        file.truncate(layout.SIZE)
    table = layout.partition_table().encode()
    run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", target, stdin=table)
    for source, part in ((boot, layout.BOOT), (root, layout.ROOT), (data, layout.DATA)):
        run(
            *("dd", f"if={source}", f"of={target}", "bs=1M", f"seek={part.start // layout.MIB}"),
            *("conv=notrunc,sparse", "status=none"),
        )
