"""Equal answers at once, to two workers: one confirms, one lets in, and every wrong one counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from server.applications.applications import May
from server.db.tables import devices
from tests.server.test_races import Served, serve

from ..applications.programs import add_application
from ..support import PASSWORD, wrong
from ..wire import Wire
from .asking import PAYMENT

ROUNDS = 12
AT_ONCE = 16


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    yield from serve(folder, "server", "serve", "--port", "{port}", "--workers", "2")


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return add_application(served.verifier, "bank", May.CONFIRM)


def test_an_action_is_confirmed_by_one_of_many_equal_answers(served: Served, token: str) -> None:
    async def run() -> None:
        async with Wire(served.port, AT_ONCE, f"Bearer {token}") as wire:
            for _ in range(ROUNDS):
                body = {"user": "alice", "action": PAYMENT}
                status, asked = await wire.post("/api/v1/confirmations", body)
                assert status == 201
                path = f"/api/v1/confirmations/{asked['id']}/answer"
                right = {"answer": served.card.shows(asked["challenge"])}
                got = await wire.at_once([(path, right)] * AT_ONCE)
                assert sorted(status for status, _ in got) == [200] + [409] * (AT_ONCE - 1)

    asyncio.run(run())


def test_one_of_many_equal_answers_lets_in(served: Served) -> None:
    async def run() -> None:
        async with Wire(served.port, AT_ONCE) as wire:
            for _ in range(ROUNDS):
                given = {"user": "alice", "pass": PASSWORD}
                _, asked = await wire.post("/validate/check", given)
                detail = asked["detail"]
                challenge = detail["multi_challenge"][0]["attributes"]["challenge"]
                answer = {
                    "user": "alice",
                    "pass": served.card.shows(challenge),
                    "transaction_id": detail["transaction_id"],
                }
                got = await wire.at_once([("/validate/check", answer)] * AT_ONCE)
                assert [status for status, _ in got] == [200] * AT_ONCE
                values = [content["result"]["value"] for _, content in got]
                assert values.count(True) == 1

    asyncio.run(run())


def test_no_more_wrong_answers_are_heard_than_a_challenge_allows(
    served: Served, token: str
) -> None:
    async def run() -> list[int]:
        async with Wire(served.port, AT_ONCE, f"Bearer {token}") as wire:
            body = {"user": "alice", "action": PAYMENT}
            _, asked = await wire.post("/api/v1/confirmations", body)
            path = f"/api/v1/confirmations/{asked['id']}/answer"
            answer = {"answer": wrong(served.card.shows(asked["challenge"]))}
            got = await wire.at_once([(path, answer)] * AT_ONCE)
            return sorted(status for status, _ in got)

    assert asyncio.run(run()) == [401] * 3 + [409] * (AT_ONCE - 3)
    with served.verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 3
