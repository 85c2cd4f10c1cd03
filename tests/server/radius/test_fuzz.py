"""The parser and the server behind it, given junk: PACKETS of them (`make fuzz-radius`).

Half of the packets are signed with the right secret, so that what is behind the signature is
reached. The seed is told when a run fails; the same PACKETS and SEED send the same packets.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import random
import socket
from collections import Counter
from contextlib import suppress

from server.errors import PacketDropped, ReplyTooLong
from server.radius import codec, core
from server.radius.clients import Rules
from server.radius.codec import Code, Request
from server.radius.server import RadiusServer
from server.verifier import Verifier
from tests.server.support import Card

from .support import ACCEPT, HOST, SECRET, Nas, add_client, digits_in, serving
from .test_packets import KEY, attribute, hidden, packet

PACKETS = int(os.environ.get("PACKETS", "4000"))
SEED = int(os.environ.get("SEED", "2865"))
SERVED = max(1, PACKETS // 20)
_KINDS = [1, 2, 3, 4, 6, 18, 24, 25, 26, 30, 31, 32, 33, 60, 76, 79, 80, 241, 245, 255]


class Junk:
    """Packets that are nearly right."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def next(self) -> bytes:
        make = self.random.choice([self.noise, self.attributes, self.bent, self.request])
        data = make()
        return self.signed(data) if self.random.random() < 0.5 else data

    def noise(self) -> bytes:
        return self.random.randbytes(self.random.choice([0, 1, 19, 20, 21, 64, 300, 4096, 5000]))

    def attributes(self) -> bytes:
        """A good frame around attributes of any kind with lengths that may be wrong."""
        body = b"".join(self.one() for _ in range(self.random.randrange(12)))
        head = bytes([self.random.choice([1, 1, 1, 12]), self.random.randrange(256)])
        return head + (20 + len(body)).to_bytes(2) + self.random.randbytes(16) + body

    def one(self) -> bytes:
        kind = self.random.choice(_KINDS)
        size = self.random.choice([0, 1, 4, 6, 15, 16, 17, 32, 128, 144, 253])
        value = self.random.randbytes(size)
        if kind == 26 and size > 6:  # a vendor's, with an inner length that may be wrong
            value = (9).to_bytes(4) + bytes([1, self.random.choice([0, 1, size - 4, 255])])
            value += self.random.randbytes(size - 6)
        wrong = self.random.random() < 0.1
        length = self.random.randrange(256) if wrong else len(value) + 2
        return bytes([kind, length]) + value

    def bent(self) -> bytes:
        """A good request with a few bytes changed, lost or added."""
        data = bytearray(self.request())
        for _ in range(self.random.randrange(1, 5)):
            at = self.random.randrange(len(data))
            what = self.random.randrange(3)
            if what == 0:
                data[at] = self.random.randrange(256)
            elif what == 1:
                del data[at]
            else:
                data.insert(at, self.random.randrange(256))
        return bytes(data)

    def request(self) -> bytes:
        parts = [
            attribute(1, self.random.choice([b"alice", b"", b"\xff\xfe", b"A" * 253, b"bob\0"])),
            attribute(2, hidden(self.random.randbytes(self.random.randrange(1, 128)))),
            attribute(2, hidden(self.random.choice([b"12345678", b"\0", b"card-2", b"a,b"]))),
            attribute(24, self.random.randbytes(self.random.choice([0, 1, 55, 253]))),
            attribute(31, self.random.randbytes(9)),
            attribute(33, self.random.randbytes(self.random.randrange(200))),
            attribute(79, self.random.randbytes(self.random.randrange(250))),
        ]
        chosen = [each for each in parts if self.random.random() < 0.6]
        return packet(*chosen, code=self.random.choice([1, 1, 1, 12]))

    def signed(self, data: bytes) -> bytes:
        """Put the right signature in front, where there is a frame at all."""
        if len(data) < 20:
            return data
        rest = data[38:] if data[20:22] == b"\x50\x12" else data[20:]
        head = data[:2] + (38 + len(rest)).to_bytes(2) + data[4:20]
        signature = hmac.digest(KEY, head + b"\x50\x12" + bytes(16) + rest, "md5")
        return head + b"\x50\x12" + signature + rest


def test_whatever_comes_is_read_or_dropped_and_no_third_thing() -> None:
    junk, met = Junk(SEED), Counter[str]()
    for number in range(PACKETS):
        data, signed = junk.next(), number % 3 != 0
        try:
            request = codec.read(data, KEY, signed=signed)
        except PacketDropped as dropped:
            met[type(dropped).__name__] += 1
            continue
        met[request.code.name] += 1
        assert signed is False or 80 in request.packet  # type: ignore[operator]
        _can_be_answered(request)
    # It was no walk past the parser: every way out was taken, and often.
    assert {"ACCESS_REQUEST", "STATUS_SERVER"} <= set(met)
    assert {"PacketMalformed", "PacketForged", "PacketUnsigned", "PacketUnreadable"} <= set(met)
    assert min(met.values()) > PACKETS // 200, met


def _can_be_answered(request: Request) -> None:
    for rules in (Rules(), Rules(separator=",")):
        step = core.step(request, rules)
        assert isinstance(step, core.Step)
    with suppress(ReplyTooLong):  # as much Proxy-State as fills a packet
        data = codec.write(core.rejected("No."), request)
        assert data[0] == Code.ACCESS_REJECT
        assert len(data) <= codec.LONGEST


def test_the_server_stands_through_it_and_lets_the_right_one_in(
    verifier: Verifier, card: Card
) -> None:
    add_client(verifier)
    junk = Junk(SEED + 1)
    with serving(verifier) as (port, server, portal):
        nas = Nas(port, secret=SECRET)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.connect((HOST, port))
            for number in range(SERVED):
                with suppress(OSError):
                    door.send(junk.next())
                if number % 50 == 49:  # no faster than it is taken
                    nas.silent(b"")
        text, state = nas.challenge()
        assert nas.ask(password=card.shows(digits_in(text)), state=state).code == ACCEPT
        portal.call(_settled, server)
        assert not server._tasks
        assert not server._memory._undecided


async def _settled(server: RadiusServer) -> None:
    tasks = list(server._tasks)
    if tasks:
        await asyncio.wait(tasks, timeout=60)
