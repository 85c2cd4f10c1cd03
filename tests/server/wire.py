"""Many requests at the same moment, over connections that stand open already."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

Answer = tuple[int, Any]
"""A status, and what the body's JSON says."""


class Wire:
    """`width` kept-alive connections to one server."""

    def __init__(self, port: int, width: int, authorization: str = "") -> None:
        self._more = f"authorization: {authorization}\r\n" if authorization else ""
        self._port = port
        self._width = width
        self._ends: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> Wire:
        self._ends = [
            await asyncio.open_connection("127.0.0.1", self._port) for _ in range(self._width)
        ]
        return self

    async def __aexit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        for _, writer in self._ends:
            writer.close()

    async def post(self, path: str, body: object) -> Answer:
        """Send one request and read its answer."""
        return (await self.at_once([(path, body)]))[0]

    async def at_once(
        self, requests: Sequence[tuple[str, object]], headers: Sequence[Mapping[str, str]] = ()
    ) -> list[Answer]:
        """Send each request over a connection of its own, all before any answer is read.

        A path may have another method than POST in front of it: `PUT /path`. `headers` has those
        of each request, where they have their own.
        """
        own = headers or [{}] * len(requests)
        for (_, writer), (path, body), more in zip(self._ends, requests, own, strict=False):
            lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            content = json.dumps(body).encode()
            head = (
                f"{path if ' ' in path else 'POST ' + path} HTTP/1.1\r\nhost: localhost\r\n"
                f"content-type: application/json\r\n{self._more}{lines}"
                f"content-length: {len(content)}\r\n\r\n"
            )
            writer.write(head.encode() + content)
        readers = [reader for reader, _ in self._ends[: len(requests)]]
        return list(await asyncio.gather(*(_read(reader) for reader in readers)))


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    body = await reader.readexactly(length)
    return int(head.split()[1]), json.loads(body)
