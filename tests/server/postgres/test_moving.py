"""A verifier moves from its SQLite file to a server: every row, once, and never two verifiers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from server.audit.verify import verify
from server.clock import Clock
from server.crypto.secrets_table import AUDIT
from server.db.engine import Database
from server.db.tables import audit_log, cards, metadata, users
from server.errors import DataDirRefused, MoveRefused
from server.moving import marks, move, rows
from server.moving.move import Move
from server.verifier import Verifier, open_verifier
from tests.postgres import Server

from .. import lent
from ..support import Api, Card, ToldClock, add_card, add_user, make_verifier, wrong


@pytest.fixture
def verifier(
    tmp_path: Path, clock: ToldClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Verifier]:
    """A verifier on SQLite, whatever the others are on."""
    monkeypatch.setattr(lent, "IN_USE", False)
    made = make_verifier(tmp_path, clock)
    add_user(made)
    yield made
    made.close()


class Moving:
    """The move of one verifier, and the one that goes on in the new place."""

    def __init__(self, verifier: Verifier, url: str) -> None:
        self.old = verifier
        self.url = url
        self.place = move.place_of(url)
        self.told: list[str] = []
        self.target = Database(url)

    def step(self) -> Move:
        return Move(
            self.old.settings,
            self.old.database,
            self.target,
            self.place,
            self.old.clock,
            self.told.append,
        )

    def there(self, clock: Clock) -> Verifier:
        settings = self.old.settings.model_copy(
            update={"database_url": type_of(self.old.settings, self.url)}
        )
        return open_verifier(settings, clock=clock)


def type_of(settings: Any, url: str) -> Any:
    return type(settings)(data=settings.data, database_url=url).database_url


@pytest.fixture
def moving(
    verifier: Verifier, server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Moving]:
    made = Moving(verifier, server.create(f"moved_{tmp_path.name}"))
    yield made
    made.target.close()


def lived(api: Api, card: Card) -> str:
    """Log in, and be wrong twice; returns the token of the session."""
    login, challenge = api.login()
    token: str = api.answer(login, card.shows(challenge)).json()["session"]
    login, challenge = api.login()
    assert api.answer(login, wrong(card.shows(challenge))).status_code == 401
    return token


def counts(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def test_a_verifier_goes_on_in_the_new_place_as_if_nothing_had_been(
    moving: Moving, api: Api, card: Card, clock: ToldClock
) -> None:
    token = lived(api, card)
    login, challenge = api.login()
    before = counts(moving.old.database)
    moved = moving.step().run("cli:test")
    assert moved.rows == sum(before.values())
    new = moving.there(clock)
    after = counts(new.database)
    grown = {name for name in before if after[name] != before[name]}
    assert grown == {"audit_log", "audit_seals"}  # that it has moved
    there = Api(new)
    assert there.session(token).status_code == 200
    assert there.answer(login, card.shows(challenge)).status_code == 200
    report = verify(new.database, new.secrets.get(AUDIT), new.anchor)
    assert report.problem is None
    add_user(new, "bob")  # counted after the highest there was
    with new.database.reading() as connection:
        ids = connection.execute(select(users.c.id).order_by(users.c.id)).scalars().all()
        assert ids == [1, 2]
        events = connection.execute(select(audit_log.c.event)).scalars().all()
        assert "verifier.moved" in events
    new.close()


def test_the_old_place_answers_nobody_any_more(
    moving: Moving, api: Api, card: Card, verifier: Verifier
) -> None:
    token = lived(api, card)
    login, challenge = api.login()
    moving.step().run("cli:test")
    shown = card.shows(challenge)
    for refused in (api.answer(login, shown), api.password(), api.session(token)):
        assert refused.status_code == 503
    assert api.client.get("/readyz").status_code == 503
    with pytest.raises(DataDirRefused, match="has moved to postgresql://127") as told:
        open_verifier(verifier.settings)
    assert "challng@" not in str(told.value)


def test_a_database_with_something_in_it_is_refused(moving: Moving, server: Server) -> None:
    with moving.target.writing() as connection:
        connection.execute(text("CREATE TABLE diary (day text)"))
    before = counts(moving.old.database)
    with pytest.raises(MoveRefused, match="not empty"):
        moving.step().run("cli:test")
    assert counts(moving.old.database) == before


def test_another_verifiers_database_is_refused(moving: Moving, clock: ToldClock) -> None:
    moving.step().run("cli:test")
    other = make_verifier(moving.old.settings.data.parent / "other", clock)
    step = Moving(other, moving.url).step()
    with pytest.raises(MoveRefused, match="not empty"):
        step.run("cli:test")
    other.close()


class Cut(Exception):
    """The power went off."""


@pytest.mark.parametrize(
    "where", ["upgrade", "copy", "verify", "arriving", "left", "after-left", "arrived"]
)
def test_broken_off_anywhere_there_is_one_verifier_and_it_is_gone_on_with(
    where: str,
    moving: Moving,
    api: Api,
    card: Card,
    clock: ToldClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lived(api, card)
    login, challenge = api.login()

    def cut(*_given: Any, **_more: Any) -> Any:
        raise Cut

    with monkeypatch.context() as patch:
        if where == "upgrade":
            patch.setattr(move.migrate, "upgrade", cut)
        elif where == "copy":
            copied = rows.copy
            patch.setattr(
                move.rows, "copy", lambda c, t, r: cut() if t is cards else copied(c, t, r)
            )
        elif where == "verify":
            patch.setattr(move, "verify_within", cut)
        elif where == "after-left":
            patch.setattr(Move, "_arrive", cut)
        else:
            patch.setattr(move.marks, where, cut)
        with pytest.raises(Cut):
            moving.step().run("cli:test")
    left = where in {"after-left", "arrived"}
    if left:  # neither answers
        assert api.password().status_code == 503
        with pytest.raises(DataDirRefused, match="not finished"):
            moving.there(clock)
        moving.step().finish("cli:test")
    else:
        shown = card.shows(challenge)
        assert api.answer(login, shown).status_code == 200
        login, challenge = api.login()
        with pytest.raises(DataDirRefused):
            moving.there(clock)
        moving.step().run("cli:test")
    new = moving.there(clock)
    assert Api(new).answer(login, card.shows(challenge)).status_code == 200
    assert verify(new.database, new.secrets.get(AUDIT), new.anchor).problem is None
    new.close()


def test_a_row_that_arrives_changed_stops_the_move(
    moving: Moving, api: Api, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(api, card)
    copied = rows.copy

    def careless(connection: Any, table: Any, given: Any) -> Any:
        tally = copied(connection, table, given)
        if table is cards:
            connection.execute(cards.update().values(counter=cards.c.counter + 1))
        return tally

    monkeypatch.setattr(move.rows, "copy", careless)
    with pytest.raises(MoveRefused, match="rows of cards are not the same"):
        moving.step().run("cli:test")
    assert api.password().status_code == 200


def test_a_log_that_is_not_in_order_does_not_move(moving: Moving, verifier: Verifier) -> None:
    with verifier.database.writing() as connection:
        connection.execute(audit_log.update().values(actor="somebody else"))
    with pytest.raises(MoveRefused, match="audit log is not in order"):
        moving.step().run("cli:test")


def test_what_was_left_can_be_read_by_nobody_by_mistake(moving: Moving) -> None:
    moving.step().run("cli:test")
    with moving.old.database.reading() as connection:
        assert marks.read(connection) == marks.Mark(marks.State.LEFT, moving.place)
        with pytest.raises(SQLAlchemyError):
            connection.execute(select(users))


def test_the_digest_of_a_row_tells_values_apart() -> None:
    differing = [("a", "b"), ("ab", ""), (b"a", "b"), (1, None), (True, None), ("1", None)]
    tallies = {rows.tally(iter([each])).digest for each in differing}
    assert len(tallies) == len(differing)


def test_places_name_no_password() -> None:
    url = "postgresql://challng:secret@one,two:6000/logins?target_session_attrs=read-write"
    assert "secret" not in move.place_of(url)


def test_a_card_of_that_moved_is_the_same(moving: Moving, card: Card, clock: ToldClock) -> None:
    with moving.old.database.reading() as connection:
        before = dict(connection.execute(select(cards)).mappings().one())
    moving.step().run("cli:test")
    new = moving.there(clock)
    with new.database.reading() as connection:
        assert dict(connection.execute(select(cards)).mappings().one()) == before
    new.close()


@pytest.fixture
def card(verifier: Verifier) -> Card:
    held = Card()
    add_card(verifier, held)
    return held
