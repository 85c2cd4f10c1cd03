"""What machines ask, and what the web layer does around every request."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import structlog
from fastapi import Request
from sqlalchemy import text

from server.verifier import Verifier
from server.web.peer import address

from .support import PASSWORD, PIN, Api, Card, make_verifier, wrong


def test_alive_and_ready(api: Api, verifier: Verifier) -> None:
    assert api.client.get("/healthz").json() == {"status": "ok"}
    assert api.client.get("/readyz").status_code == 200
    with verifier.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    not_ready = api.client.get("/readyz")
    assert not_ready.status_code == 503
    assert not_ready.headers["content-type"] == "application/problem+json"


def number(api: Api, name: str) -> float:
    for line in api.client.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def test_numbers_for_prometheus(api: Api, card: Card) -> None:
    names = {
        'challng_login_answers_total{verdict="accepted"}': 1,
        'challng_login_answers_total{verdict="wrong"}': 10,
        'challng_login_answers_total{verdict="locked"}': 1,
        'challng_login_answers_total{verdict="malformed"}': 1,
        'challng_passwords_total{verdict="wrong"}': 1,
        "challng_device_locks_total": 1,
    }
    before = {name: number(api, name) for name in names}
    api.password(password="not hers")
    login, challenge = api.login()
    api.answer(login, "1234567a")
    api.answer(login, card.shows(challenge))
    for tries in (3, 3, 3, 1):
        login, challenge = api.login()
        bad = wrong(card.shows(challenge))
        for _ in range(tries):
            api.answer(login, bad)
    api.answer(login, bad)
    assert {name: number(api, name) - before[name] for name in names} == names
    text = api.client.get("/metrics").text
    assert re.search(
        r'challng_request_seconds_bucket\{.*route="/api/v1/login/\{login\}/answer"', text
    )
    assert login not in text


def test_the_log_has_a_line_for_each_request_and_no_secret(
    api: Api, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as lines:
        api.client.get("/login?password=in-the-query")
        api.password(password="not hers")
        login, challenge = api.login()
        shown = card.shows(challenge)
        token = api.answer(login, shown).json()["session"]
        api.session(token)
    assert [line["status"] for line in lines] == [200, 401, 200, 200, 200]
    assert lines[3]["route"] == "/api/v1/login/{login}/answer"
    everything = str(lines) + "".join(capsys.readouterr())
    for secret in ("in-the-query", "not hers", PASSWORD, PIN, shown, token, login, challenge):
        assert secret not in everything


def test_a_failure_inside_is_a_sentence_outside(
    api: Api, card: Card, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError(f"secret {PIN}")

    monkeypatch.setattr(verifier.sessions, "find", fail)
    with structlog.testing.capture_logs() as lines:
        failed = api.session("A" * 43)
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert "content-security-policy" in failed.headers
    assert "Traceback" not in failed.text
    assert PIN not in failed.text + str(lines)
    assert "RuntimeError" in str(lines)
    page = api.client.get(
        "/", headers={"Accept": "text/html", "Cookie": f"challng_session={'A' * 43}"}
    )
    assert page.status_code == 500
    assert "Something failed" in page.text


def test_the_apis_own_description_is_off_unless_asked_for(api: Api, tmp_path: Path) -> None:
    for path in ("/docs", "/api/docs", "/openapi.json", "/api/openapi.json"):
        assert api.client.get(path).status_code == 404
    (tmp_path / "open").mkdir()
    verifier = make_verifier(tmp_path / "open", api_docs=True)
    described = Api(verifier).client.get("/api/openapi.json").json()
    assert "/api/v1/login/{login}/answer" in described["paths"]
    verifier.close()


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.9", "198.51.100.1", "192.0.2.9"),  # nobody we trust says so
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.1", "198.51.100.1"),  # the first was made up
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "junk, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_whose_failures_they_are_behind_a_proxy(peer: str, forwarded: str, expected: str) -> None:
    scope = {
        "type": "http",
        "client": (peer, 1234),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    assert address(Request(scope), ("10.0.0.1", "10.0.0.2")) == expected
