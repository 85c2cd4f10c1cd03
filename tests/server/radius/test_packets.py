"""What is dropped, what is answered again, and how a packet is read."""

from __future__ import annotations

import hashlib
import hmac
import socket
import struct
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
import structlog
from prometheus_client import REGISTRY
from pyrad.packet import AuthPacket
from sqlalchemy import func, select, text

from server.db.tables import audit_log, logins
from server.errors import (
    PacketForged,
    PacketMalformed,
    PacketUnreadable,
    PacketUnsigned,
)
from server.radius import clients, codec
from server.radius.clients import Client, Rules, nearest, network
from server.radius.codec import Code, Reply
from server.radius.memory import Memory, Seen
from server.verifier import Verifier
from tests.server.support import PASSWORD, Card, ToldClock, wrong

from .support import (
    ACCEPT,
    CHALLENGE,
    HOST,
    REJECT,
    SECRET,
    Nas,
    add_client,
    digits_in,
    serving,
)

KEY = SECRET.encode()


@pytest.fixture
def nas(verifier: Verifier) -> Iterator[Nas]:
    add_client(verifier)
    with serving(verifier) as (port, _, _):
        yield Nas(port)


def counted(client: str, outcome: str) -> float:
    labels = {"client": client, "outcome": outcome}
    return REGISTRY.get_sample_value("challng_radius_requests_total", labels) or 0.0


def rows(verifier: Verifier) -> int:
    with verifier.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(audit_log)).scalar_one()


def packet(*attributes: bytes, code: int = 1, sign: bytes | None = KEY) -> bytes:
    """A packet made by hand, signed with a secret."""
    authenticator = bytes(range(16))
    body = b"".join(attributes)
    if sign is None:
        return struct.pack("!BBH", code, 7, 20 + len(body)) + authenticator + body
    head = struct.pack("!BBH", code, 7, 38 + len(body)) + authenticator
    signature = hmac.digest(sign, head + b"\x50\x12" + bytes(16) + body, "md5")
    return head + b"\x50\x12" + signature + body


def attribute(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value) + 2]) + value


def hidden(password: bytes, secret: bytes = KEY) -> bytes:
    """A User-Password, as RFC 2865 section 5.2 writes it down."""
    padded = password + bytes(-len(password) % 16)
    out, last = b"", bytes(range(16))
    for at in range(0, len(padded), 16):
        mask = hashlib.md5(secret + last).digest()
        last = bytes(a ^ b for a, b in zip(padded[at : at + 16], mask, strict=True))
        out += last
    return out


# --- reading


@pytest.mark.parametrize("password", ["x", "sixteen letters.", "grüße " * 10, "p" * 128])
def test_a_password_comes_out_as_it_was_hidden(password: str) -> None:
    data = packet(attribute(1, b"alice"), attribute(2, hidden(password.encode())))
    request = codec.read(data, KEY, signed=True)
    assert (request.user, request.password) == ("alice", password)
    assert request.code is Code.ACCESS_REQUEST


def test_neither_the_password_nor_the_state_is_in_what_is_printed() -> None:
    data = packet(attribute(2, hidden(b"tell nobody")), attribute(24, b"the-state"))
    printed = repr(codec.read(data, KEY, signed=True))
    assert "tell nobody" not in printed
    assert "the-state" not in printed


def test_what_follows_the_length_is_padding() -> None:
    data = packet(attribute(1, b"alice")) + b"padding"
    assert codec.read(data, KEY, signed=True).user == "alice"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(19),
        packet()[:25],
        bytes([1, 7, 0, 19]) + bytes(16),
        bytes([1, 7, 255, 255]) + bytes(16),
        packet(code=2),
        packet(code=4),
        packet(code=255),
        packet(b"\x01\x00"),
        packet(b"\x01\x01"),
        packet(b"\x01\x09abc"),
        packet(b"\x01"),
        packet(attribute(80, bytes(15)), sign=None),
        packet(attribute(80, bytes(16)) * 2, sign=None),
        packet(attribute(1, b"alice"), attribute(1, b"bob")),
        packet(attribute(2, bytes(16)), attribute(2, bytes(16))),
        packet(attribute(2, b"")),
        packet(attribute(2, bytes(15))),
        packet(attribute(2, bytes(144))),
        packet(*[attribute(33, bytes(250))] * 17),
    ],
    ids=range(20),
)
def test_what_is_no_request_is_malformed(data: bytes) -> None:
    with pytest.raises(PacketMalformed):
        codec.read(data, KEY, signed=True)


def test_a_request_that_is_not_signed_is_taken_only_where_that_is_allowed() -> None:
    data = packet(attribute(1, b"alice"), attribute(2, hidden(b"x")), sign=None)
    with pytest.raises(PacketUnsigned):
        codec.read(data, KEY, signed=True)
    assert codec.read(data, KEY, signed=False).password == "x"
    proxied = packet(attribute(2, hidden(b"x")), attribute(33, b"a collision"), sign=None)
    with pytest.raises(PacketUnsigned):
        codec.read(proxied, KEY, signed=False)
    with pytest.raises(PacketUnsigned):  # RFC 5997: always
        codec.read(packet(code=12, sign=None), KEY, signed=False)


@pytest.mark.parametrize("signed", [True, False])
def test_a_wrong_signature_never_fits(signed: bool) -> None:
    data = packet(attribute(1, b"alice"), attribute(2, hidden(b"x")), sign=b"another secret")
    with pytest.raises(PacketForged):
        codec.read(data, KEY, signed=signed)


def test_a_bit_changed_anywhere_is_noticed() -> None:
    data = packet(attribute(1, b"alice"), attribute(2, hidden(b"secret")), attribute(24, b"s"))
    for index in range(len(data)):
        for bit in (1, 128):
            changed = bytearray(data)
            changed[index] ^= bit
            with pytest.raises((PacketForged, PacketMalformed, PacketUnsigned)):
                codec.read(bytes(changed), KEY, signed=True)


def test_another_secret_is_noticed_without_a_signature_too() -> None:
    data = packet(attribute(2, hidden(b"a password", b"another secret")), sign=None)
    with pytest.raises(PacketUnreadable):
        codec.read(data, KEY, signed=False)


def test_a_reply_is_signed_and_begins_with_the_signature() -> None:
    request = codec.read(packet(attribute(33, b"proxy")), KEY, signed=True)
    data = codec.write(Reply(Code.ACCESS_REJECT, {"Reply-Message": ["No."]}), request)
    assert data[20:22] == b"\x50\x12"
    zeroed = data[:4] + bytes(range(16)) + data[20:22] + bytes(16) + data[38:]
    assert hmac.digest(KEY, zeroed, "md5") == data[22:38]
    expected = hashlib.md5(data[:4] + bytes(range(16)) + data[20:] + KEY).digest()
    assert expected == data[4:20]


# --- whose it is


def client(name: str, where: str) -> Client:
    return Client(1, name, network(where), Rules())


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.7", "one"),
        ("192.0.2.8", "office"),
        ("::ffff:192.0.2.7", "one"),
        ("2001:db8::5", "six"),
        ("fe80::1%eth0", "link"),
        ("198.51.100.1", None),
        ("no address", None),
    ],
)
def test_the_smallest_network_that_holds_an_address_is_its_client(
    address: str, found: str | None
) -> None:
    known = [
        client("office", "192.0.2.0/24"),
        client("one", "192.0.2.7"),
        client("six", "2001:db8::/32"),
        client("link", "fe80::/10"),
    ]
    nearest_one = nearest(known, address)
    assert (nearest_one.name if nearest_one else None) == found


# --- dropped without a word


def test_nobody_who_is_not_a_client_is_answered(verifier: Verifier, card: Card) -> None:
    add_client(verifier, where="192.0.2.1")
    before = counted("(unknown)", "unknown")
    with serving(verifier) as (port, _, _):
        nas = Nas(port, seconds=1)
        with pytest.raises(TimeoutError):
            nas.silent(nas.packet("alice", PASSWORD))
    assert counted("(unknown)", "unknown") == before + 2
    assert rows(verifier) == 1


@pytest.mark.parametrize("kind", ["forged", "unsigned", "malformed"])
def test_what_is_wrong_with_a_packet_is_counted_and_nothing_is_decided(
    nas: Nas, card: Card, verifier: Verifier, kind: str
) -> None:
    before, written = counted("vpn", kind), rows(verifier)
    bad: AuthPacket | bytes
    if kind == "forged":
        bad = Nas(nas.port, secret="another-secret-of-somebody").packet("alice", PASSWORD)
    elif kind == "unsigned":
        bad = Nas(nas.port, signed=False).packet("alice", PASSWORD)
    else:
        bad = b"\x01junk"
    nas.silent(bad)
    assert counted("vpn", kind) == before + 1
    assert rows(verifier) == written


def test_an_old_client_is_answered_unsigned_where_the_operator_says_so(
    verifier: Verifier, card: Card
) -> None:
    add_client(verifier, Rules(signed=False))
    with serving(verifier) as (port, _, _):
        nas = Nas(port, signed=False)
        text, state = nas.challenge()  # the reply is signed nevertheless
        assert nas.ask(password=card.shows(digits_in(text)), state=state).code == ACCEPT


def test_nothing_of_a_packet_is_logged(
    nas: Nas, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as lines:
        nas.silent(Nas(nas.port, secret="another-secret-of-somebody").packet("mallory", "hunter22"))
        nas.silent(Nas(nas.port, secret="another-secret-of-somebody").packet("mallory", "hunter22"))
        nas.ask("mallory", "hunter22")
    assert [line["why"] for line in lines if line["event"] == "radius_dropped"] == ["forged"]
    printed = repr(lines) + "".join(capsys.readouterr())
    assert "mallory" not in printed
    assert "hunter22" not in printed


def test_a_status_server_is_answered_as_long_as_the_database_is_there(
    nas: Nas, verifier: Verifier, clock: ToldClock
) -> None:
    status = nas._client().CreateAuthPacket(code=12)
    assert nas.send(status).code == ACCEPT
    with verifier.database.writing() as connection:
        connection.execute(text("ALTER TABLE radius_clients RENAME TO elsewhere"))
    nas.seconds = 1
    with pytest.raises(TimeoutError):
        nas.silent(b"")


def test_without_its_database_nothing_is_replied_and_then_it_recovers(
    nas: Nas, card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    text_, state = nas.challenge()
    response = card.shows(digits_in(text_))
    with verifier.database.writing() as connection:
        connection.execute(text("ALTER TABLE logins RENAME TO elsewhere"))
    request = nas.packet("alice", response, state)
    nas.silent(request)
    nas.silent(nas.packet("alice", PASSWORD))
    with verifier.database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO logins"))
    assert nas.send(request).code == ACCEPT  # the same request: it was not decided


# --- the same request again


def test_the_same_request_gets_the_same_bytes_and_is_not_decided_again(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    text_, state = nas.challenge()
    bad = wrong(card.shows(digits_in(text_)))
    request = nas.packet("alice", bad, state)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.settimeout(60)
        door.connect((HOST, nas.port))
        replies = set()
        for _ in range(5):
            door.send(request.RequestPacket())
            replies.add(door.recv(4096))
    assert len(replies) == 1
    with verifier.database.reading() as connection:
        assert connection.execute(select(logins.c.attempts)).scalar_one() == 1


def test_requests_that_differ_in_the_authenticator_alone_are_different(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.settimeout(60)
        door.connect((HOST, nas.port))
        for _ in range(2):
            request = nas.packet("alice", PASSWORD)
            request.id = 9
            door.send(request.RequestPacket())
            assert door.recv(4096)[0] == CHALLENGE
    with verifier.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(logins)).scalar_one() == 2


def test_a_request_that_is_being_decided_is_not_decided_beside(clock: ToldClock) -> None:
    memory = Memory(timedelta(seconds=30), 10, 2)
    one, two, three = (("a", 1, each, b"x") for each in range(3))
    assert memory.meet(one, clock.now()) is Seen.NEW
    assert memory.meet(one, clock.now()) is Seen.UNDECIDED
    assert memory.meet(two, clock.now()) is Seen.NEW
    assert memory.meet(three, clock.now()) is Seen.TOO_MANY
    memory.answered(one, b"reply", clock.now())
    assert memory.meet(one, clock.now()) == b"reply"
    memory.dropped(two)
    assert memory.meet(two, clock.now()) is Seen.NEW
    clock.advance(31)
    assert memory.meet(one, clock.now()) is Seen.NEW


def test_the_memory_is_bounded(clock: ToldClock) -> None:
    memory = Memory(timedelta(seconds=30), 100, 10)
    for number in range(1000):
        key = ("a", 1, number % 256, number.to_bytes(16))
        assert memory.meet(key, clock.now()) is Seen.NEW
        memory.answered(key, b"reply", clock.now())
    assert len(memory) == 100


def test_one_request_sent_many_times_at_once_is_decided_once(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    request = nas.packet("alice", PASSWORD).RequestPacket()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.settimeout(60)
        door.connect((HOST, nas.port))
        threads = [Thread(target=door.send, args=(request,)) for _ in range(20)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert door.recv(4096)[0] == CHALLENGE
    nas.silent(b"")
    with verifier.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(logins)).scalar_one() == 1


def test_a_removed_client_is_not_answered_any_more(
    nas: Nas, card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    assert nas.ask(password="wrong one").code == REJECT
    with verifier.database.writing() as connection:
        clients.remove(connection, "vpn")
    clock.advance(verifier.settings.radius_clients_seconds)
    nas.seconds = 1
    with pytest.raises(TimeoutError):
        nas.silent(nas.packet("alice", PASSWORD))
