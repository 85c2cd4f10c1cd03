"""Those who log in during a measurement: each has a user name, a password and a card."""

from __future__ import annotations

import hashlib
import http.client
import json
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from protocol import ocra

PASSWORD = "correct horse battery"
PIN = "7305"


@dataclass
class Person:
    """One user and his card; `counter` is what the card shows next."""

    number: int
    counter: int = 0

    @property
    def name(self) -> str:
        """The user name."""
        return f"person-{self.number:08}"

    @property
    def key(self) -> bytes:
        """The card's key."""
        return hashlib.sha256(self.name.encode()).digest()

    def shows(self, challenge: str) -> str:
        """The response that the card shows."""
        shown = ocra.response(
            ocra.DEFAULT_SUITE, self.key, question=challenge, counter=self.counter, pin=PIN
        )
        self.counter += 1
        return shown


class Client:
    """One kept connection, with as little work on this side as can be."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def post(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and content."""
        sent = {"Content-Type": "application/json"} | (headers or {})
        self._http.request("POST", path, json.dumps(body), sent)
        answer = self._http.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def begin(
        self, person: Person, password: str = PASSWORD, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Give a name and a password."""
        body = {"username": person.name, "password": password}
        return self.post("/api/v1/login", body, headers)

    def answer(self, login: str, text: str) -> tuple[int, Any]:
        """Answer a challenge."""
        return self.post(f"/api/v1/login/{login}/answer", {"answer": text})

    def round_trip(self, person: Person, headers: dict[str, str] | None = None) -> float:
        """Log in: challenge and right answer; returns the seconds of the two calls."""
        begun = perf_counter()
        status, content = self.begin(person, headers=headers)
        asked = perf_counter()
        assert status == 200, (status, content)
        shown = person.shows(content["prompt"]["challenge"])
        told = perf_counter()
        status, content = self.answer(content["login"], shown)
        ended = perf_counter()
        assert status == 200, (status, content)
        return (asked - begun) + (ended - told)

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()
