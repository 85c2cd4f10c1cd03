"""The data directory of a verifier of the previous release, as it left it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

RELEASE = Path(__file__).parent / "release_0004"
REVISION = "0004"


def lay(data: Path) -> Path:
    """Make the directory; returns its database."""
    data.mkdir(mode=0o700)
    for name in ("master.key", "audit.anchor"):
        shutil.copy(RELEASE / name, data / name)
        (data / name).chmod(0o600)
    database = data / "challng.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript((RELEASE / "challng.sql").read_text())
    database.chmod(0o600)
    return database
