"""PostgreSQL keeps the logins of each week, and so many rows of the log, in one table each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, func, select, text

from server.audit.events import Event
from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db import migrate, tables
from server.db.engine import Database
from server.db.tables import audit_log, logins, sessions
from server.login import ids
from server.retention import partitions, tick
from server.verifier import Verifier
from tests.postgres import Server

from ..support import Api, Card, ToldClock

DAY = 86_400


def where(verifier: Verifier, table: str) -> dict[str, int]:
    """Return how many rows of a table each of its partitions has."""
    with verifier.database.reading() as connection:
        found = connection.execute(
            text(f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1")
        ).all()
    return {name.rpartition(".")[2]: count for name, count in found}


def log_in(api: Api, card: Card) -> str:
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    return login


def test_the_migrations_and_the_tables_are_the_same_on_postgresql(server: Server) -> None:
    database = Database(server.create("fresh"))
    with database.migrating() as connection:
        assert not migrate.has_tables(connection)
        migrate.upgrade(connection)
    with database.reading() as connection:
        assert migrate.is_current(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, tables.metadata)
    database.close()
    # What refers to a table of partitions refers to each of them: those are shown too.
    parts = [each for each in found if "challng_parts" in repr(each)]
    assert found == parts


def test_logins_before_the_partitions_keep_their_rows(server: Server) -> None:
    database = Database(server.create("older"))
    from ..test_migrations import of_version

    with database.migrating() as connection:
        of_version(connection, "0005")
        connection.execute(
            text("INSERT INTO users (name, password_hash, added_at) VALUES ('alice', 'x', 1)")
        )
        connection.execute(
            text(
                "INSERT INTO devices (kind, state, serial, owner_id, label, wrong_run, added_at)"
                " VALUES ('card', 'active', 'CH00000018', 1, 'card', 0, 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO logins (id, user_id, device_id, prompt, state, attempts, begun_at,"
                " expires_at) VALUES ('Zold', 1, 1, '{}', 'open', 0, 1, 2)"
            )
        )
        connection.execute(
            text("INSERT INTO sessions VALUES (decode('03', 'hex'), 1, 1, 'Zold', 1, 1, 2)")
        )
    with database.migrating() as connection:
        migrate.upgrade(connection)
    with database.reading() as connection:
        assert connection.execute(select(logins.c.id)).scalar_one() == "Zold"
        assert connection.execute(select(sessions.c.login_id)).scalar_one() == "Zold"
    database.close()


def test_a_login_lies_in_the_partition_of_its_week(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    tick.run(verifier)
    log_in(api, card)
    for _ in range(2):
        clock.advance(7 * DAY)
        log_in(api, card)
    week = partitions.week_of(clock.now())
    assert where(verifier, "logins") == {
        "logins_rest": 1,
        f"logins_{week - 1}": 1,
        f"logins_{week}": 1,
    }


def test_ids_are_in_the_order_of_time_and_after_those_without_one(clock: ToldClock) -> None:
    made = []
    for _ in range(50):
        made += [ids.start_of(clock.now()), ids.make(clock.now())]
        clock.advance(13 * DAY + 7)
    assert made == sorted(made, key=str.encode)
    assert all(ids.PATTERN.fullmatch(each) for each in made[1::2])
    assert max("zzzzzzzzzzzzzzzzzzzzzz", *made) == made[-1]


def test_weeks_older_than_the_days_kept_are_dropped(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    for _ in range(9):
        tick.run(verifier)
        log_in(api, card)
        clock.advance(7 * DAY)
    done = tick.run(verifier)
    assert done.logins == 1
    with verifier.database.reading() as connection:
        oldest = connection.execute(select(func.min(logins.c.begun_at))).scalar_one()
        there = partitions.weeks(connection)
        events = connection.execute(select(audit_log.c.event)).scalars().all()
    assert timedelta(days=23) < clock.now() - oldest <= timedelta(days=37)
    assert min(there) >= partitions.week_of(oldest)
    assert events.count(Event.LOGINS_CUT.value) >= 4
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None


def test_a_week_stays_while_a_session_refers_to_it(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    tick.run(verifier)
    clock.advance(7 * DAY)
    log_in(api, card)
    week = partitions.week_of(clock.now())
    with verifier.database.writing() as connection:
        connection.execute(sessions.update().values(ends_at=clock.now() + timedelta(days=400)))
    clock.advance(100 * DAY)
    assert tick.run(verifier).logins == 0
    assert where(verifier, "logins") == {f"logins_{week}": 1}
    with verifier.database.writing() as connection:
        connection.execute(delete(sessions))
    assert tick.run(verifier).logins == 1


def test_rows_of_the_log_lie_in_chapters(verifier: Verifier, clock: ToldClock) -> None:
    for number in range(120):
        if number % 20 == 0:
            tick.run(verifier)
        with verifier.database.writing() as connection:
            verifier.audit.write(connection, clock.now(), Event.USER_ADDED, "cli:test", str(number))
    found = where(verifier, "audit_log")
    assert found["audit_log_rest"] == 49  # rows 1 to 49
    assert found["audit_log_50_100"] == 50
    assert sum(found.values()) == 121
    assert verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None


def test_a_log_that_nobody_looked_after_is_taken_up_again(
    verifier: Verifier, clock: ToldClock
) -> None:
    """Without `tick` the chapters end, and what is written goes on elsewhere."""

    def write(rows: int) -> None:
        for _ in range(rows):
            with verifier.database.writing() as connection:
                verifier.audit.write(connection, clock.now(), Event.USER_ADDED, "cli:test", "x")

    tick.run(verifier)
    write(230)  # past the chapters that there are
    tick.run(verifier)
    write(80)
    with verifier.database.reading() as connection:
        chapters = partitions.chapters(connection)
    assert (50, 100) in chapters
    assert (250, 300) in chapters
    assert where(verifier, "audit_log")["audit_log_250_300"] == 50


def test_a_table_that_is_held_is_left_to_the_next_tick(
    verifier: Verifier, clock: ToldClock
) -> None:
    with verifier.database.writing() as connection:
        connection.execute(text("LOCK TABLE logins IN ACCESS EXCLUSIVE MODE"))
        tick.run(verifier)
    with verifier.database.reading() as connection:
        assert partitions.weeks(connection) == []
    tick.run(verifier)
    with verifier.database.reading() as connection:
        assert len(partitions.weeks(connection)) == partitions.WEEKS_AHEAD


@pytest.mark.parametrize("rows", [10])
def test_a_plan_for_one_login_looks_at_one_partition(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock, rows: int
) -> None:
    tick.run(verifier)
    clock.advance(7 * DAY)
    login = log_in(api, card)
    with verifier.database.reading() as connection:
        plan = connection.execute(
            text("EXPLAIN SELECT * FROM logins WHERE id = :id"), {"id": login}
        ).scalars()
        touched = {part for line in plan for part in line.split() if part.startswith("logins_")}
    assert len([each for each in touched if not each.endswith("_pkey")]) == 1
