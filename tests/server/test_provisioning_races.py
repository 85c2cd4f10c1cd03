"""Calls on one card at the same moment, over two workers: the database decides which counts."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import func, select

from protocol import ocra, serial
from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db import tables

from .support import PIN, SUITE
from .test_provisioning import CARDS, credential
from .test_races import Served, serve
from .wire import Wire

AT_ONCE = 32
ROUNDS = 20

Desk = tuple[Served, str]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    for served in serve(folder, "server", "serve", "--port", "{port}", "--workers", "2"):
        yield served, f"Bearer {credential(served.verifier)}"


def record(key_id: str = "k", key: bytes = b"k" * 32) -> dict[str, object]:
    return {
        "key_id": key_id,
        "suite": SUITE,
        "key": base64.b64encode(key).decode(),
        "counter": 0,
        "issuer": "race",
        "challenge_length": 6,
        "user": "alice",
        "pin": PIN,
    }


def at(number: int, call: str = "") -> str:
    method = {"": "PUT ", "/confirm": "POST "}.get(call, "DELETE ")
    return f"{method}{CARDS}/{serial.make(number)}{call}"


async def send(desk: Desk, requests: list[tuple[str, object]]) -> list[tuple[int, object]]:
    async with Wire(desk[0].port, len(requests), desk[1]) as wire:
        return await wire.at_once(requests)


def statuses(desk: Desk, requests: list[tuple[str, object]]) -> list[int]:
    return [status for status, _ in asyncio.run(send(desk, requests))]


def count_of(desk: Desk, event: str, number: int) -> int:
    log = tables.audit_log
    with desk[0].verifier.database.reading() as connection:
        found: int = connection.execute(
            select(func.count()).where(log.c.event == event, log.c.subject == serial.make(number))
        ).scalar_one()
    return found


def states(desk: Desk, number: int) -> list[str]:
    devices = tables.devices
    with desk[0].verifier.database.reading() as connection:
        return list(
            connection.execute(
                select(devices.c.state).where(devices.c.serial == serial.make(number))
            ).scalars()
        )


def test_of_equal_records_sent_at_once_one_is_put_there(desk: Desk) -> None:
    found = Counter(statuses(desk, [(at(10), record())] * AT_ONCE))
    assert found == {201: 1, 200: AT_ONCE - 1}
    assert states(desk, 10) == ["pending"]


def test_of_different_records_sent_at_once_one_stands_and_it_alone_is_confirmed(desk: Desk) -> None:
    ids = [f"key-{each}" for each in range(AT_ONCE)]
    puts = [(at(11), record(key_id, key_id.ljust(32).encode())) for key_id in ids]
    assert set(statuses(desk, [*puts])) == {201}
    assert states(desk, 11) == ["pending"]
    confirms = [(at(11, "/confirm"), {"key_id": key_id}) for key_id in ids]
    assert Counter(statuses(desk, [*confirms])) == {200: 1, 409: AT_ONCE - 1}
    assert states(desk, 11) == ["active"]


def test_confirming_many_times_at_once_is_confirming_once(desk: Desk) -> None:
    statuses(desk, [(at(12), record())])
    found = statuses(desk, [(at(12, "/confirm"), {"key_id": "k"})] * AT_ONCE)
    assert found == [200] * AT_ONCE
    assert count_of(desk, "card.confirmed", 12) == 1


def test_a_card_confirmed_while_it_is_abandoned_is_one_of_both(desk: Desk) -> None:
    for number in range(100, 100 + ROUNDS):
        statuses(desk, [(at(number), record())])
        confirm = (at(number, "/confirm"), {"key_id": "k"})
        abandon = (at(number, "?key_id=k&only=pending"), {})
        found = statuses(desk, [confirm, abandon] * (AT_ONCE // 2))
        confirms, abandons = Counter(found[::2]), Counter(found[1::2])
        if 200 in confirms:
            assert confirms == {200: AT_ONCE // 2}
            assert abandons == {409: AT_ONCE // 2}
            assert states(desk, number) == ["active"]
        else:
            assert confirms == {404: AT_ONCE // 2}
            assert abandons == {200: 1, 404: AT_ONCE // 2 - 1}
            assert states(desk, number) == []


def test_a_card_revoked_while_it_answers_leaves_no_session(desk: Desk) -> None:
    served = desk[0]

    async def round_(number: int) -> tuple[int, str]:
        async with Wire(served.port, 2, desk[1]) as wire:
            await wire.post(at(number), record())
            await wire.post(at(number, "/confirm"), {"key_id": "k"})
            login, challenge = await served.login(wire)
            begun = await wire.post(
                f"/api/v1/login/{login}/factor", {"factor": label(desk, number)}
            )
            challenge = begun[1]["prompt"]["challenge"]
            shown = ocra.response(SUITE, b"k" * 32, question=challenge, counter=0, pin=PIN)
            answer = (f"/api/v1/login/{login}/answer", {"answer": shown})
            revoke = (at(number, "?key_id=k"), {})
            pair = [answer, revoke] if number % 2 else [revoke, answer]
            found = dict(zip([path for path, _ in pair], await wire.at_once(pair), strict=True))
            assert found[revoke[0]][0] == 200
            status, content = found[answer[0]]
            return status, content.get("session", "")

    for number in range(200, 200 + ROUNDS):
        status, session = asyncio.run(round_(number))
        assert status in {200, 409}
        assert states(desk, number) == ["revoked"]
        if status == 200:
            asked = httpx.get(
                f"http://127.0.0.1:{served.port}/api/v1/session",
                headers={"Authorization": f"Bearer {session}"},
            )
            assert asked.status_code == 401


def label(desk: Desk, number: int) -> str:
    devices = tables.devices
    with desk[0].verifier.database.reading() as connection:
        found: str = connection.execute(
            select(devices.c.label).where(
                devices.c.serial == serial.make(number), devices.c.state == "active"
            )
        ).scalar_one()
    return found


def test_the_audit_log_is_in_order_after_all_this(desk: Desk) -> None:
    verifier = desk[0].verifier
    assert verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None
