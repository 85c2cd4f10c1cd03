"""What the tests of approving share: beginning a login, taking its session, and what stands."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.audit.events import Event
from server.db.tables import audit_log, devices, logins, mobile_keys, sessions
from server.verifier import Verifier

from .support import Api


def begin(api: Api, user: str = "alice") -> tuple[str, dict[str, Any]]:
    answer = api.password(user)
    assert answer.status_code == 200, answer.text
    return answer.json()["login"], answer.json()["prompt"]


def take(api: Api, login: str) -> Any:
    return api.client.post(f"/api/v1/login/{login}/approval", json={})


def events(verifier: Verifier) -> list[str]:
    with verifier.database.reading() as connection:
        return list(
            connection.execute(select(audit_log.c.event).order_by(audit_log.c.seq)).scalars()
        )


def standing(verifier: Verifier) -> list[Any]:
    """All that a refusal must not change."""
    with verifier.database.reading() as connection:
        return [
            connection.execute(
                select(logins.c.id, logins.c.state, logins.c.attempts).order_by(logins.c.id)
            ).all(),
            connection.execute(
                select(devices.c.id, devices.c.state, devices.c.wrong_run, devices.c.locked_at)
            ).all(),
            connection.execute(select(mobile_keys.c.sign_count, mobile_keys.c.counter)).all(),
            connection.execute(select(sessions.c.token_hash)).all(),
        ]


def refused(verifier: Verifier, answer: Any, status: int, *events_added: Event) -> None:
    """A refusal, and what it wrote down."""
    assert answer.status_code == status, answer.text
    assert events(verifier)[-len(events_added) :] == [each.value for each in events_added]
