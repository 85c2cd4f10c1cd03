"""What the doctor looks at, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: only what is wrong makes the exit code 1."""

    WRONG = "wrong"
    ADVICE = "advice"


@dataclass(frozen=True)
class Finding:
    """One thing that was found: a sentence, and what to do."""

    level: Level
    what: str
    do: str


@dataclass(frozen=True)
class FileFact:
    """A file or directory of the verifier: its permission bits, and its owner's number."""

    path: str
    mode: int
    owner: int


@dataclass(frozen=True)
class Reached:
    """Where notices go: the setting, and why it cannot be reached (None: it can)."""

    setting: str
    error: str | None = None


@dataclass(frozen=True)
class DatabaseFacts:
    """What the database said; sizes in bytes, None where it is not a file of ours.

    `damage` is what a quick check of the file found, None where it found nothing.
    """

    migrated: bool = True
    damage: str | None = None
    size: int | None = None
    wal: int | None = None
    newest_row: datetime | None = None
    unsealed: int = 0
    unsealed_since: datetime | None = None
    overdue: int = 0
    backup_at: datetime | None = None
    made_at: datetime | None = None
    guessable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that was looked at. `synchronised` is what the kernel says, None if nothing."""

    now: datetime
    synchronised: bool | None
    files: tuple[FileFact, ...]
    key_error: str | None
    key_beside_database: bool
    default_password: bool
    free: int
    database_error: str | None
    database: DatabaseFacts | None
    public_url: str | None
    https: bool
    trusted_proxies: tuple[str, ...]
    tls: bool
    tls_error: str | None
    certificate_until: datetime | None
    reached: tuple[Reached, ...]
