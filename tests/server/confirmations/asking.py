"""A bank that asks for confirmations, and reads receipts as its documentation says."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from server.applications.applications import May
from server.verifier import Verifier

from ..applications.programs import add_application
from ..support import Api

PAYMENT = {
    "title": "Pay 250.00 EUR",
    "lines": [
        {"label": "To", "value": "Zoë Müller, DE89 3704 0044 0532 0130 00"},
        {"label": "For", "value": "Invoice 2026-117"},
    ],
}


class Bank:
    """An application with the right `confirm`."""

    def __init__(self, verifier: Verifier, api: Api, name: str = "bank", *may: May) -> None:
        self.name = name
        self.client = api.client
        self.token = add_application(verifier, name, *(may or (May.CONFIRM,)))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send(self, user: str = "alice", action: Any = PAYMENT) -> Any:
        body = {"user": user, "action": action}
        return self.client.post("/api/v1/confirmations", json=body, headers=self.headers)

    def ask(self, user: str = "alice", action: Any = PAYMENT) -> dict[str, Any]:
        response = self.send(user, action)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    def state(self, asked: dict[str, Any]) -> Any:
        return self.client.get(f"/api/v1/confirmations/{asked['id']}", headers=self.headers)

    def answer(self, asked: dict[str, Any], text: str) -> Any:
        path = f"/api/v1/confirmations/{asked['id']}/answer"
        return self.client.post(path, json={"answer": text}, headers=self.headers)

    def receipt(self, told: dict[str, Any]) -> dict[str, Any]:
        """Check a receipt with the published key alone."""
        keys = KeySet.import_key_set(self.client.get("/api/v1/confirmations/keys").json())
        token = jwt.decode(told["receipt"], keys, algorithms=["ES256"])
        assert token.header["typ"] == "challng-receipt+jwt"
        return dict(token.claims)


def digest(asked: dict[str, Any], action: Any = PAYMENT) -> str:
    """What the digest of an action must be, worked out from the documentation alone."""
    from base64 import urlsafe_b64encode

    content = {
        "action": action,
        "application": asked["application"],
        "expires": asked["expires"],
        "kind": "challng confirmation 1",
        "nonce": asked["nonce"],
        "user": asked["user"],
        "verifier": asked["verifier"],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    raw = hashlib.sha256(text.encode()).digest()
    return urlsafe_b64encode(raw).decode().rstrip("=")
