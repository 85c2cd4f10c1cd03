"""Restoring a backup: read, checked and put right beside the place, then put in place.

Nothing is where a verifier would find it before every piece of the file is found genuine, every
sealed value has opened under the master key, and the audit log is found in order.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ..audit.anchor import Anchor, AnchorFile
from ..audit.events import Event
from ..audit.log import AuditLog
from ..audit.verify import verify_within
from ..clock import Clock
from ..crypto import files, rotation, secrets_table
from ..crypto.keyring import Keyring, find_source
from ..db import migrate
from ..db.engine import Database
from ..errors import BackupRefused, DataDirRefused
from ..settings import Settings
from . import quarantine, rows
from .making import FORMAT
from .quarantine import Quarantined
from .sealed import Secret, opened

_STAGING = ".restoring"
_KEY = "master.key"
_ANCHOR = "audit.anchor"
_DATABASE = "challng.db"


@dataclass(frozen=True)
class Restored:
    """What came back: when the backup was made, and what was taken out of use."""

    made: str
    rows: int
    quarantined: Quarantined


def restore(
    settings: Settings,
    source: Path,
    secret: Secret,
    clock: Clock,
    actor: str,
    *,
    master_key: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Restored:
    """Put a backup into the data directory of `settings`, absent or empty, and its database.

    `master_key` is the text of the key file that becomes the directory's own. Without it the key
    comes from where a verifier would take it, or from the backup. Raises BackupRefused or
    DataDirRefused, and leaves everything as it was.
    """
    data = settings.data
    existed = data.exists()
    if existed and (not data.is_dir() or any(each.name != _STAGING for each in data.iterdir())):
        raise DataDirRefused(
            f"{data} is there already and not empty: nothing is changed. "
            "Give another directory with --data."
        )
    old_mask = os.umask(0o077)
    staging = data / _STAGING
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700, parents=True)
        if not existed:
            data.chmod(0o700)
        with source.open("rb") as file:
            done = _Restore(settings, staging, clock, actor, environment).run(
                lines(opened(file, secret)), master_key
            )
        _put_in_place(staging, data)
    except BaseException:
        shutil.rmtree(staging if existed else data, ignore_errors=True)
        raise
    finally:
        os.umask(old_mask)
    return done


def lines(pieces: Iterable[bytes]) -> Iterator[Any]:
    """Give the parsed lines of a backup's content; raises BackupRefused where it has no end."""
    packed = zlib.decompressobj()
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + packed.decompress(piece)).split(b"\n")
        yield from map(json.loads, whole)
    if rest or not packed.eof:
        raise BackupRefused("The backup has no end: use another copy of it.")


class _Restore:
    """One run, into a directory beside the place."""

    def __init__(
        self,
        settings: Settings,
        staging: Path,
        clock: Clock,
        actor: str,
        environment: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._staging = staging
        self._clock = clock
        self._actor = actor
        self._environment = environment
        self._told: dict[str, Any] = {}

    def run(self, content: Iterator[Any], master_key: str | None) -> Restored:
        self._told = next(content)
        if self._told.get("format") != FORMAT:
            raise BackupRefused(
                "The backup is of another format: restore it with the program that made it."
            )
        keyring = self._keyring(master_key)
        anchor = self._anchor()
        on_server = self._settings.database_url is not None
        database = Database(
            self._settings.database if on_server else f"sqlite:///{self._staging / _DATABASE}"
        )
        try:
            with database.migrating() as connection:
                count = self._load(connection, content)
                _open_everything(connection, keyring)
                secrets = secrets_table.Secrets(database, keyring)
                secrets.read_all(connection)
                report = verify_within(connection, secrets.get(secrets_table.AUDIT), anchor.read())
                if report.problem is not None:
                    raise BackupRefused(
                        f"The audit log in the backup is not in order: {report.problem}. "
                        "Use an older backup."
                    )
                secrets_table.complete(connection, keyring)
                taken = quarantine.apply(connection, self._clock.now())
            audit = AuditLog(database, secrets, anchor, self._settings.audit_seal_rows)
            with database.writing() as connection:
                audit.write(
                    connection,
                    self._clock.now(),
                    Event.BACKUP_RESTORED,
                    self._actor,
                    made=self._told["made"],
                    rows=count,
                )
            audit.seal(self._clock.now())
        finally:
            database.close()
        return Restored(self._told["made"], count, taken)

    def _keyring(self, master_key: str | None) -> Keyring:
        source = find_source(self._staging, self._environment)
        if master_key is None and source.path == self._staging / _KEY:
            master_key = self._told.get("master_key")
            if master_key is None:
                raise BackupRefused(
                    "The backup has no master key in it: give the file that you keep with "
                    "--master-key, or its place in CHALLNG_MASTER_KEY_FILE."
                )
        if master_key is not None:
            files.write_new(self._staging / _KEY, master_key.encode("utf-8"))
            source = find_source(self._staging, {})
        return Keyring(source)

    def _anchor(self) -> AnchorFile:
        anchor = AnchorFile(self._staging / _ANCHOR)
        told = self._told["anchor"]
        if told is not None:
            anchor.advance(Anchor(told["seq"], bytes.fromhex(told["seal"])))
        return anchor

    def _load(self, connection: Connection, content: Iterator[Any]) -> int:
        if migrate.has_tables(connection):
            raise DataDirRefused(
                "The database of CHALLNG_DATABASE_URL is a verifier's already: nothing is changed."
            )
        if not migrate.knows(self._told["revision"]):
            raise BackupRefused(
                f"The backup is of a newer version (database {self._told['revision']}): "
                "restore it with that version of the program."
            )
        migrate.upgrade(connection, self._told["revision"])
        end: list[int] = []
        count = rows.put(connection, _up_to_the_end(content, end))
        if end != [count]:
            raise BackupRefused("The backup has no end: use another copy of it.")
        migrate.upgrade(connection)
        return count


def _up_to_the_end(content: Iterator[Any], end: list[int]) -> Iterator[Any]:
    for line in content:
        if isinstance(line, dict) and "end" in line:
            end.append(line["end"])
        else:
            yield line


def _open_everything(connection: Connection, keyring: Keyring) -> None:
    """Open every sealed value once: under another master key the verifier would only seem well."""
    for column, row_id in rotation.SEALED_COLUMNS:
        held = select(row_id, column).where(column.is_not(None))
        for key, sealed in connection.execute(held):
            keyring.open(sealed, f"{column.table.name}.{column.name}:{key}")


def _put_in_place(staging: Path, data: Path) -> None:
    """Move what was made up into the directory; the database, which makes it a verifier's, last."""
    for name in (_KEY, _ANCHOR, _DATABASE):
        made = staging / name
        if made.exists():
            made.rename(data / name)
            files.sync_directory(data)
    shutil.rmtree(staging)
    files.sync_directory(data.parent)
