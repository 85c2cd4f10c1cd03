"""Small files that must be there whole or not at all: write-new, fsync, rename, fsync directory."""

from __future__ import annotations

import os
from pathlib import Path


def write_new(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Create `path` with `content`, durably; raises FileExistsError where it stands already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    _write_out(descriptor, content)
    sync_directory(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of `path` in one durable step; mode and owner are kept."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    status = path.stat() if path.exists() else None
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    if status is not None:
        os.fchmod(descriptor, status.st_mode & 0o777)
        if os.geteuid() == 0:  # run by root beside a service that runs as somebody else
            os.fchown(descriptor, status.st_uid, status.st_gid)
    _write_out(descriptor, content)
    fresh.replace(path)
    sync_directory(path.parent)


def _write_out(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Have what was named in a directory on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
