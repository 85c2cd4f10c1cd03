"""Junk on every call and form: a 4xx with a sentence, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.db import tables
from server.verifier import Verifier

from .browser import Browser, forms
from .support import PASSWORD, Api, Card

VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, [], ["12345678"], {}, {"a": 1}),
    *(
        "",
        "\x00",
        "\n",
        "12345\x0078",
        "\u202e",
        "\ud800",
        "１２３４５６７８",
        "a" * 10_000,
        "😀" * 300,
    ),
]
BODIES = [
    *(b"", b"{", b"null", b"[]", b'"text"', b"12", b"\xff\xfe", b"\x00", b"{}" * 9, b"[" * 5_000),
    *(b'{"username":"a"', b"username=alice&password=x", b"x" * 100_000),
]


def unchanged(verifier: Verifier) -> tuple[int, ...]:
    """Count what junk must not add to; the log of refused passwords is apart."""
    with verifier.database.reading() as connection:
        return tuple(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.logins, tables.sessions, tables.users, tables.devices)
        )


def is_a_sentence(response: Any, *, sent: str = "") -> None:
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    content = response.json()
    assert content["status"] == response.status_code
    assert content["detail"].endswith(".")
    assert " " in content["detail"]
    assert "Traceback" not in response.text
    if len(sent) > 20:
        assert sent not in response.text


@pytest.fixture
def login(api: Api, card: Card) -> str:
    return api.login()[0]


@pytest.mark.parametrize("field", ["username", "password"])
def test_junk_for_a_user_name_or_password(
    api: Api, card: Card, verifier: Verifier, field: str
) -> None:
    before = unchanged(verifier)
    for value in VALUES:
        body = json.dumps({"username": "alice", "password": PASSWORD} | {field: value})
        response = api.client.post(
            "/api/v1/login", content=body, headers={"Content-Type": "application/json"}
        )
        is_a_sentence(response, sent=value if isinstance(value, str) else "")
        assert response.status_code in {401, 422}
    missing = api.client.post("/api/v1/login", json={field: "x"})
    assert missing.status_code == 422
    assert "missing" in missing.json()["detail"]
    assert unchanged(verifier) == before


@pytest.mark.parametrize("call", ["answer", "factor"])
def test_junk_for_an_answer_or_a_factor(
    api: Api, card: Card, verifier: Verifier, login: str, call: str
) -> None:
    before = unchanged(verifier)
    for value in VALUES:
        response = api.client.post(
            f"/api/v1/login/{login}/{call}",
            content=json.dumps({call: value}),
            headers={"Content-Type": "application/json"},
        )
        is_a_sentence(response, sent=value if isinstance(value, str) else "")
        assert response.status_code == 422, value
    is_a_sentence(api.client.post(f"/api/v1/login/{login}/{call}", json={}))
    assert unchanged(verifier) == before
    assert api.answer(login, "00000000").json()["tries_left"] == 2  # none was counted


def test_junk_for_a_body(api: Api, card: Card, verifier: Verifier, login: str) -> None:
    before = unchanged(verifier)
    for path in ("/api/v1/login", f"/api/v1/login/{login}/answer", f"/api/v1/login/{login}/factor"):
        for body in BODIES:
            for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
                headers = {"Content-Type": kind} if kind else {}
                response = api.client.post(path, content=body, headers=headers)
                is_a_sentence(response)
                assert response.status_code == (413 if len(body) > 16_384 else 422)
    assert unchanged(verifier) == before


def test_a_body_without_a_length_is_cut_off_too(api: Api, login: str) -> None:
    def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 1_000

    response = api.client.post(f"/api/v1/login/{login}/answer", content=pieces())
    assert response.status_code == 413
    is_a_sentence(response)


def test_unknown_ids_and_addresses(api: Api, card: Card, verifier: Verifier) -> None:
    before = unchanged(verifier)
    for login in (
        "x",
        "A" * 22,
        "A" * 5_000,
        "%00",
        "%ff",
        "%F0%9F%98%80",
        "a%2Fb",
        "'--",
        "..%2f",
    ):
        for call, body in (("answer", {"answer": "12345678"}), ("factor", {"factor": "card"})):
            response = api.client.post(f"/api/v1/login/{login}/{call}", json=body)
            is_a_sentence(response)
            assert response.status_code == 404, login
    for path in ("/api", "/api/v1", "/api/v2/login", "/static/../app.py", "/static/", "/docs"):
        is_a_sentence(api.client.get(path))
    assert unchanged(verifier) == before


def test_other_methods(api: Api, login: str) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        for path in ("/api/v1/login", f"/api/v1/login/{login}/answer"):
            response = api.client.request(method, path)
            is_a_sentence(response)
            assert response.status_code == 405
    is_a_sentence(api.client.post("/api/v1/session"))


def test_junk_in_the_forms(card: Card, verifier: Verifier) -> None:
    browser = Browser(verifier)
    asked = browser.password()
    action = next(iter(forms(asked)))
    token = forms(asked)[action]["form"]
    before = unchanged(verifier)
    texts = [each for each in VALUES if isinstance(each, str) and each != "\ud800"]
    for text in texts:
        for path, name in (("/login", "username"), ("/login", "password"), (action, "answer")):
            fields = {"form": token, "username": "alice", "password": PASSWORD} | {name: text}
            response = browser.client.post(path, data=fields)
            assert response.status_code in {401, 413, 422}, (path, name, text)
            assert "Traceback" not in response.text
        choice = browser.client.post(f"{action}/factor", data={"form": token, "factor": text})
        assert choice.status_code in {404, 413}
    for body in (b"", b"%", b"\xff", b"&" * 40, b"=" * 40, b"form=%ff", b"a" * 100_000):
        for path in ("/login", action, f"{action}/factor", "/logout"):
            response = browser.client.post(
                path,
                content=body,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert response.status_code in {403, 413}
    assert unchanged(verifier) == before
    assert browser.get(action).status_code == 200  # no try was used up


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.recursive(
        st.none()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=40),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["username", "password", "answer", "factor", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
    call=st.sampled_from(["", "/{login}/answer", "/{login}/factor"]),
)
def test_no_body_brings_the_verifier_down(api: Api, login: str, body: Any, call: str) -> None:
    response = api.client.post("/api/v1/login" + call.format(login=login), json=body)
    is_a_sentence(response)
