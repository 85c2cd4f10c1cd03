"""The key file on disk: there whole or not at all, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from provisioning.errors import OutputRefused


def write_new(path: Path, data: bytes) -> None:
    """Write `data` to `path` (0600) durably, never over an existing file; raises OutputRefused."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(temporary)  # unlike a rename, this fails where a file stands already
        finally:
            temporary.unlink()
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except FileExistsError:
        raise OutputRefused(
            f"{path} is there already and may hold the only record of a card: name another file"
        ) from None
    except OSError as error:
        raise OutputRefused(
            f"{path} cannot be written ({error.strerror or error}): name another file"
        ) from None
