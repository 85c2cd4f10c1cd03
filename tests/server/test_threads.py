"""What waits is done on threads: what is set goes along, and nothing is free before it is done."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from server.threads import Threads, on_the_loop

_SECONDS = 60
_said: ContextVar[str] = ContextVar("said", default="")


def test_a_function_returns_and_raises_where_it_is_waited_for() -> None:
    def refuse() -> None:
        raise KeyError("no")

    async def work() -> None:
        _said.set("something")
        threads = Threads(2)
        assert await threads.run(_said.get) == "something"
        assert await threads.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(KeyError):
            await threads.run(refuse)

    asyncio.run(work())


def test_one_thread_is_enough_for_one_after_the_other_and_no_more_than_allowed_begin() -> None:
    both = threading.Barrier(2)

    async def work() -> None:
        threads = Threads(2)
        names = {await threads.run(threading.get_ident) for _ in range(20)}
        assert len(names) <= 2
        waiting = [asyncio.create_task(threads.run(both.wait, _SECONDS)) for _ in range(2)]
        assert sorted(await asyncio.gather(*waiting)) == [0, 1]  # side by side, or never

    asyncio.run(work())


def test_who_is_cancelled_is_so_once_the_thread_is_done() -> None:
    begun, may_end = threading.Event(), threading.Event()
    held = asyncio.Semaphore(1)

    def wait() -> None:
        begun.set()
        assert may_end.wait(_SECONDS)

    async def work() -> None:
        threads = Threads(1)

        async def hold() -> None:
            async with held:
                await threads.run(wait)

        task = asyncio.create_task(hold())
        while not begun.is_set():
            await asyncio.sleep(0)
        for _ in range(3):  # however often
            task.cancel()
            await asyncio.sleep(0)
        assert held.locked()
        assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not held.locked()

    asyncio.run(work())


def test_what_no_thread_has_begun_is_not_done_for_nobody() -> None:
    may_end = threading.Event()
    done: list[int] = []

    async def work() -> None:
        threads = Threads(1)
        first = asyncio.create_task(threads.run(may_end.wait, _SECONDS))
        second = asyncio.create_task(threads.run(done.append, 1))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        may_end.set()
        assert await first
        with pytest.raises(asyncio.CancelledError):
            await second

    asyncio.run(work())
    assert done == []


def test_a_thread_has_its_loop_run_a_coroutine() -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def work() -> int:
        return await Threads(1).run(on_the_loop, double, 21)

    assert asyncio.run(work()) == 42
