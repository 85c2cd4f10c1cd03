"""A backup of a verifier, and the verifier that is made of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from server.backup import making, restoring
from server.backup.restoring import Restored
from server.backup.sealed import Passphrase, RawKey, Secret
from server.db import migrate
from server.settings import Settings
from server.verifier import Verifier, open_verifier

from ..support import FAST, ToldClock, lay_tables

WORDS = Passphrase("a passphrase for tests", log2n=4)
"""Stretched next to not at all."""
KEY = RawKey(bytes(range(1, 33)))


@dataclass
class Saved:
    """One backup of `verifier` in `folder`."""

    verifier: Verifier
    folder: Path
    secret: Secret = field(default=WORDS)
    with_key: bool = False
    times: int = 0
    more: dict[str, Any] = field(default_factory=dict)
    """Settings of the restored verifier."""

    @property
    def file(self) -> Path:
        return self.folder / "backup"

    @property
    def settings(self) -> Settings:
        return Settings(data=self.folder / f"restored-{self.times}", **(FAST | self.more))

    @property
    def master_key(self) -> str:
        return (self.verifier.settings.data / "master.key").read_text()

    def make(self) -> Saved:
        making.make(self.verifier, self.file, self.secret, "cli:test", with_key=self.with_key)
        return self

    def restore(self, **more: Any) -> Restored:
        """Restore it into a new directory."""
        more = {"secret": self.secret, "master_key": self.master_key, "environment": {}} | more
        clock = self.verifier.clock
        with patch.object(migrate, "upgrade", _lay_tables):
            return restoring.restore(
                self.settings, self.file, clock=clock, actor="cli:test", **more
            )

    def opened(self, **more: Any) -> closing[Verifier]:
        """Restore it, and open the verifier that it has become."""
        self.times += 1
        self.restore(**more)
        clock = self.verifier.clock
        assert isinstance(clock, ToldClock)
        return closing(open_verifier(self.settings, clock=clock, environment={}))


def _lay_tables(connection: Connection, _to: str = "head") -> None:
    """Do what the migrations do, without working it out each time; `test_upgrade` runs them."""
    if not migrate.has_tables(connection):
        lay_tables(connection)
