"""RadSec: the same packets in a TLS stream (RFC 6614), from clients that show a certificate.

The certificate has to be signed by the operator's own authority, and to name the client: its common
name, or a DNS name in it, is the name under which the client was added. The address has to be one
of the client's too. On the stream the shared secret is the word `radsec` for everybody.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import SettingsRefused
from . import codec
from .server import RadiusServer, Source

SECRET = b"radsec"
_HEADER = 4
_SHORTEST = 20
_HANDSHAKE_SECONDS = 20.0


def context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """Return the TLS settings: 1.2 or newer, clients with a certificate alone."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_mode = ssl.CERT_REQUIRED
    try:
        made.load_cert_chain(certificate, key)
        made.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise SettingsRefused(
            f"The certificate, its key or the authority cannot be used ({error.strerror}): "
            "check the three --tls files."
        ) from None
    return made


class RadSec:
    """Listens for TLS, and hands packets to the server of the datagrams."""

    def __init__(self, server: RadiusServer, most: int) -> None:
        self._server = server
        self._most = most
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None

    async def begin(self, host: str, port: int, tls: ssl.SSLContext) -> int:
        """Listen; returns the port."""
        self._listener = await asyncio.start_server(
            self._talk, host, port, ssl=tls, ssl_handshake_timeout=_HANDSHAKE_SECONDS
        )
        number: int = self._listener.sockets[0].getsockname()[1]
        return number

    def end(self) -> None:
        """Listen no more, and close what is open."""
        if self._listener is not None:
            self._listener.close()
        for writer in tuple(self._writers):
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = named(writer.get_extra_info("peercert") or {})
        if name is None or len(self._writers) >= self._most:
            writer.close()
            return

        def send(reply: bytes) -> None:
            if not writer.is_closing():
                writer.write(reply)

        peer = writer.get_extra_info("peername")
        source = Source(peer[0], peer[1], send, name, SECRET)
        self._writers.add(writer)
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                while (data := await _packet(reader)) is not None:
                    self._server.take(data, source)
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()


async def _packet(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next packet; None where the stream cannot be followed any further."""
    head = await reader.readexactly(_HEADER)
    length = int.from_bytes(head[2:])
    if not _SHORTEST <= length <= codec.LONGEST:
        return None
    return head + await reader.readexactly(length - _HEADER)


def named(certificate: Mapping[str, Any]) -> str | None:
    """Return the client's name in a certificate that was found good."""
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "DNS":
            return str(value).lower()
    for part in certificate.get("subject", ()):
        for kind, value in part:
            if kind == "commonName":
                return str(value).lower()
    return None
