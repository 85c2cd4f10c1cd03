"""`migrate-to`: move a verifier from its SQLite file to a PostgreSQL server."""

from __future__ import annotations

import argparse
import contextlib
from argparse import Namespace
from dataclasses import replace

from ..clock import SystemClock
from ..db.engine import Database
from ..db.url import is_postgres
from ..errors import MoveRefused
from ..moving import marks
from ..settings import Settings
from ..verifier import open_verifier
from .context import operator, read_secret, say

_AS_LONG_AS_IT_TAKES = 0


def parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    text = "move the verifier to a PostgreSQL server"
    each = commands.add_parser("migrate-to", help=text, description=f"{text}.")
    each.add_argument("url", metavar="URL", help="postgresql://user@host/database; -: from stdin")
    each.set_defaults(on_settings=migrate_to, on_verifier=None)


def migrate_to(settings: Settings, given: Namespace) -> int:
    """Move every row, and leave the old database behind."""
    from ..moving import move  # psycopg, which nothing else needs here, loads slowly

    url = read_secret("-", "URL") if given.url == "-" else str(given.url)
    if not is_postgres(url):
        raise MoveRefused(
            "A verifier moves to a PostgreSQL server: give postgresql://user@host/database."
        )
    if not settings.database.startswith("sqlite"):
        raise MoveRefused(
            "This verifier is on a server already: unset CHALLNG_DATABASE_URL to move the one in "
            f"{settings.data}, or use PostgreSQL's own pg_dump."
        )
    # A whole table is read back in one statement, and the row of a mark waits for nobody.
    target = Database(url, replace(settings.patience, statement_seconds=_AS_LONG_AS_IT_TAKES))
    source = Database(settings.database)
    place = move.place_of(url)
    with contextlib.closing(target), contextlib.closing(source):
        going_on = _has_left(source, place)
        if not going_on:
            open_verifier(settings).close()  # refuses what is no verifier of this version
        each = move.Move(settings, source, target, place, SystemClock(), say)
        moved = each.finish(operator()) if going_on else each.run(operator())
    say(f"{moved.rows} rows of {moved.tables} tables are in {moved.place}, each compared.")
    say("Set CHALLNG_DATABASE_URL to it, with the password, and start the verifier again.")
    return 0


def _has_left(source: Database, place: str) -> bool:
    """Tell whether the verifier has left for this very place before, and may not have arrived."""
    with source.reading() as connection:
        mark = marks.read(connection)
    if mark is None or mark.state is not marks.State.LEFT:
        return False
    if mark.place != place:
        raise MoveRefused(
            f"This verifier has moved to {mark.place} already: give that one, to go on with a move "
            "that was broken off."
        )
    return True
