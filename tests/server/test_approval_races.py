"""Approvals, denials and passcodes at the same moment, to two workers: one alone decides."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from server.clock import SystemClock
from server.db.tables import logins, mobile_keys, sessions
from tests.phone import Key, Phone

from .phones import PHONE_PIN, PUBLIC_URL, give_phone, said, waits
from .support import PASSWORD
from .test_races import Served, serve
from .wire import Wire

ROUNDS = 30
AT_ONCE = 16


@dataclass
class Scene:
    """Two workers, and alice's phone."""

    served: Served
    phone: Phone

    @property
    def key(self) -> Key:
        return self.phone.keys[0]

    async def begin(self, wire: Wire) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Begin a login; its id, its prompt, and what the phone shows of it."""
        with self.served.verifier.database.writing() as connection:  # nobody was asked of late
            connection.execute(
                mobile_keys.update().values(
                    prompted_first=None, prompted_second=None, prompted_third=None
                )
            )
            connection.execute(
                logins.update().where(logins.c.state == "open").values(state="closed")
            )
        status, content = await wire.post(
            "/api/v1/login", {"username": "alice", "password": PASSWORD}
        )
        assert status == 200, content
        shown = await asyncio.to_thread(waits, self.phone)
        return content["login"], content["prompt"], shown

    def says(
        self, shown: dict[str, Any], verdict: str, number: str | None, pin: str = PHONE_PIN
    ) -> tuple[tuple[str, object], dict[str, str]]:
        """A request and its header."""
        path = f"/api/v1/mobile/approvals/{shown['login']}"
        body = said(self.key, shown, verdict, number, pin)
        header = self.key.header("POST", path, json.dumps(body).encode(), SystemClock())
        return (path, body), header

    def states(self) -> Counter[str]:
        with self.served.verifier.database.reading() as connection:
            return Counter(connection.execute(select(logins.c.state)).scalars())

    def sessions(self) -> int:
        with self.served.verifier.database.reading() as connection:
            found: int = connection.execute(select(func.count()).select_from(sessions)).scalar_one()
            return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHALLNG_PUBLIC_URL", PUBLIC_URL)
        folder = tmp_path_factory.mktemp("approvals")
        for served in serve(folder, "server", "serve", "--port", "{port}", "--workers", "2"):
            with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as client:
                yield Scene(served, give_phone(served.verifier, client, clock=SystemClock()))


def test_one_approval_sent_16_times_at_once_decides_once(scene: Scene) -> None:
    async def rounds() -> list[Counter[int]]:
        found = []
        async with Wire(scene.served.port, AT_ONCE) as wire:
            for _ in range(ROUNDS):
                _, prompt, shown = await scene.begin(wire)
                request, header = scene.says(shown, "approve", prompt["number"])
                answers = await wire.at_once([request] * AT_ONCE, [header] * AT_ONCE)
                found.append(Counter(status for status, _ in answers))
        return found

    before = scene.states()["approved"]
    assert asyncio.run(rounds()) == [Counter({200: 1, 409: AT_ONCE - 1})] * ROUNDS
    assert scene.states()["approved"] == before + ROUNDS


def test_of_an_approval_and_a_denial_at_once_one_decides(scene: Scene) -> None:
    async def rounds() -> list[tuple[Counter[int], set[str]]]:
        found = []
        async with Wire(scene.served.port, 8) as wire:
            for _ in range(ROUNDS):
                login, prompt, shown = await scene.begin(wire)
                sent = [
                    scene.says(shown, verdict, prompt["number"])
                    for verdict in ("approve", "deny") * 4
                ]
                answers = await wire.at_once([each[0] for each in sent], [each[1] for each in sent])
                said_so = {content["state"] for status, content in answers if status == 200}
                with scene.served.verifier.database.reading() as connection:
                    stands = connection.execute(
                        select(logins.c.state).where(logins.c.id == login)
                    ).scalar_one()
                assert said_so == {stands}
                found.append((Counter(status for status, _ in answers), said_so))
        return found

    found = asyncio.run(rounds())
    assert [each for each, _ in found] == [Counter({200: 1, 409: 7})] * ROUNDS


def test_of_an_approval_and_a_passcode_at_once_one_opens_the_session(scene: Scene) -> None:
    async def rounds() -> list[Counter[int]]:
        found = []
        async with Wire(scene.served.port, 8) as wire:
            for _ in range(ROUNDS):
                login, prompt, shown = await scene.begin(wire)
                approval, header = scene.says(shown, "approve", prompt["number"])
                passcode = scene.key.shows(prompt["challenge"], PHONE_PIN)
                answer = (f"/api/v1/login/{login}/answer", {"answer": passcode})
                requests: list[tuple[str, object]] = [approval, answer] * 4
                answers = await wire.at_once(requests, [header, {}] * 4)
                found.append(Counter(status for status, _ in answers))
                await wire.post(f"/api/v1/login/{login}/approval", {})
        return found

    before = scene.sessions()
    assert asyncio.run(rounds()) == [Counter({200: 1, 409: 7})] * ROUNDS
    assert scene.sessions() == before + ROUNDS  # one for each login, whichever way


def test_an_approved_session_is_taken_by_one_of_16(scene: Scene) -> None:
    async def rounds() -> list[Counter[int]]:
        found = []
        async with Wire(scene.served.port, AT_ONCE) as wire:
            for _ in range(ROUNDS):
                login, prompt, shown = await scene.begin(wire)
                request, header = scene.says(shown, "approve", prompt["number"])
                assert (await wire.at_once([request], [header]))[0][0] == 200
                take: tuple[str, object] = (f"/api/v1/login/{login}/approval", {})
                answers = await wire.at_once([take] * AT_ONCE)
                found.append(Counter(status for status, _ in answers))
        return found

    assert asyncio.run(rounds()) == [Counter({200: 1, 409: AT_ONCE - 1})] * ROUNDS


def test_of_16_wrong_pins_at_once_three_are_judged(scene: Scene) -> None:
    async def flood() -> Counter[int]:
        async with Wire(scene.served.port, AT_ONCE) as wire:
            _, prompt, shown = await scene.begin(wire)
            sent = [scene.says(shown, "approve", prompt["number"], "00000") for _ in range(AT_ONCE)]
            answers = await wire.at_once([each[0] for each in sent], [each[1] for each in sent])
            return Counter(status for status, _ in answers)

    assert asyncio.run(flood()) == {401: 3, 409: AT_ONCE - 3}
