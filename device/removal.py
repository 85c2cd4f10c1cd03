"""Taking a slot away: overwritten, flushed, unlinked, and the directory flushed.

Once the first flush is over the slot's counter can never come back: whatever a power cut then
undoes, the file has no record any more. Nothing here opens a slot, so damaged ones go, too.
"""

import os
from pathlib import Path

from device.board_sealing import SALT_FILE
from device.files import Disk, is_temporary
from device.sealing import HOST_KEY_FILE

SEALING_FILES = (HOST_KEY_FILE, SALT_FILE)


def remove(disk: Disk, directory: Path, name: str) -> bool:
    """Remove a file and what cut writes left beside it; False when all could not be overwritten.

    Call it under the disk's lock. When overwriting fails, the file is unlinked all the same.
    """
    present = disk.names(directory)
    overwritten = True
    for path in [directory / one for one in present if is_temporary(one) or one == name]:
        try:
            _overwrite(disk, path)
        except OSError:
            overwritten = False
        disk.unlink(path)
    disk.fsync_directory(directory)
    return overwritten


def _overwrite(disk: Disk, path: Path) -> None:
    size = disk.size(path)
    handle = disk.overwrite(path)
    try:
        # Random bytes: a controller that compresses or knows blocks of zeros writes them, too.
        disk.write(handle, os.urandom(size))
        disk.fsync(handle)
    finally:
        disk.close(handle)
