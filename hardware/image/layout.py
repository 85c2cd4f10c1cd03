"""Where what lies on the card's disk, and the names by which its parts find each other."""

from dataclasses import dataclass

MIB = 1 << 20
SECTOR = 512


@dataclass(frozen=True)
class Partition:
    """One partition: its number, where it begins, how large it is (bytes), its type for the MBR."""

    number: int
    start: int
    size: int
    kind: str


#: What the Pi's own firmware reads: a FAT that any computer opens.
BOOT = Partition(1, 4 * MIB, 128 * MIB, "c")
#: The system, a squashfs: it cannot be written at all.
ROOT = Partition(2, BOOT.start + BOOT.size, 128 * MIB, "83")
#: The only place that a card writes to, mounted at /var/lib.
DATA = Partition(3, ROOT.start + ROOT.size, 64 * MIB, "83")
SIZE = DATA.start + DATA.size
#: An update writes this much of a new image over the old one, and leaves the data as it is.
SYSTEM_SIZE = DATA.start

DISK_ID = "0x43484c47"
BOOT_ID = "4348-4C47"
DATA_UUID = "c4a11e46-0001-4000-8000-000000000001"
DATA_HASH_SEED = "c4a11e46-0002-4000-8000-000000000002"


def partition_table() -> str:
    """The table, as sfdisk reads it."""
    lines = ["label: dos", f"label-id: {DISK_ID}", "unit: sectors", ""]
    for part in (BOOT, ROOT, DATA):
        start, size = part.start // SECTOR, part.size // SECTOR
        active = ", bootable" if part is BOOT else ""
        lines.append(f"start={start}, size={size}, type={part.kind}{active}")
    return "\n".join(lines) + "\n"
