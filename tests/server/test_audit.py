"""The audit log: what is written into it, and that nothing done to it stays unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from server.audit.events import Event
from server.audit.verify import Report, verify
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.verifier import Verifier

from .support import PASSWORD, PIN, Api, Card, wrong

LOG = tables.audit_log


def report(verifier: Verifier) -> Report:
    return verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)


def write_rows(verifier: Verifier, count: int) -> None:
    for number in range(count):
        with verifier.database.writing() as connection:
            verifier.audit.write(
                connection,
                verifier.clock.now(),
                Event.USER_ADDED,
                "cli:test",
                f"user-{number}",
                number=number,
            )


@pytest.fixture
def written(verifier: Verifier) -> Verifier:
    """150 rows: the seals stand at 1 (init), 65 and 129."""
    write_rows(verifier, 149)
    assert report(verifier) == Report(rows=150, seals=3, unsealed=21)
    return verifier


def test_a_log_that_nobody_touched_is_in_order(written: Verifier) -> None:
    assert report(written).problem is None
    assert written.audit.seal(written.clock.now()) == 21
    assert report(written) == Report(rows=150, seals=4, unsealed=0)
    assert written.audit.seal(written.clock.now()) == 0


def test_the_anchor_is_the_latest_seal_and_never_moves_back(written: Verifier) -> None:
    standing = written.anchor.read()
    assert standing is not None
    assert standing.seq == 129
    written.anchor.advance(type(standing)(64, b"older"))
    assert written.anchor.read() == standing


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1",
        "event = 'user.locked'",
        "actor = 'cli:other'",
        "subject = 'user-0'",
        "subject = NULL",
        "detail = '{\"number\":0}'",
        "mac = (SELECT mac FROM audit_log WHERE seq = 39)",
    ],
)
def test_an_edited_row_is_named(written: Verifier, change: str) -> None:
    with written.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE audit_log SET {change} WHERE seq = 40")
    assert report(written).problem == "row 40 is not what was written"


def swap(connection: Connection) -> None:
    for old, new in ((40, -1), (41, 40), (-1, 41)):
        connection.execute(update(LOG).where(LOG.c.seq == old).values(seq=new))


def take_out_and_close_up(connection: Connection) -> None:
    connection.execute(delete(LOG).where(LOG.c.seq == 40))
    connection.execute(text("UPDATE audit_log SET seq = -seq WHERE seq > 40"))
    connection.execute(text("UPDATE audit_log SET seq = -seq - 1 WHERE seq < 0"))


def put_in(connection: Connection) -> None:
    row = dict(connection.execute(select(LOG).where(LOG.c.seq == 150)).one()._mapping)
    connection.execute(insert(LOG).values(row | {"seq": 151}))


def cut_after(last: int, *, clean: bool) -> Callable[[Connection], None]:
    """Cut the end off; `clean` takes the seals and the head back too, as who knows them does."""

    def cut(connection: Connection) -> None:
        connection.execute(delete(LOG).where(LOG.c.seq > last))
        if clean:
            seals = tables.audit_seals
            connection.execute(delete(seals).where(seals.c.seq > last))
            mac = connection.execute(select(LOG.c.mac).where(LOG.c.seq == last)).scalar_one()
            sealed = max(connection.execute(select(seals.c.seq)).scalars())
            connection.execute(
                update(tables.audit_head).values(seq=last, mac=mac, sealed_seq=sealed)
            )

    return cut


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (lambda c: c.execute(delete(LOG).where(LOG.c.seq == 40)), "row 40 is missing"),
        (lambda c: c.execute(delete(LOG).where(LOG.c.seq == 1)), "row 1 is missing"),
        (swap, "row 40 is not what was written"),
        (take_out_and_close_up, "row 40 is not what was written"),
        (put_in, "row 151 is not what was written"),
        (cut_after(100, clean=False), "row 101 is missing: the log was sealed up to row 129"),
        (cut_after(100, clean=True), "row 101 is missing: the log was sealed up to row 129"),
        (cut_after(140, clean=False), "row 141 is missing: the log ends too early"),
        (
            lambda c: c.execute(delete(tables.audit_head)),
            "the row that holds its end is missing",
        ),
        (
            lambda c: c.execute(delete(tables.audit_seals).where(tables.audit_seals.c.seq == 129)),
            "the seal at row 129 is not the one in the file audit.anchor",
        ),
        (
            lambda c: c.execute(delete(tables.audit_seals).where(tables.audit_seals.c.seq == 65)),
            "the seal at row 129 is not what was written",
        ),
    ],
    ids=[
        *("missing", "first missing", "reordered", "closed up", "inserted"),
        *("cut", "cut and cleaned", "short cut", "no head", "no seal", "no earlier seal"),
    ],
)
def test_what_is_done_to_the_log_is_found(
    written: Verifier, tamper: Callable[[Connection], None], problem: str
) -> None:
    with written.database.writing() as connection:
        tamper(connection)
    assert report(written).problem == problem


def test_a_lost_anchor_is_told(written: Verifier) -> None:
    written.anchor.path.unlink()
    assert "audit.anchor" in (report(written).problem or "")


def test_a_seal_lost_before_it_was_anchored_is_no_false_alarm(written: Verifier) -> None:
    """A power cut between the commit and the anchor leaves an older anchor: that is in order."""
    before = written.anchor.path.read_text()
    written.audit.seal(written.clock.now())
    written.anchor.path.write_text(before)
    assert report(written).problem is None


def test_an_event_stands_or_falls_with_its_change(verifier: Verifier) -> None:
    before = report(verifier).rows

    class Cut(Exception):
        pass

    def cut_off() -> None:
        with verifier.database.writing() as connection:
            verifier.audit.write(connection, verifier.clock.now(), Event.USER_ADDED, "cli:test")
            raise Cut

    with pytest.raises(Cut):
        cut_off()
    assert report(verifier) == Report(rows=before, seals=1, unsealed=before - 1)


def test_logins_are_written_down_without_a_secret(api: Api, card: Card, verifier: Verifier) -> None:
    api.password("nobody-here", "their password")
    api.password("alice", "not hers")
    login, challenge = api.login()
    shown = card.shows(challenge)
    api.answer(login, wrong(shown))
    token = api.answer(login, shown).json()["session"]
    with verifier.database.reading() as connection:
        rows = connection.execute(select(LOG).order_by(LOG.c.seq)).all()
    assert [row.event for row in rows[1:]] == [
        "password.refused",
        "password.refused",
        "login.begun",
        "login.wrong",
        "login.accepted",
    ]
    assert [row.subject for row in rows[1:3]] == [None, "alice"]
    assert json.loads(rows[-1].detail) == {"access": "full", "device": card.serial}
    everything = "".join(f"{row.actor}{row.subject}{row.detail}" for row in rows)
    for secret in ("nobody-here", "their password", PASSWORD, shown, PIN, challenge, token, login):
        assert secret not in everything


def test_the_anchor_holds_no_key(verifier: Verifier, tmp_path: Path) -> None:
    key = verifier.secrets.get(AUDIT)
    for path in (tmp_path / "data").iterdir():
        assert key not in path.read_bytes()
        assert key.hex().encode() not in path.read_bytes()
