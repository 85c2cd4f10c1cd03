"""Equal values sent at once to two workers: a pair is accepted once, however many logins ask it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from .holder import PERMANENT, Holder
from .support import PASSWORD
from .test_races import AT_ONCE, Served, serve
from .wire import Wire

ROUNDS = 40
LOGINS = 8


@dataclass
class Asked:
    """A login that waits for two values, or for the temporary code."""

    login: str
    prompt: dict[str, list[int]]

    @property
    def path(self) -> str:
        return f"/api/v1/login/{self.login}/answer"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(
        tmp_path_factory.mktemp("served"), "server", "serve", "--port", "{port}", "--workers", "2"
    )


@pytest.fixture(scope="module")
def alice(served: Served) -> Holder:
    holder = Holder(served.verifier, served.card)
    holder.log_in()
    holder.gets(PERMANENT)
    holder.is_given_a_code()
    return holder


async def begin(wire: Wire, label: str) -> Asked:
    status, begun = await wire.post("/api/v1/login", {"username": "alice", "password": PASSWORD})
    assert status == 200, begun
    path = f"/api/v1/login/{begun['login']}/factor"
    status, chosen = await wire.post(path, {"factor": label})
    assert status == 200, chosen
    return Asked(begun["login"], chosen["prompt"])


async def answers_at_once(
    served: Served, holder: Holder, label: str, logins: int, rounds: int
) -> list[Counter[int]]:
    """In each round, send the right answer 32 times at once, to `logins` logins in turn."""
    found = []
    async with Wire(served.port, AT_ONCE) as wire:
        for _ in range(rounds):
            asked = [await begin(wire, label) for _ in range(logins)]
            assert all(each.prompt == asked[0].prompt for each in asked)
            body = {"answer": holder.answer(label, asked[0].prompt)}
            requests = [(asked[at % logins].path, body) for at in range(AT_ONCE)]
            found.append(Counter(status for status, _ in await wire.at_once(requests)))
    return found


def test_two_right_values_sent_32_times_at_once_are_accepted_once(
    served: Served, alice: Holder
) -> None:
    found = asyncio.run(answers_at_once(served, alice, PERMANENT, 1, ROUNDS))
    assert found == [Counter({200: 1, 409: AT_ONCE - 1})] * ROUNDS


def test_a_pair_asked_on_eight_logins_at_once_is_accepted_on_one_of_them(
    served: Served, alice: Holder
) -> None:
    found = asyncio.run(answers_at_once(served, alice, PERMANENT, LOGINS, ROUNDS))
    assert found == [Counter({200: 1, 409: AT_ONCE - 1})] * ROUNDS


def test_a_temporary_code_sent_32_times_at_once_opens_one_session(
    served: Served, alice: Holder
) -> None:
    found = asyncio.run(answers_at_once(served, alice, "temporary-code", 1, 10))
    assert found == [Counter({200: 1, 409: AT_ONCE - 1})] * 10


def test_logins_begun_at_once_are_asked_the_same_pair(served: Served, alice: Holder) -> None:
    """Nobody finds indexes that he knows by beginning many logins."""

    async def pairs() -> set[tuple[int, ...]]:
        async with Wire(served.port, AT_ONCE) as wire:
            body = {"username": "alice", "password": PASSWORD}
            begun = await wire.at_once([("/api/v1/login", body)] * AT_ONCE)
            requests = [
                (f"/api/v1/login/{content['login']}/factor", {"factor": PERMANENT})
                for _, content in begun
            ]
            chosen = await wire.at_once(requests)
            return {tuple(content["prompt"]["indexes"]) for _, content in chosen}

    for _ in range(5):
        assert len(asyncio.run(pairs())) == 1
        asyncio.run(answers_at_once(served, alice, PERMANENT, 1, 1))


def test_a_card_is_made_once_and_activated_once(served: Served, alice: Holder) -> None:
    """The form sent 32 times at once, then the two values 32 times at once."""
    alice.log_in()

    async def at_once(path: str, body: object) -> list[tuple[int, dict[str, object]]]:
        async with Wire(served.port, AT_ONCE, f"Bearer {alice.token}") as wire:
            return list(await wire.at_once([(path, body)] * AT_ONCE))

    made = asyncio.run(at_once("/api/v1/code-card", {}))
    assert [status for status, _ in made] == [200] * AT_ONCE
    (card_id,) = {content["id"] for _, content in made}
    assert isinstance(card_id, int)
    alice.prints_it(PERMANENT, card_id)
    asked = alice.call("POST", "code-card/activation").json()
    body = {"answer": alice.prints[PERMANENT].answer(asked["prompt"])}
    path = f"/api/v1/code-card/activation/{asked['proof']}/answer"
    found = Counter(status for status, _ in asyncio.run(at_once(path, body)))
    assert found == {200: 1, 409: AT_ONCE - 1}
