"""A medium that writes down what reaches it: one file in FUSE, over an image in memory.

python -m tests.powercut.medium IMAGE LOG MOUNTPOINT
"""

import errno
import stat
import sys
from pathlib import Path
from typing import Any

from mfusepy import FUSE, FuseOSError, Operations

from tests.powercut.log import ENTRY, FLUSH, NAME


class Medium(Operations):
    """The file `medium`. A flush is an entry like a write, so that their order is kept."""

    use_ns = True

    def __init__(self, image: Path, log: Path) -> None:
        self._bytes = bytearray(image.read_bytes())
        self._log = log.open("wb", buffering=0)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
        if path == f"/{NAME}":
            return {
                "st_mode": stat.S_IFREG | 0o600,
                "st_nlink": 1,
                "st_size": len(self._bytes),
            }
        raise FuseOSError(errno.ENOENT)

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", NAME]

    def open(self, path: str, flags: int) -> int:
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._bytes[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._bytes[offset : offset + len(data)] = data
        self._log.write(ENTRY.pack(offset, len(data)) + data)
        return len(data)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._log.write(ENTRY.pack(FLUSH, 0))
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0  # a close, which makes nothing durable


if __name__ == "__main__":
    image, log, mountpoint = sys.argv[1:]
    FUSE(Medium(Path(image), Path(log)), mountpoint, foreground=True, nothreads=True)
