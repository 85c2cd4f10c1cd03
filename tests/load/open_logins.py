"""Ten thousand logins that are open at once: all can still be answered, and nothing grows."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from sqlalchemy import func, select

from server.db.tables import logins
from tests.bench.server.people import Client, Person
from tests.bench.server.stage import Stage
from tests.load.process import held

OPEN = int(os.environ.get("OPEN_LOGINS", "1000"))
ANSWERED = int(os.environ.get("ANSWERED", "300"))
CLIENTS, WARM = 8, 200


def open_now(made: Stage) -> int:
    with made.verifier.database.reading() as connection:
        found = select(func.count()).where(logins.c.state == "open")
        return int(connection.execute(found).scalar_one())


def test_many_logins_are_open_at_once_and_each_can_be_answered(
    made: Stage, people: list[Person], told: Callable[[str], None]
) -> None:
    with made.serving(2, log_requests="false", challenge_seconds=86_400) as served:

        def begin(own: list[Person]) -> list[tuple[Person, str, str]]:
            client, begun = Client(served.port), []
            for person in own:
                status, content = client.begin(person)
                assert status == 200, content
                begun.append((person, content["login"], content["prompt"]["challenge"]))
            client.close()
            return begun

        def all_begin(count: int) -> list[tuple[Person, str, str]]:
            whole = [people[number % len(people)] for number in range(count)]
            with ThreadPoolExecutor(CLIENTS) as pool:
                shares = pool.map(begin, [whole[n::CLIENTS] for n in range(CLIENTS)])
            return [each for share in shares for each in share]

        all_begin(WARM)
        before, clock = held(served.pid), perf_counter()
        waiting = all_begin(OPEN)
        seconds, after = perf_counter() - clock, held(served.pid)
        assert open_now(made) == WARM + OPEN
        assert len({login for _, login, _ in waiting}) == OPEN
        told(f"{OPEN} logins opened, open at once: {OPEN / seconds:.0f}/s, {before} -> {after}")
        assert after.kilobytes < 1.3 * before.kilobytes + 8_192
        assert after.files <= before.files + 2 * CLIENTS

        client, step = Client(served.port), max(1, OPEN // ANSWERED)
        for person, login, challenge in waiting[::step]:
            status, content = client.answer(login, person.shows(challenge))
            assert status == 200, content
            assert client.answer(login, person.shows(challenge))[0] == 409
        client.close()
        assert open_now(made) == WARM + OPEN - len(waiting[::step])
        told(f"{len(waiting[::step])} of them answered, each of them once")
