"""The key file on disk: there whole or not at all, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.errors import OutputRefused


def must_be_free(path: Path) -> None:
    """Raise OutputRefused where a file stands already."""
    if os.path.lexists(path):
        raise _taken(path)


def write_new(path: Path, data: bytes) -> None:
    """Write `data` to `path` (0600) durably, never over an existing file; raises OutputRefused."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _refusing(path, "written"):
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(temporary)  # unlike a rename, this fails where a file stands already
        finally:
            temporary.unlink()
        _flush_names(path)


def rename_new(source: Path, target: Path) -> None:
    """Give a file another name durably, never over an existing file; done again it finishes."""
    with _refusing(target, "written"):
        if not source.exists() and target.exists():
            return
        if not (target.exists() and target.samefile(source)):
            target.hardlink_to(source)
        _flush_names(target)
        source.unlink()
        _flush_names(target)


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path` (0600) in one durable step; raises OutputRefused."""
    fresh = path.with_name(f".{path.name}.new")
    with _refusing(path, "written"):
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _flush_names(path)


def remove(path: Path) -> None:
    """Remove a file durably; nothing happens when it is not there."""
    with _refusing(path, "removed"):
        path.unlink(missing_ok=True)
        _flush_names(path)


def read(path: Path, limit: int = 2_000_000) -> bytes:
    """The first `limit` bytes of a file; raises OutputRefused."""
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise OutputRefused(
            f"{path} cannot be read ({error.strerror or error}): name the key file"
        ) from None


def _flush_names(path: Path) -> None:
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _refusing(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise OutputRefused(
            f"{path} cannot be {what} ({error.strerror or error}): name another file"
        ) from None


def _taken(path: Path) -> OutputRefused:
    return OutputRefused(
        f"{path} is there already and may hold the only record of a card: name another file"
    )
