"""Reports are read from a replica that keeps up; everything else from the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_log
from server.settings import Settings
from server.verifier import Verifier, open_verifier
from tests.postgres import Server

from .. import support
from ..support import Api, Card, ToldClock, add_card, add_user


@pytest.fixture(scope="module")
def replica(server: Server) -> Iterator[Server]:
    made = Server()
    try:
        made.follow(server, "reports")
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def verifier(
    server: Server, replica: Server, tmp_path: Path, clock: ToldClock
) -> Iterator[Verifier]:
    name = f"reports_{tmp_path.name}"
    settings = Settings(
        data=tmp_path / "data",
        database_url=server.create(name),  # type: ignore[arg-type]
        replica_url=replica.url(name),  # type: ignore[arg-type]
        database_connect_seconds=2,
        audit_seal_rows=4,
        **support.FAST,  # type: ignore[arg-type]
    )
    support.setup.make(settings, clock, "cli:test")
    made = open_verifier(settings, clock=clock)
    add_user(made)
    add_card(made, Card())
    yield made
    made.close()


def catch_up(server: Server, replica: Server) -> None:
    wanted = server.ask("SELECT pg_current_wal_lsn()")
    for _ in range(2400):
        if replica.ask(f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'"):
            return
        replica.ask("SELECT pg_sleep(0.05)")
    raise AssertionError("the replica does not follow")


def is_replica(verifier: Verifier, up_to: int = 0) -> bool:
    with verifier.reports.reading(up_to) as connection:
        return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one())


def problem(verifier: Verifier) -> str | None:
    return verify(verifier.reports, verifier.secrets.get(AUDIT), verifier.anchor).problem


def test_the_log_is_verified_where_the_replica_has_it(
    verifier: Verifier, server: Server, replica: Server
) -> None:
    catch_up(server, replica)
    assert is_replica(verifier)
    assert problem(verifier) is None
    with verifier.database.writing() as connection:
        connection.execute(audit_log.update().values(actor="somebody else"))
    catch_up(server, replica)
    assert problem(verifier) == "row 1 is not what was written"


def test_a_replica_that_is_behind_is_passed_over(
    verifier: Verifier, server: Server, replica: Server
) -> None:
    catch_up(server, replica)
    replica.ask("SELECT pg_wal_replay_pause()")
    try:
        api, card = Api(verifier), Card()
        for _ in range(4):
            login, challenge = api.login()
            assert api.answer(login, card.shows(challenge)).status_code == 200
        anchor = verifier.anchor.read()
        assert anchor is not None
        assert not is_replica(verifier, anchor.seq)
        assert is_replica(verifier)
        assert problem(verifier) is None
    finally:
        replica.ask("SELECT pg_wal_replay_resume()")


def test_a_replica_that_is_away_is_passed_over(
    verifier: Verifier, server: Server, replica: Server
) -> None:
    catch_up(server, replica)
    replica.stop()
    try:
        assert not is_replica(verifier)
        assert problem(verifier) is None
    finally:
        replica.start()
    assert is_replica(verifier)


def test_nothing_can_be_written_where_reports_are_read(verifier: Verifier) -> None:
    with (
        pytest.raises(Exception, match="read-only"),
        verifier.reports.reading() as connection,
    ):
        connection.execute(audit_log.update().values(actor="somebody else"))
