"""The master key is changed while two workers serve: no login fails, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from server.audit.verify import verify
from server.crypto import rotation
from server.crypto.secrets_table import AUDIT
from server.verifier import Verifier

from ..support import PASSWORD, Card, add_card, add_user, environment_of
from ..wire import Wire
from .served import Served, serving

USERS = 4
ROTATIONS = int(os.environ.get("ROTATIONS", "3"))


async def log_in(wire: Wire, name: str, card: Card) -> list[int]:
    status, content = await wire.post("/api/v1/login", {"username": name, "password": PASSWORD})
    if status != 200:
        return [status]
    answer = {"answer": card.shows(content["prompt"]["challenge"])}
    answered, _ = await wire.post(f"/api/v1/login/{content['login']}/answer", answer)
    return [status, answered]


async def under_load(served: Served, cards: dict[str, Card]) -> tuple[list[list[int]], list[int]]:
    """Log everybody in again and again until the key has been rotated a few times."""
    found: list[list[int]] = []
    rotated = asyncio.Event()

    async def one(name: str, card: Card) -> None:
        async with Wire(served.port, 1) as wire:
            while not rotated.is_set():
                found.append(await log_in(wire, name, card))

    async def rotate() -> list[int]:
        codes = []
        for _ in range(ROTATIONS):
            before = len(found)
            while len(found) < before + USERS:  # logins go on between two rotations
                await asyncio.sleep(0.01)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server", "key", "rotate"),
                env=os.environ | environment_of(served.verifier),
                stdout=subprocess.DEVNULL,
            )
            codes.append(await process.wait())
        before = len(found)
        while len(found) < before + USERS:
            await asyncio.sleep(0.01)
        rotated.set()
        return codes

    codes, *_ = await asyncio.gather(rotate(), *(one(*each) for each in cards.items()))
    return found, codes


def keys_in_use(verifier: Verifier) -> set[bytes]:
    """The ids of the master keys that anything is sealed under."""
    with verifier.database.reading() as connection:
        return {
            bytes(sealed[1:5])
            for column, _ in rotation.SEALED_COLUMNS
            for sealed in connection.execute(select(column).where(column.is_not(None))).scalars()
        }


def test_no_login_fails_while_the_master_key_is_rotated(tmp_path: Path) -> None:
    with serving(
        tmp_path, "--workers", "2", environment={"CHALLNG_LOG_REQUESTS": "false"}
    ) as served:
        verifier = served.verifier
        cards = {}
        for number in range(USERS):
            name = f"user-{number}"
            add_user(verifier, name)
            cards[name] = Card(number=100 + number, key=bytes([number]) * 32)
            add_card(verifier, cards[name], name)
        found, codes = asyncio.run(under_load(served, cards))
        assert codes == [0] * ROTATIONS
        assert found == [[200, 200]] * len(found)
        assert len(found) >= USERS * ROTATIONS
        verifier.keyring.reload()
        assert keys_in_use(verifier) == {verifier.keyring.newest}
        assert (
            verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None
        )

        # The old keys are not needed any more by anybody who serves.
        path = verifier.settings.data / "master.key"
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert len(lines) == 1 + ROTATIONS
        path.write_text(lines[-1] + "\n")
        name, card = next(iter(cards.items()))

        async def once() -> list[int]:
            async with Wire(served.port, 1) as wire:
                return await log_in(wire, name, card)

        assert asyncio.run(once()) == [200, 200]
