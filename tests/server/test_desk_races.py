"""Two at the desk help the same caller at once, over two workers: he gets one temporary code."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from server.accounts.roles import Role
from server.db.tables import devices, outbox
from server.verifier import Verifier

from . import counter
from .desk_support import WHY, Caller, staff
from .holder import Holder
from .support import Api
from .test_races import Served, serve
from .wire import Wire

ROUNDS = 20
EACH = 4
PATH = "/api/v1/desk/users/alice/temporary-code"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(
        tmp_path_factory.mktemp("served"), "server", "serve", "--port", "{port}", "--workers", "2"
    )


@pytest.fixture(scope="module")
def desk(served: Served) -> list[Caller]:
    api = Api(served.verifier)
    return [staff(served.verifier, api, name, Role.SUPPORT) for name in ("carol", "dan")]


def check(verifier: Verifier, who: Caller) -> None:
    """Alice has answered to somebody at the desk."""
    session = verifier.sessions.find(who.token, verifier.clock.now())
    counter.check(verifier, session, "alice")


def issued(verifier: Verifier) -> tuple[int, int]:
    """How many temporary codes are in use, and how many her owner was told of."""
    codes = select(func.count()).where(
        devices.c.kind == "temporary_code", devices.c.state == "active"
    )
    told = select(func.count()).where(outbox.c.notice == "temporary_code_issued")
    with verifier.database.reading() as connection:
        return connection.execute(codes).scalar_one(), connection.execute(told).scalar_one()


async def at_once(served: Served, desk: list[Caller]) -> Counter[int]:
    carol, dan = (Wire(served.port, EACH, f"Bearer {who.token}") for who in desk)
    async with carol, dan:
        answers = await asyncio.gather(
            *(wire.at_once([(PATH, WHY)] * EACH) for wire in (carol, dan))
        )
    return Counter(status for each in answers for status, _ in each)


def test_of_two_at_the_desk_who_issue_a_code_at_once_one_does(
    served: Served, desk: list[Caller]
) -> None:
    alice = Holder(served.verifier, served.card)
    for number in range(1, ROUNDS + 1):
        alice.log_in("card")  # it has worked since the last code: another may follow
        for who in desk:
            check(served.verifier, who)
        assert asyncio.run(at_once(served, desk)) == {201: 1, 409: 2 * EACH - 1}
        assert issued(served.verifier) == (1, number)
