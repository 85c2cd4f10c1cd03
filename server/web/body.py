"""Bodies are read whole, up to a limit and within a time, before any other code runs."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem


class BodyLimit:
    """Refuses a body above `limit` bytes with 413, and one that is not here after `seconds` with
    408; gives any other on in one piece.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except TimeoutError:
            response = problem(
                408,
                "too-slow",
                "Too slow",
                f"A request has to be here within {self._seconds} seconds. Send it again.",
                {"Connection": "close"},  # nobody can tell where the next one begins
            )
            await response(scope, receive, send)
            return
        if body is None:
            response = problem(
                413,
                "too-large",
                "Too large",
                f"A request has at most {self._limit} bytes. Send less.",
            )
            await response(scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the body, or None where it is too long; what is too long is read and dropped.

        A server that closed the connection on unread bytes would reset it, and the answer be lost.
        """
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            whole: bytes = message.get("body", b"")
            return whole if len(whole) <= self._limit else None
        parts: list[bytes] = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                return b""
            part = message.get("body", b"")
            size += len(part)
            if size <= self._limit:
                parts.append(part)
            elif size > self._limit * 64:
                return None  # enough of it
            if not message.get("more_body", False):
                return b"".join(parts) if size <= self._limit else None
            message = await receive()
