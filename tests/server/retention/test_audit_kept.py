"""Old rows of the audit log are cut off, and what is kept can still be verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update

from server.audit.events import Event
from server.audit.verify import Report, verify
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_cut, audit_log, audit_seals
from server.retention import tick
from server.verifier import Verifier

from ..support import ToldClock, make_verifier

DAY = 86_400


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(
        tmp_path, clock, audit_keep_days=30, audit_chapter_rows=50, audit_seal_rows=16
    )
    yield made
    made.close()


def happen(verifier: Verifier, rows: int) -> None:
    for number in range(rows):
        with verifier.database.writing() as connection:
            verifier.audit.write(
                connection, verifier.clock.now(), Event.USER_ADDED, "cli:test", f"user{number}"
            )


def verified(verifier: Verifier) -> Report:
    return verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)


def kept(verifier: Verifier) -> tuple[int, int]:
    with verifier.database.reading() as connection:
        first, last = connection.execute(
            select(func.min(audit_log.c.seq), func.max(audit_log.c.seq))
        ).one()
    return first, last


def months(verifier: Verifier, clock: ToldClock) -> None:
    """Write 60 rows every ten days, five times; tick each time."""
    for _ in range(5):
        happen(verifier, 60)
        tick.run(verifier)
        clock.advance(10 * DAY)
    tick.run(verifier)


def test_rows_older_than_the_days_kept_are_cut_off(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    first, last = kept(verifier)
    with verifier.database.reading() as connection:
        oldest = connection.execute(select(func.min(audit_log.c.at))).scalar_one()
        rows = connection.execute(select(func.count()).select_from(audit_log)).scalar_one()
    assert 100 <= first <= 122  # two times sixty; on PostgreSQL by whole chapters
    assert rows == last - first + 1
    if verifier.database.is_sqlite:
        assert (clock.now() - oldest).days <= 30


def test_what_is_kept_is_verified_from_where_it_begins(
    verifier: Verifier, clock: ToldClock
) -> None:
    months(verifier, clock)
    report = verified(verifier)
    assert report.problem is None
    assert report.cut == kept(verifier)[0] - 1
    happen(verifier, 40)
    assert verified(verifier).problem is None


def test_the_cut_is_written_down(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    with verifier.database.reading() as connection:
        told = connection.execute(
            select(audit_log.c.detail)
            .where(audit_log.c.event == Event.AUDIT_CUT.value)
            .order_by(audit_log.c.seq.desc())
        ).scalars()
        assert f'"up_to":{kept(verifier)[0] - 1}' in next(iter(told))


def test_a_second_tick_on_the_same_day_cuts_nothing(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    before = kept(verifier)
    clock.advance(60)
    assert tick.run(verifier).rows == 0
    assert kept(verifier) == before


def test_without_a_limit_every_row_is_kept(tmp_path: Path, clock: ToldClock) -> None:
    made = make_verifier(tmp_path / "kept", clock)
    happen(made, 20)
    clock.advance(5_000 * DAY)
    assert tick.run(made).rows == 0
    assert kept(made)[0] == 1
    made.close()


def test_rows_cut_by_another_hand_are_missed(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    first, _ = kept(verifier)
    with verifier.database.writing() as connection:
        connection.execute(delete(audit_log).where(audit_log.c.seq <= first + 3))
    assert verified(verifier).problem == f"row {first} is missing"
    with verifier.database.writing() as connection:  # nor does it help to move the cut
        connection.execute(update(audit_cut).values(seq=first + 3))
    assert verified(verifier).problem == "where it begins was set by another hand"


def test_a_cut_taken_away_shows_every_row_missing(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    with verifier.database.writing() as connection:
        connection.execute(delete(audit_cut))
    assert verified(verifier).problem == "row 1 is missing"


def test_a_row_put_before_the_beginning_is_found(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    with verifier.database.writing() as connection:
        row = connection.execute(select(audit_log).limit(1)).mappings().one()
        connection.execute(insert(audit_log), {**row, "seq": 7})
    assert "row 7 stands before" in str(verified(verifier).problem)


def test_the_seal_before_the_cut_is_looked_at(verifier: Verifier, clock: ToldClock) -> None:
    months(verifier, clock)
    with verifier.database.writing() as connection:
        first = connection.execute(select(func.min(audit_seals.c.seq))).scalar_one()
        connection.execute(update(audit_seals).where(audit_seals.c.seq == first).values(mac=b"x"))
    assert "before which it was cut" in str(verified(verifier).problem)


def test_a_machine_whose_anchor_is_older_than_the_cut_verifies_too(
    verifier: Verifier, clock: ToldClock
) -> None:
    """Each machine anchors the seals that it has made itself."""
    old = verifier.anchor.path.read_bytes()
    months(verifier, clock)
    verifier.anchor.path.write_bytes(old)
    assert verified(verifier).problem is None


def test_clocks_that_were_set_back_cut_nothing_young(verifier: Verifier, clock: ToldClock) -> None:
    happen(verifier, 10)
    clock.advance(40 * DAY)
    happen(verifier, 1)  # a clock that was wrong for a moment
    clock.advance(-40 * DAY)
    happen(verifier, 10)
    verifier.audit.seal(clock.now())
    clock.advance(45 * DAY)
    young = kept(verifier)[1] - 10
    tick.run(verifier)
    assert kept(verifier)[0] == young
    assert verified(verifier).problem is None
