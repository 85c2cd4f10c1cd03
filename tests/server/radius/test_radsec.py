"""RADIUS over TLS: real certificates, made here, and a client of the standard library."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyrad.packet import AuthPacket

from server.cli import main
from server.radius import radsec
from server.radius.codec import dictionary
from server.radius.radsec import RadSec
from server.verifier import Verifier
from tests.authority import Authority
from tests.server.support import PASSWORD, Card, commands_find

from .support import ACCEPT, CHALLENGE, HOST, REJECT, add_client, digits_in, says, serving

SECRET = b"radsec"


@dataclass
class Tls:
    """A RadSec client."""

    port: int
    authority: Authority
    certificate: tuple[Path, Path] | None

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.authority.file))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if self.certificate is not None:
            context.load_cert_chain(*self.certificate)
        plain = socket.create_connection((HOST, self.port), 60)
        return context.wrap_socket(plain, server_hostname="verifier.example")

    def ask(self, door: ssl.SSLSocket, password: str, state: bytes | None = None) -> AuthPacket:
        packet = AuthPacket(secret=SECRET, dict=dictionary(), message_authenticator=True)
        packet[1] = [b"alice"]
        packet[2] = [packet.PwCrypt(password)]
        if state is not None:
            packet[24] = [state]
        door.sendall(packet.RequestPacket())
        data = door.recv(4096)
        if not data:
            raise ConnectionResetError("closed")
        reply = packet.CreateReply(packet=data)
        assert packet.VerifyReply(reply, enforce_ma=True)
        return reply


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def port(verifier: Verifier, card: Card, authority: Authority) -> Iterator[int]:
    add_client(verifier)
    tls = radsec.context(
        *authority.sign("verifier.example", dns="verifier.example"), authority.file
    )
    with serving(verifier) as (_, server, portal):
        made = RadSec(server, 10)
        yield portal.call(made.begin, HOST, 0, tls)
        portal.call(made.end)


@pytest.mark.parametrize("dns", [None, "vpn"])
def test_a_login_over_tls_in_one_connection(
    port: int, authority: Authority, card: Card, dns: str | None
) -> None:
    certificate = authority.sign("vpn" if dns is None else "anything", dns=dns)
    client = Tls(port, authority, certificate)
    with client.connect() as door:
        first = client.ask(door, PASSWORD)
        assert first.code == CHALLENGE
        response = card.shows(digits_in(says(first)))
        assert client.ask(door, response, first[24][0]).code == ACCEPT
        assert client.ask(door, response, first[24][0]).code == REJECT


def test_a_certificate_of_another_authority_or_none_is_not_talked_to(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "other").sign("vpn")
    for certificate in (None, stranger):
        client = Tls(port, authority, certificate)
        with pytest.raises((ssl.SSLError, ConnectionError)), client.connect() as door:
            client.ask(door, PASSWORD)


def test_a_certificate_of_another_name_is_no_client(port: int, authority: Authority) -> None:
    client = Tls(port, authority, authority.sign("printer"))
    with client.connect() as door:
        door.settimeout(1)
        with pytest.raises(TimeoutError):
            client.ask(door, PASSWORD)


@pytest.mark.parametrize("junk", [b"\x01\x07\x00\x13", b"\x01\x07\xff\xff", b"GET / HTTP/1.1\r\n"])
def test_a_stream_that_cannot_be_followed_is_closed(
    port: int, authority: Authority, junk: bytes
) -> None:
    client = Tls(port, authority, authority.sign("vpn"))
    with client.connect() as door:
        door.sendall(junk)
        assert door.recv(10) == b""


def test_half_of_the_options_are_refused(
    tmp_path: Path,
    verifier: Verifier,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands_find(verifier, monkeypatch)
    assert main(["radius", "serve", "--port", "1", "--tls-port", "2083"]) == 1
    assert "--tls-authority" in capsys.readouterr().err
    files = [f"--tls-{each}={tmp_path / 'none'}" for each in ("certificate", "key", "authority")]
    assert main(["radius", "serve", "--tls-port", "2083", *files]) == 1
    assert "--tls files" in capsys.readouterr().err
