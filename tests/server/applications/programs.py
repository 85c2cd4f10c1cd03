"""Programs that use a verifier, and what they send."""

from __future__ import annotations

from typing import Any

from server.applications.applications import TOKENS, May, columns
from server.verifier import Verifier

from ..support import PASSWORD, Api, Card


def add_application(verifier: Verifier, name: str, *may: May) -> str:
    """Add an application; returns its token."""
    token = TOKENS.new()
    with verifier.database.writing() as connection:
        TOKENS.add(connection, name, token, verifier.clock.now(), **columns(may))
    return token


def revoke(verifier: Verifier, name: str) -> None:
    with verifier.database.writing() as connection:
        assert TOKENS.revoke(connection, name, verifier.clock.now())


class Plugin:
    """A plug-in: form-encoded requests, as the documentation has them."""

    def __init__(self, api: Api, agent: str = "privacyIDEA-Keycloak/1.5") -> None:
        self.client = api.client
        self.headers = {"User-Agent": agent}

    def check(self, **given: str) -> Any:
        return self.client.post("/validate/check", data=given, headers=self.headers)

    def password(self, user: str = "alice", password: str = PASSWORD) -> Any:
        return self.check(**{"user": user, "pass": password})

    def answer(self, transaction: str, text: str, user: str = "alice") -> Any:
        return self.check(**{"user": user, "pass": text, "transaction_id": transaction})

    def auth(self, name: str, token: str) -> Any:
        given = {"username": name, "password": token}
        return self.client.post("/auth", data=given, headers=self.headers)

    def trigger(self, authorization: str | None, **given: str) -> Any:
        headers = self.headers | ({"Authorization": authorization} if authorization else {})
        return self.client.post("/validate/triggerchallenge", data=given, headers=headers)

    def poll(self, transaction: str) -> Any:
        given = {"transaction_id": transaction}
        return self.client.get("/validate/polltransaction", params=given, headers=self.headers)


def asked(response: Any) -> tuple[str, str]:
    """Read the transaction and the challenge of an answer that asks."""
    content = response.json()
    assert content["result"]["authentication"] == "CHALLENGE", content
    detail = content["detail"]
    return detail["transaction_id"], detail["multi_challenge"][0]["attributes"]["challenge"]


def is_accepted(response: Any) -> bool:
    assert response.status_code == 200, response.text
    result = response.json()["result"]
    assert result["status"] is True
    assert result["value"] is (result["authentication"] == "ACCEPT")
    return bool(result["value"])


def shows(card: Card, response: Any) -> tuple[str, str]:
    """Have the card answer what is asked; returns the transaction and the response."""
    transaction, challenge = asked(response)
    return transaction, card.shows(challenge)
