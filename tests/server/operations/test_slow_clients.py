"""Clients that are slow, silent or many: each has its time, and nobody else waits for them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from ..support import PASSWORD
from .served import Served, serving

IDLE = 200
PATIENCE = 180


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    environment = {"CHALLNG_REQUEST_SECONDS": "3"}
    with serving(tmp_path_factory.mktemp("served"), environment=environment) as each:
        yield each


def reached(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE)


def all_of(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def log_in(served: Served) -> int:
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=PATIENCE) as client:
        begun = client.post("/api/v1/login", json={"username": "alice", "password": PASSWORD})
        challenge = begun.json()["prompt"]["challenge"]
        path = f"/api/v1/login/{begun.json()['login']}/answer"
        return client.post(path, json={"answer": served.card.shows(challenge)}).status_code


HEAD = (
    b"POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: 60\r\n\r\n"
)


def test_a_body_that_never_comes_is_given_up(served: Served) -> None:
    with reached(served) as connection:
        connection.sendall(HEAD)
        answered = all_of(connection)
    assert answered.startswith(b"HTTP/1.1 408 ")
    body = json.loads(answered.split(b"\r\n\r\n", 1)[1])
    assert body["type"] == "urn:challng:problem:too-slow"
    assert "within 3 seconds" in body["detail"]


def test_a_body_a_byte_at_a_time_is_given_up_whatever_comes(served: Served) -> None:
    """The time is for the whole body: a byte now and then does not buy more of it."""
    with reached(served) as connection:
        connection.sendall(HEAD)
        connection.settimeout(0.2)
        answered = b""
        for _ in range(PATIENCE * 5):
            try:
                connection.sendall(b"{")
                answered = connection.recv(65_536)
                break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
    assert answered.startswith(b"HTTP/1.1 408 ")


def test_a_head_that_never_ends_is_given_up(served: Served) -> None:
    with reached(served) as connection:
        connection.sendall(b"POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\nx-slow: ")
        answered = all_of(connection)
    assert answered == b"" or answered.startswith(b"HTTP/1.1 408")


def test_others_log_in_while_many_are_silent(served: Served) -> None:
    with ExitStack() as stack:
        for number in range(IDLE):
            connection = stack.enter_context(reached(served))
            connection.sendall(HEAD if number % 2 else b"GET / HTTP/1.1\r\n")
        assert log_in(served) == 200
    assert log_in(served) == 200
