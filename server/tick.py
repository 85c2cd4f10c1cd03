"""What time brings about: run every minute by `challng-server tick`, as often as one likes.

The rules themselves are decided from the clock whenever something is read. Here is only what has
to be told when its time has come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from .notify.send import Report, Sender
from .verifier import Verifier

Rule = Callable[[Connection, datetime, Verifier], None]
"""Puts into the outbox what has become due by `now`; asked again, it puts nothing twice."""

RULES: tuple[Rule, ...] = ()
"""Every rule of time there is."""


def tick(verifier: Verifier) -> Report:
    """Let every rule of time put its notices, then send all that is due."""
    for rule in RULES:
        with verifier.database.writing() as connection:
            rule(connection, verifier.clock.now(), verifier)
    return Sender(verifier).send_due()
