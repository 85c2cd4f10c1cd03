"""Make a new verifier (directory, master key, database, audit log: all or nothing); upgrade one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .accounts.passwords import Hasher
from .audit.anchor import AnchorFile
from .audit.events import Event
from .audit.log import AuditLog
from .clock import Clock
from .crypto import keyring as keys
from .crypto import secrets_table
from .db import migrate
from .db.engine import Database
from .errors import DataDirRefused
from .moving import marks
from .settings import Settings


def make(
    settings: Settings, clock: Clock, actor: str, environment: Mapping[str, str] = os.environ
) -> None:
    """Make the verifier, or raise DataDirRefused and leave everything as it was.

    `environment` may name the master key.
    """
    data = settings.data
    existed = data.exists()
    if existed and (not data.is_dir() or any(data.iterdir())):
        raise DataDirRefused(
            f"{data} is there already and not empty: nothing is changed. "
            "Give another directory with --data."
        )
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
        _fill(settings, clock, actor, environment)
    except BaseException as error:
        _clear(data, existed)
        if isinstance(error, OSError):
            raise DataDirRefused(
                f"{data} cannot be made ({error.strerror}): choose a place you may write to."
            ) from None
        raise


def upgrade(settings: Settings) -> bool:
    """Run the migrations and make the keys that an older verifier lacks; False where it has all."""
    if settings.database_url is None and not (settings.data / "challng.db").is_file():
        raise DataDirRefused(f"{settings.data} is not a verifier's data directory: check --data.")
    database = Database(settings.database, settings.patience)
    try:
        with database.migrating() as connection:
            marks.refuse_what_is_not_in_use(connection)
            if not migrate.has_tables(connection):
                raise DataDirRefused(f"The database of {settings.data} is not a verifier's.")
            older = not migrate.is_current(connection)
            if older:
                migrate.upgrade(connection)
            keyring = keys.Keyring(keys.find_source(settings.data))
            return secrets_table.complete(connection, keyring) or older
    finally:
        database.close()


def _fill(settings: Settings, clock: Clock, actor: str, environment: Mapping[str, str]) -> None:
    old_mask = os.umask(0o077)
    try:
        source = keys.find_source(settings.data, environment)
        if source.path is not None and source.path.parent == settings.data:
            keys.create_file(source.path)
        keyring = keys.Keyring(source)
        database = Database(settings.database, settings.patience)
        try:
            with database.writing() as connection:
                if migrate.has_tables(connection):
                    raise DataDirRefused(
                        "The database of CHALLNG_DATABASE_URL is a verifier's already: "
                        "nothing is changed."
                    )
                migrate.upgrade(connection)
                secrets_table.create(connection, keyring, Hasher(settings).dummy_hash)
            audit = AuditLog(
                database,
                secrets_table.Secrets(database, keyring),
                AnchorFile(settings.data / "audit.anchor"),
                settings.audit_seal_rows,
            )
            with database.writing() as connection:
                audit.begin(connection)
                audit.write(connection, clock.now(), Event.VERIFIER_MADE, actor)
            audit.seal(clock.now())
        finally:
            database.close()
    finally:
        os.umask(old_mask)


def _clear(data: Path, existed: bool) -> None:
    if not data.is_dir():
        return
    if existed:
        for each in data.iterdir():
            each.unlink()
    else:
        shutil.rmtree(data, ignore_errors=True)
