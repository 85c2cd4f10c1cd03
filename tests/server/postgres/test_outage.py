"""The database away: nobody is let in, everybody is told so, and it comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from pyrad.client import Timeout
from pyrad.packet import AuthPacket

from server.errors import SettingsRefused
from server.settings import Settings
from server.settings import read as read_settings
from server.verifier import Verifier, open_verifier
from tests.postgres import Server

from .. import support
from ..radius.support import ACCEPT, Nas, add_client, digits_in, serving
from ..support import Api, Card, ToldClock, add_card, add_user


@pytest.fixture
def verifier(server: Server, tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    """A verifier on a server of its own, which may be stopped."""
    url = server.create(f"outage_{tmp_path.name}")
    settings = Settings(
        data=tmp_path / "data",
        database_url=url,  # type: ignore[arg-type]
        database_connect_seconds=2,
        database_connections=4,
        **support.FAST,  # type: ignore[arg-type]
    )
    support.setup.make(settings, clock, "cli:test")
    made = open_verifier(settings, clock=clock)
    add_user(made)
    yield made
    made.close()


def test_while_the_database_is_away_nobody_gets_in_and_then_all_do(
    verifier: Verifier, api: Api, card: Card, server: Server
) -> None:
    token = api.answer(*another(api, card)).json()["session"]
    login, shown = another(api, card)
    server.stop()
    try:
        assert api.client.get("/readyz").status_code == 503
        assert api.client.get("/healthz").status_code == 200
        assert api.client.get("/metrics").status_code == 200
        for refused in (api.password(), api.answer(login, shown), api.session(token)):
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:challng:problem:unavailable"
            assert refused.headers["retry-after"] == "1"
        api.client.cookies.set("challng_session", token)
        page = api.client.get("/devices", headers={"accept": "text/html"})
        assert page.status_code == 503
        assert "not possible at this moment" in page.text
    finally:
        server.start()
    assert api.client.get("/readyz").status_code == 200
    assert api.session(token).status_code == 200
    assert api.answer(login, shown).status_code == 200


def another(api: Api, card: Card) -> tuple[str, str]:
    login, challenge = api.login()
    return login, card.shows(challenge)


def test_many_who_come_meanwhile_do_not_hang_and_do_not_spoil_what_follows(
    api: Api, card: Card, server: Server
) -> None:
    with ThreadPoolExecutor(16) as people:
        api.login()  # connections that will break
        list(people.map(lambda _: api.password().status_code, range(16)))
        server.stop()
        try:
            away = list(people.map(lambda _: api.password().status_code, range(48)))
        finally:
            server.start()
        back = list(people.map(lambda _: api.password().status_code, range(16)))
    assert set(away) == {503}
    assert set(back) == {200}


def test_a_server_killed_between_two_requests_is_found_out_at_the_second(
    api: Api, card: Card, server: Server
) -> None:
    login, challenge = api.login()
    server.kill()
    server.start()
    assert api.answer(login, card.shows(challenge)).status_code == 200


def test_radius_is_silent_meanwhile_and_the_same_request_is_decided_then(
    verifier: Verifier, card: Card, server: Server
) -> None:
    add_client(verifier)
    with serving(verifier) as (port, _, _):
        asked, state = Nas(port).challenge()
        packet = Nas(port).packet("alice", card.shows(digits_in(asked)), state)
        server.stop()
        try:
            with pytest.raises(Timeout):
                Nas(port, seconds=3).send(packet)
        finally:
            server.start()
        assert sent_until_answered(Nas(port, seconds=5), packet).code == ACCEPT


def sent_until_answered(nas: Nas, packet: AuthPacket) -> AuthPacket:
    """Send the same request again and again, as clients do that hear nothing."""
    for _ in range(12):
        with suppress(Timeout):
            return nas.send(packet)
    raise AssertionError("there was no reply")


def test_more_requests_than_connections_wait_for_their_turn(api: Api, card: Card) -> None:
    with ThreadPoolExecutor(24) as people:
        assert set(people.map(lambda _: api.password().status_code, range(48))) == {200}


@pytest.mark.parametrize(
    "url", ["mysql://localhost/challng", "challng.db", "postgresql://h/db?colour=blue"]
)
def test_a_url_that_cannot_be_used_is_refused_and_not_repeated(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALLNG_DATABASE_URL", url)
    with pytest.raises(SettingsRefused) as refused:
        open_verifier_of(tmp_path)
    assert url not in str(refused.value)
    assert "postgresql://user:password@host" in str(refused.value)


def open_verifier_of(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "master.key").write_text("q" * 43 + "=\n")
    open_verifier(read_settings(folder / "data"))


@pytest.fixture
def card(verifier: Verifier) -> Card:
    held = Card()
    add_card(verifier, held)
    return held
