"""Bring a database to the newest shape, and tell whether it has it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent.parent / "migrations"


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, inside the transaction of `connection`."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def revision(connection: Connection) -> str | None:
    """Return the latest migration that was run, or None for a database that is not ours."""
    return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Tell whether a migration is one of this program's."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {each.revision for each in scripts}


def is_current(connection: Connection) -> bool:
    """Tell whether every migration has been run."""
    return MigrationContext.configure(connection).get_current_revision() == _head()


def can_be_used(connection: Connection) -> bool:
    """Tell whether every migration of this program has been run, and maybe some of a later one.

    Those only add what may be empty, so that workers go on while others are upgraded.
    """
    now, head = revision(connection), _head()
    return now is not None and head is not None and now >= head  # numbers with leading zeros


def has_tables(connection: Connection) -> bool:
    """Tell whether this database is one of ours at all."""
    return MigrationContext.configure(connection).get_current_revision() is not None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
