"""Equal answers sent at once to two workers: one is accepted, and every wrong one is counted.

The same harness is run against `naive`, a verifier without the compare-and-set, and must fail.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from server.audit.verify import verify
from server.clock import SystemClock
from server.crypto import keyring, rotation
from server.crypto.keyring import Keyring, KeySource
from server.crypto.secrets_table import AUDIT
from server.factors import cards
from server.verifier import Verifier
from tests.doors import free_port

from .support import PASSWORD, Card, add_card, add_user, environment_of, make_verifier, wrong
from .wire import Wire

ROUNDS = 200
AT_ONCE = 32
WRONG_AT_ONCE = 50


@dataclass
class Served:
    """A verifier that two workers serve."""

    verifier: Verifier
    card: Card
    port: int
    log: Path

    async def login(self, wire: Wire) -> tuple[str, str]:
        status, content = await wire.post(
            "/api/v1/login", {"username": "alice", "password": PASSWORD}
        )
        assert status == 200, content
        return content["login"], content["prompt"]["challenge"]


def serve(folder: Path, *command: str) -> Iterator[Served]:
    verifier = make_verifier(folder, SystemClock())
    add_user(verifier)
    card = Card()
    add_card(verifier, card)
    port = free_port()
    log = folder / "log"
    environment = (
        os.environ
        | environment_of(verifier)
        | {
            "CHALLNG_ARGON2_TIME": "1",
            "CHALLNG_ARGON2_MEMORY_KIB": "8",
            "CHALLNG_LOG_REQUESTS": "false",
        }
    )
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *(each.format(port=port) for each in command)],
            env=environment,
            stdout=out,
            stderr=out,
        )
    served = Served(verifier, card, port, log)
    try:
        asyncio.run(_until_ready(served, process))
        yield served
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
        verifier.close()


async def _until_ready(served: Served, process: subprocess.Popen[bytes]) -> None:
    for _ in range(6_000):  # a busy machine is not a broken one
        assert process.poll() is None, served.log.read_text()
        try:
            async with Wire(served.port, 1) as wire:
                await served.login(wire)
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise AssertionError(served.log.read_text())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(
        tmp_path_factory.mktemp("served"), "server", "serve", "--port", "{port}", "--workers", "2"
    )


@pytest.fixture(scope="module")
def naive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory.mktemp("naive"), "tests.server.naive", "{port}")


async def one_right_answer_many_times(served: Served, rounds: int) -> list[Counter[int]]:
    found = []
    async with Wire(served.port, AT_ONCE) as wire:
        for _ in range(rounds):
            login, challenge = await served.login(wire)
            body = {"answer": served.card.shows(challenge)}
            path = f"/api/v1/login/{login}/answer"
            answers = await wire.at_once([(path, body)] * AT_ONCE)
            found.append(Counter(status for status, _ in answers))
    return found


async def wrong_answers_at_once(served: Served, logins: int) -> Counter[int]:
    async with Wire(served.port, WRONG_AT_ONCE) as wire:
        opened = [await served.login(wire) for _ in range(logins)]
        requests = []
        for number in range(WRONG_AT_ONCE):
            login, challenge = opened[number % logins]
            bad = wrong(Card(counter=served.card.counter).shows(challenge))
            requests.append((f"/api/v1/login/{login}/answer", {"answer": bad}))
        return Counter(status for status, _ in await wire.at_once(requests))


def unlock(served: Served) -> None:
    with served.verifier.database.writing() as connection:
        cards.unlock(connection, served.card.serial)


def test_one_right_answer_sent_32_times_at_once_is_accepted_once(served: Served) -> None:
    unlock(served)
    found = asyncio.run(one_right_answer_many_times(served, ROUNDS))
    assert found == [Counter({200: 1, 409: AT_ONCE - 1})] * ROUNDS


def test_of_50_wrong_answers_at_once_to_one_login_three_are_evaluated(served: Served) -> None:
    unlock(served)
    found = asyncio.run(wrong_answers_at_once(served, logins=1))
    assert found == {401: 3, 409: WRONG_AT_ONCE - 3}


def test_of_50_wrong_answers_at_once_to_one_card_ten_are_evaluated(served: Served) -> None:
    unlock(served)
    found = asyncio.run(wrong_answers_at_once(served, logins=17))
    assert found == {401: 10, 423: WRONG_AT_ONCE - 10}


def test_a_master_key_is_rotated_while_two_workers_answer(served: Served) -> None:
    unlock(served)
    path = served.verifier.settings.data / "master.key"

    def rotate() -> None:
        for _ in range(3):
            keyring.add_key(path)
            operator = Keyring(served.verifier.keyring.source)
            rotation.reseal_all(served.verifier.database, operator)

    async def answer_meanwhile() -> list[Counter[int]]:
        rotating = asyncio.create_task(asyncio.to_thread(rotate))
        found = []
        while not rotating.done():
            found += await one_right_answer_many_times(served, 1)
        await rotating
        return found + await one_right_answer_many_times(served, 5)

    found = asyncio.run(answer_meanwhile())
    assert found == [Counter({200: 1, 409: AT_ONCE - 1})] * len(found)
    keys = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(keys) == 4
    newest = Keyring(KeySource("the newest alone", text=keys[-1]))
    assert rotation.reseal_all(served.verifier.database, newest) == 0  # all of it is under that


def test_any_worker_tells_the_numbers_of_all(served: Served) -> None:
    asyncio.run(one_right_answer_many_times(served, 2))
    told = {
        re.findall(
            r'challng_login_answers_total{verdict="decided"} (.*)',
            httpx.get(f"http://127.0.0.1:{served.port}/metrics").text,
        )[0]
        for _ in range(8)  # each over a connection of its own, to whichever worker takes it
    }
    assert len(told) == 1
    assert float(told.pop()) >= 2 * (AT_ONCE - 1)


def test_the_audit_log_is_in_order_after_the_races(served: Served) -> None:
    asyncio.run(wrong_answers_at_once(served, logins=2))
    verifier = served.verifier
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None
    assert report.unsealed < verifier.settings.audit_seal_rows


def test_the_harness_finds_a_verifier_that_accepts_twice(naive: Served) -> None:
    unlock(naive)
    found = asyncio.run(one_right_answer_many_times(naive, rounds=3))
    assert any(each[200] > 1 for each in found)


def test_the_harness_finds_a_verifier_that_loses_counts(naive: Served) -> None:
    unlock(naive)
    assert asyncio.run(wrong_answers_at_once(naive, logins=1))[401] > 3
    unlock(naive)
    assert asyncio.run(wrong_answers_at_once(naive, logins=17))[401] > 10
