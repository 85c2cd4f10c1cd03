"""The socket: datagrams in, replies out, on one event loop; RadSec hands its packets over here.

What cannot be answered is dropped without a word, and counted. Where the verifier cannot decide,
because its database is gone, nothing is replied either: the client asks another server or refuses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog

from .. import metrics
from ..clock import Clock
from ..db.again import again
from ..errors import (
    PacketDropped,
    PacketForged,
    PacketMalformed,
    PacketUnreadable,
    PacketUnsigned,
    ServerError,
)
from ..threads import aside
from ..verifier import Verifier
from . import codec
from .clients import Client, Directory
from .codec import Code, Reply, Request
from .memory import Key, Memory, Seen
from .steps import Steps

_NOBODY = "(unknown)"
_QUIET = timedelta(seconds=60)
_END_SECONDS = 5.0
_OUTCOMES = {
    Code.ACCESS_ACCEPT: "accepted",
    Code.ACCESS_REJECT: "rejected",
    Code.ACCESS_CHALLENGE: "challenged",
}
_DROPPED: dict[type[PacketDropped], str] = {
    PacketMalformed: "malformed",
    PacketUnsigned: "unsigned",
    PacketForged: "forged",
    PacketUnreadable: "unreadable",
}
_SEEN = {Seen.UNDECIDED: "repeated", Seen.TOO_MANY: "busy"}

_log = structlog.get_logger()


@dataclass(frozen=True)
class Source:
    """Where a packet came from, and how it is answered.

    `certificate`: the name that a RadSec client has proved, and `secret` what stands for its own
    there (RFC 6614 section 2.3).
    """

    address: str
    port: int
    send: Callable[[bytes], None]
    certificate: str | None = None
    secret: bytes | None = None


class RadiusServer(asyncio.DatagramProtocol):
    """Answers the clients of one verifier."""

    def __init__(self, verifier: Verifier) -> None:
        settings = verifier.settings
        self._clock = verifier.clock
        self._directory = Directory(
            verifier.database,
            verifier.keyring,
            verifier.clock,
            timedelta(seconds=settings.radius_clients_seconds),
        )
        self._memory = Memory(
            timedelta(seconds=settings.radius_remember_seconds),
            settings.radius_remember,
            settings.radius_at_once,
        )
        self._steps = Steps(verifier)
        self._drops = _Drops(verifier.clock)
        self._most_tasks = 2 * settings.radius_at_once
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading = asyncio.Lock()
        self._transport: asyncio.DatagramTransport | None = None
        self._ending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take a datagram."""
        self.take(data, Source(addr[0], addr[1], lambda reply: self._send(reply, addr)))

    def take(self, data: bytes, source: Source) -> None:
        """Take a packet; what is junk costs no more than looking at it."""
        if self._ending:
            return
        if self._directory.fresh:
            self._take(data, source)
        elif len(self._tasks) < self._most_tasks:
            self._spawn(self._look_up(data, source))
        else:
            self._drops.note(_NOBODY, "busy", source.address)

    async def end(self) -> None:
        """Take nothing more, let what is being decided end, and close the socket."""
        self._ending = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_END_SECONDS)
            for task in late:
                task.cancel()
        if self._transport is not None:
            self._transport.close()

    # --- a datagram

    async def _look_up(self, data: bytes, source: Source) -> None:
        try:
            async with self._reading:
                if not self._directory.fresh:
                    await aside.run(again, self._directory.read)
        except Exception as error:
            self._drops.note(_NOBODY, "failed", source.address, _cause(error))
            return
        self._take(data, source)

    def _take(self, data: bytes, source: Source) -> None:
        address = source.address
        client = self._directory.find(address, source.certificate)
        if client is None:
            self._drops.note(_NOBODY, "unknown", address)
            return
        try:
            secret = client.secret if source.secret is None else source.secret
            request = codec.read(data, secret, signed=client.rules.signed)
        except PacketDropped as wrong:
            self._drops.note(client.name, _DROPPED[type(wrong)], address, str(wrong))
            return
        known = codec.key(data)
        assert known is not None  # noqa: S101 - it was read
        key = (address, source.port, *known)
        seen = self._memory.meet(key, self._clock.now())
        if isinstance(seen, bytes):
            metrics.RADIUS.labels(client.name, "repeated").inc()
            source.send(seen)
        elif seen is Seen.NEW:
            self._spawn(self._decide(request, client, key, source))
        else:
            self._drops.note(client.name, _SEEN[seen], address)

    async def _decide(self, request: Request, client: Client, key: Key, source: Source) -> None:
        sent = False
        try:
            if request.code is Code.STATUS_SERVER:
                await aside.run(again, self._directory.read)  # alive is who can decide
            reply = await self._steps.decide(request, client, source.address)
            data = codec.write(reply, request)
            self._memory.answered(key, data, self._clock.now())
            sent = True
        except Exception as error:
            self._drops.note(client.name, "failed", source.address, _cause(error))
            return
        finally:
            if not sent:
                self._memory.dropped(key)
        metrics.RADIUS.labels(client.name, _outcome(request, reply)).inc()
        source.send(data)

    def _send(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            with suppress(OSError):
                self._transport.sendto(data, addr)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Drops:
    """Counts what is dropped, and writes a line about it once a minute for each client and cause.

    Of what was in a packet nothing is written: a user name may be a password in the wrong field.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[tuple[str, str], datetime] = {}

    def note(self, client: str, why: str, address: str, text: str = "") -> None:
        metrics.RADIUS.labels(client, why).inc()
        if why == "repeated":  # networks lose packets: nothing is wrong
            return
        now = self._clock.now()
        last = self._last.get((client, why))
        if last is not None and timedelta() <= now - last < _QUIET:
            return
        self._last[client, why] = now
        _log.warning("radius_dropped", client=client, why=why, address=address, text=text)


def _outcome(request: Request, reply: Reply) -> str:
    return "served" if request.code is Code.STATUS_SERVER else _OUTCOMES[reply.code]


def _cause(error: Exception) -> str:
    """Return what the log says of a failure: our own sentences hold no secret, others may."""
    return str(error) if isinstance(error, ServerError) else type(error).__name__
