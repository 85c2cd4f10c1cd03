"""Calls that are reached straight answer as they would among all of the application's routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server.app import create_app
from server.verifier import Verifier
from server.web.straight import Straight

from .support import add_user, make_verifier

JSON = {"content-type": "application/json"}
LOGIN, ANSWER = "/api/v1/login", "/api/v1/login/AAAAAAAAAAAAAAAAAAAAAA/answer"
ASKED = [
    ("POST", LOGIN, JSON, b'{"username":"alice","password":"not hers"}'),
    ("POST", LOGIN, JSON, b'{"username":"alice"}'),
    ("POST", LOGIN, JSON, b'{"username":"alice","password":"x","more":1}'),
    ("POST", LOGIN, JSON, b'{"username":7,"password":[]}'),
    ("POST", LOGIN, JSON, b"[]"),
    ("POST", LOGIN, JSON, b"{"),
    ("POST", LOGIN, JSON, b"\xff\xfe"),
    ("POST", LOGIN, JSON, b""),
    ("POST", LOGIN, {"content-type": "text/plain"}, b'{"username":"a","password":"b"}'),
    ("POST", LOGIN + "/", JSON, b"{}"),
    ("GET", LOGIN, {}, b""),
    ("PUT", LOGIN, JSON, b"{}"),
    ("HEAD", LOGIN, {}, b""),
    ("OPTIONS", LOGIN, {}, b""),
    ("POST", ANSWER, JSON, b'{"answer":"12345678"}'),
    ("POST", ANSWER, JSON, b'{"answer":"1"}'),
    ("POST", "/api/v1/login/a%2Fb/answer", JSON, b'{"answer":"12345678"}'),
    ("POST", "/api/v1/login//answer", JSON, b'{"answer":"12345678"}'),
    ("POST", LOGIN + "/x/factor", JSON, b'{"factor":"card"}'),
    ("POST", LOGIN + "/x/approval", JSON, b"{}"),
]


@pytest.fixture
def verifier(tmp_path: Path) -> Iterator[Verifier]:
    with closing(make_verifier(tmp_path)) as made:
        add_user(made)
        yield made


def test_every_refusal_is_that_of_the_application(verifier: Verifier) -> None:
    app = create_app(verifier)
    assert any(each.cls is Straight for each in app.user_middleware)
    around = create_app(verifier)
    around.user_middleware = [each for each in app.user_middleware if each.cls is not Straight]
    straight, plain = TestClient(app), TestClient(around)
    for method, path, headers, body in ASKED:
        one, other = (
            client.request(method, path, headers=headers, content=body)
            for client in (straight, plain)
        )
        assert one.status_code >= 400, (method, path, body)
        assert (one.status_code, one.headers, one.content) == (
            other.status_code,
            other.headers,
            other.content,
        ), (method, path, body)
