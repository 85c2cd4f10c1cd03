"""A RADIUS server on a port of the loopback, and a client of it by pyrad."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pyrad.client import Client as PyradClient
from pyrad.packet import AccessAccept, AccessChallenge, AccessReject, AuthPacket

from server.audit.events import Event
from server.db.tables import audit_log
from server.radius import clients
from server.radius.clients import Rules
from server.radius.codec import dictionary
from server.radius.server import RadiusServer
from server.verifier import Verifier
from tests.server.support import PASSWORD

SECRET = "a shared secret that is long".replace(" ", "-")
ACCEPT, REJECT, CHALLENGE = AccessAccept, AccessReject, AccessChallenge
HOST = "127.0.0.1"


def add_client(
    verifier: Verifier,
    rules: Rules | None = None,
    *,
    name: str = "vpn",
    where: str = HOST,
    secret: str = SECRET,
) -> None:
    with verifier.database.writing() as connection:
        clients.add(
            *(connection, verifier.keyring, name, clients.network(where), secret),
            *(rules or Rules(), verifier.clock.now()),
        )


@contextmanager
def serving(verifier: Verifier) -> Iterator[tuple[int, RadiusServer, BlockingPortal]]:
    """Serve on a free port; gives it, with the server and the portal of its event loop."""
    server = RadiusServer(verifier)

    async def begin() -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(HOST, 0))
        port: int = transport.get_extra_info("sockname")[1]
        return port

    with start_blocking_portal() as portal:
        port = portal.call(begin)
        try:
            yield port, server, portal
        finally:
            portal.call(server.end)


def says(reply: AuthPacket) -> str:
    """The first Reply-Message, which is all that many clients show."""
    (text,) = reply.get(18, [b""])
    return bytes(text).decode("ascii")


@dataclass
class Nas:
    """A client by pyrad, which checks every reply and wants it signed."""

    port: int
    secret: str = SECRET
    signed: bool = True
    attributes: dict[int, bytes] = field(default_factory=dict)
    seconds: int = 60

    def packet(self, user: str, password: str, state: bytes | None = None) -> AuthPacket:
        client = self._client()
        packet = client.CreateAuthPacket(message_authenticator=self.signed or None)
        packet[1] = [user.encode()]
        packet[2] = [packet.PwCrypt(password)]
        if state is not None:
            packet[24] = [state]
        for number, value in self.attributes.items():
            packet[number] = [value]
        return packet

    def send(self, packet: AuthPacket) -> AuthPacket:
        """Send it once, and return the reply."""
        reply = self._client().SendPacket(packet)
        # Signed, and the signature first, so that nothing can be prepared before it.
        assert reply.raw_packet[20:22] == b"\x50\x12"
        return reply

    def ask(
        self, user: str = "alice", password: str = PASSWORD, state: bytes | None = None
    ) -> AuthPacket:
        return self.send(self.packet(user, password, state))

    def challenge(self, user: str = "alice", password: str = PASSWORD) -> tuple[str, bytes]:
        """Give the password; returns what the challenge says, and its State."""
        reply = self.ask(user, password)
        assert reply.code == CHALLENGE, says(reply)
        return says(reply), reply[24][0]

    def silent(self, packet: AuthPacket | bytes) -> None:
        """Send it, then a Status-Server from the same socket: nothing but that is answered."""
        client = self._client()
        data = packet if isinstance(packet, bytes) else packet.RequestPacket()
        status = client.CreateAuthPacket(code=12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.settimeout(self.seconds)
            door.connect((HOST, self.port))
            door.send(data)
            door.send(status.RequestPacket())
            assert status.VerifyReply(status.CreateReply(packet=door.recv(4096)))
            door.settimeout(0.2)
            with pytest.raises(TimeoutError):
                door.recv(4096)

    def _client(self) -> PyradClient:
        return PyradClient(
            *(HOST, self.port),
            secret=self.secret.encode(),
            dict=dictionary(),
            retries=1,
            timeout=self.seconds,
            enforce_ma=True,
        )


def digits_in(text: str) -> str:
    """The challenge that a text names."""
    found = re.search(r"[Cc]hallenge ([0-9]{6})", text)
    assert found, text
    return found[1]


def last_event(verifier: Verifier) -> Any:
    with verifier.database.reading() as connection:
        return connection.execute(
            audit_log.select().order_by(audit_log.c.seq.desc()).limit(1)
        ).one()


def events(verifier: Verifier) -> list[Event]:
    with verifier.database.reading() as connection:
        rows = connection.execute(audit_log.select().order_by(audit_log.c.seq))
        return [Event(row.event) for row in rows]
