"""Which kind of database a URL names, and how patiently a server is waited for."""

from __future__ import annotations

from dataclasses import dataclass

_POSTGRES = ("postgresql://", "postgres://", "postgresql+psycopg://")
_SQLITE = ("sqlite://",)


@dataclass(frozen=True)
class Patience:
    """How many connections a worker keeps to a server, and how long it waits for what."""

    connections: int = 20
    """At once; more wait for their turn."""
    connect_seconds: int = 5
    """For each host of the URL, and for a free connection."""
    statement_seconds: int = 30
    lock_seconds: int = 10


def is_postgres(url: str) -> bool:
    """Tell whether a URL is a PostgreSQL server's."""
    return url.startswith(_POSTGRES)


def is_known(url: str) -> bool:
    """Tell whether a URL is of a kind that a verifier can use."""
    return url.startswith((*_POSTGRES, *_SQLITE))
