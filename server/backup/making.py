"""Making a backup while the verifier serves: one snapshot, compressed, sealed, one new file."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from ..audit.events import Event
from ..clock import written as in_words
from ..crypto.files import sync_directory
from ..db import migrate
from ..errors import BackupRefused
from ..verifier import Verifier
from . import rows
from .sealed import Sealer, Secret

FORMAT = 1


@dataclass(frozen=True)
class Made:
    """A backup that is on the disk; sizes in bytes."""

    rows: int
    size: int


def make(verifier: Verifier, target: Path, secret: Secret, actor: str, *, with_key: bool) -> Made:
    """Write a backup to `target`, a new file readable by its owner alone.

    It is there whole or not at all. `with_key` puts the master key into it. Raises BackupRefused
    where the file stands already.
    """
    if target.exists():
        raise BackupRefused(f"{target} is there already: nothing is changed. Name a new file.")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            sealer = Sealer(file, secret)
            count = _fill(verifier, sealer, with_key)
            sealer.finish()
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_directory(target.absolute().parent)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        verifier.audit.write(
            connection, now, Event.BACKUP_MADE, actor, rows=count, with_master_key=with_key
        )
    return Made(count, size)


def _fill(verifier: Verifier, sealer: Sealer, with_key: bool) -> int:
    packed = zlib.compressobj(6)
    anchor = verifier.anchor.read()  # before the snapshot: the log may grow past it, not behind it
    with verifier.database.reading() as connection:
        told = {
            "format": FORMAT,
            "made": in_words(verifier.clock.now()),
            "revision": migrate.revision(connection),
            "anchor": None if anchor is None else {"seq": anchor.seq, "seal": anchor.mac.hex()},
            "master_key": verifier.keyring.source.read() if with_key else None,
        }
        sealer.write(packed.compress(json.dumps(told).encode("utf-8") + b"\n"))
        count = 0
        for line in rows.written(connection):
            count += line.startswith(b"[")
            sealer.write(packed.compress(line))
    sealer.write(packed.compress(json.dumps({"end": count}).encode("ascii") + b"\n"))
    sealer.write(packed.flush())
    return count
