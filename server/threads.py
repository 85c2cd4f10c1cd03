"""Work that waits, for the database or for a hash, is done on threads beside the event loop.

Work that is short is not sent there (`direct`). The way is kept short: a queue there, a callback
back. What the caller has set for the length of a request (language, try) is seen on the thread as
well.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, CancelledError, Future
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Lock, Thread, local
from typing import Any, TypeVar, cast

from anyio import CancelScope

T = TypeVar("T")

_MOST = 40


_working = local()
"""On a thread: the loop that it works for."""

_Outcome = tuple[Any, BaseException | None]
"""What a call has returned, or what it has raised."""


class _Job:
    """One call, and who waits for it."""

    __slots__ = ("_call", "_context", "_given_up", "_loop", "_over", "waiter")

    def __init__(self, loop: AbstractEventLoop, call: Callable[[], Any]) -> None:
        self._context: Context = copy_context()
        self._call = call
        self._loop = loop
        self._over = False
        self._given_up = False
        self.waiter: Future[_Outcome] = loop.create_future()

    def do(self) -> _Outcome:
        """Do it, on a thread, but for a call that nobody waits for any more."""
        if self._given_up:
            return None, None
        _working.loop = self._loop
        try:
            return self._context.run(self._call), None
        except BaseException as error:
            return None, error

    def tell(self, outcome: _Outcome) -> None:
        """Have the loop wake who waits."""
        try:
            self._loop.call_soon_threadsafe(self._settle, outcome)
        except RuntimeError:  # the loop has ended meanwhile: nobody waits
            return

    def _settle(self, outcome: _Outcome) -> None:
        self._over = True
        if not self.waiter.done():
            self.waiter.set_result(outcome)

    async def end(self) -> None:
        """Give it up: wait until the thread is done with it, however often this is cancelled."""
        self._given_up = True
        with CancelScope(shield=True):
            while not self._over:
                self.waiter = self._loop.create_future()
                try:
                    await self.waiter
                except CancelledError:
                    continue


class Threads:
    """Up to `most` threads, begun as they are needed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = Lock()
        self._begun = 0
        self._free = 0

    async def run(self, function: Callable[..., T], *values: Any) -> T:  # noqa: ANN401
        """Return what a function returns, or raise what it raises.

        Who is cancelled meanwhile is so only once the thread is done: what he holds for it, such as
        one of the few hashes at a time, is not free before. What no thread has begun is not done.
        """
        job = _Job(asyncio.get_running_loop(), lambda: function(*values))
        self._put(job)
        try:
            result, error = await job.waiter
        except CancelledError:
            await job.end()
            raise
        if error is not None:
            raise error
        return cast(T, result)

    def _put(self, job: _Job) -> None:
        self._jobs.put(job)
        if self._begun == self._most:
            return
        with self._lock:
            if self._free:
                self._free -= 1
            elif self._begun < self._most:
                self._begun += 1
                Thread(target=self._work, name=f"challng-{self._begun}", daemon=True).start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            outcome = job.do()
            if self._begun < self._most:  # else nobody asks how many are free
                with self._lock:
                    self._free += 1
            job.tell(outcome)
            del job, outcome  # nothing is kept while it waits


aside = Threads(_MOST)
"""The threads of this process that nearly everything is done on."""


def on_the_loop(function: Callable[..., Coroutine[Any, Any, T]], *values: Any) -> T:  # noqa: ANN401
    """Have the loop that this thread works for run a coroutine; wait for what it returns."""
    loop: AbstractEventLoop = _working.loop
    return asyncio.run_coroutine_threadsafe(function(*values), loop).result()
