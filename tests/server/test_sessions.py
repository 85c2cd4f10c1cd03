"""Sessions end: by idleness, by age, by logging out, by the operator."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from sqlalchemy import select

from server.commands import users as user_commands
from server.db import tables
from server.verifier import Verifier

from .support import Api, Card, ToldClock


def opened(api: Api, card: Card) -> str:
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    assert isinstance(token, str)
    return token


def test_a_session_ends_after_30_idle_minutes(api: Api, card: Card, clock: ToldClock) -> None:
    token = opened(api, card)
    clock.advance(1_799)
    told = api.session(token)
    assert told.status_code == 200
    assert told.json()["until"] == "2026-03-01T12:59:59Z"  # it was used: 30 minutes from now
    clock.advance(1_800)
    ended = api.session(token)
    assert ended.status_code == 401
    assert ended.headers["www-authenticate"] == "Bearer"


def test_a_session_ends_after_12_hours_however_it_is_used(
    api: Api, card: Card, clock: ToldClock
) -> None:
    token = opened(api, card)
    for _ in range(47):
        clock.advance(15 * 60)
        assert api.session(token).status_code == 200
    assert api.session(token).json()["until"] == "2026-03-02T00:00:00Z"
    clock.advance(15 * 60)
    assert api.session(token).status_code == 401


def test_a_session_stands_in_the_database_as_a_hash_alone(
    api: Api, card: Card, verifier: Verifier
) -> None:
    token = opened(api, card)
    assert len(token) == 43  # 32 bytes
    with verifier.database.reading() as connection:
        row = connection.execute(select(tables.sessions)).one()
    assert len(row.token_hash) == 32
    assert token.encode() not in row.token_hash
    assert token not in str(row)


def test_what_is_no_session_is_refused(api: Api, card: Card) -> None:
    assert api.client.get("/api/v1/session").status_code == 401
    for given in ("Bearer", "Bearer ", "Bearer x", "Bearer " + "A" * 43, "Basic eDp5", "Bearer é"):
        told = api.client.get("/api/v1/session", headers={"Authorization": given.encode("latin-1")})
        assert told.status_code == 401, given
        assert told.headers["content-type"] == "application/problem+json"


def test_a_locked_user_is_out_at_once(api: Api, card: Card, verifier: Verifier) -> None:
    token = opened(api, card)
    login, challenge = api.login()
    user_commands.lock(verifier, Namespace(name="alice", unlock=False))
    assert api.session(token).status_code == 401
    assert api.answer(login, card.shows(challenge)).status_code == 409
    assert api.password().status_code == 401
    user_commands.lock(verifier, Namespace(name="alice", unlock=True))
    assert api.session(token).status_code == 401
    assert api.password().status_code == 200


def test_a_new_password_ends_what_the_old_one_began(
    api: Api, card: Card, verifier: Verifier, tmp_path: Path
) -> None:
    token = opened(api, card)
    login, challenge = api.login()
    file = tmp_path / "password"
    file.write_text("another password\n")
    user_commands.passwd(verifier, Namespace(name="alice", password_file=str(file)))
    assert api.session(token).status_code == 401
    assert api.answer(login, card.shows(challenge)).status_code == 409
    assert api.password().status_code == 401
    assert api.password(password="another password").status_code == 200
