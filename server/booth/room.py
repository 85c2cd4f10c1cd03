"""Where a booth keeps what it must have for the day: a folder in memory, gone at the end.

A booth that was killed leaves its folder behind; the next one takes it away. Which folders are in
use is known by a lock that the kernel lets go with the process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "challng-booth-"
_LOCK = "lock"


def place(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where such folders lie: in memory, where the system has a place for that."""
    for candidate in (environment.get("XDG_RUNTIME_DIR"), "/dev/shm"):  # noqa: S108 - made 0700
        if candidate and Path(candidate).is_dir() and os.access(candidate, os.W_OK | os.X_OK):
            return Path(candidate)
    return Path(tempfile.gettempdir())


@contextmanager
def room(where: Path) -> Iterator[Path]:
    """Give a folder of this process alone, below `where`; what others left there is removed."""
    sweep(where)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=where))
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(where: Path) -> None:
    """Remove the folders of booths that are no more; those of other users are left alone."""
    for folder in where.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)
