"""One code, one refresh token, sent many times at once to two workers: one wins, and then none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from server.clock import SystemClock
from server.verifier import Verifier
from tests.doors import free_port
from tests.server.support import FAST, Card, add_card, add_user, environment_of, make_verifier

from .party import Browser, Party, register

AT_ONCE = 8
ROUNDS = 5


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Verifier, Card, int]]:
    folder = tmp_path_factory.mktemp("served")
    issuer = "http://localhost:8600"
    verifier = make_verifier(folder, SystemClock(), public_url=issuer)
    add_user(verifier)
    card = Card()
    add_card(verifier, card)
    port = free_port()
    environment = os.environ | environment_of(verifier)
    environment |= {
        "CHALLNG_PUBLIC_URL": issuer,
        "CHALLNG_LOG_REQUESTS": "false",
        "CHALLNG_SLOW_AFTER": "100000",
        "CHALLNG_SLOW_WIDELY_AFTER": "100000",
        **{f"CHALLNG_{name.upper()}": str(value) for name, value in FAST.items()},
    }
    log = folder / "log"
    command = [sys.executable, "-m", "server", "serve", "--port", str(port), "--workers", "2"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        for _ in range(1_200):
            assert process.poll() is None, log.read_text()
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        yield verifier, card, port
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
        verifier.close()


class Clients:
    """As many connections to the workers as there are senders, each of its own."""

    def __init__(self, port: int, party: Party) -> None:
        self._party = party
        self._clients = [
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) for _ in range(AT_ONCE)
        ]

    def at_once(self, body: dict[str, str]) -> list[httpx.Response]:
        auth = (self._party.client_id, self._party.secret or "")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            send: Callable[[httpx.Client], Any] = lambda client: client.post(  # noqa: E731
                "/openid/token", data=body, auth=auth
            )
            return list(pool.map(send, self._clients))

    def close(self) -> None:
        for client in self._clients:
            client.close()


def test_one_code_and_one_refresh_token_are_each_redeemed_once(
    served: tuple[Verifier, Card, int],
) -> None:
    verifier, card, port = served
    party = register(verifier)
    browser = Browser(verifier, card)
    clients = Clients(port, party)
    try:
        for _ in range(ROUNDS):
            body = {
                "grant_type": "authorization_code",
                "code": party.code(browser.through(party.query())),
                "redirect_uri": "https://app.example.com/callback",
                "code_verifier": party.code_verifier,
            }
            answers = clients.at_once(body)
            assert Counter(a.status_code for a in answers) == {200: 1, 400: AT_ONCE - 1}
            won = next(a.json() for a in answers if a.status_code == 200)
            assert party.userinfo(won["access_token"]).status_code == 401  # it was a replay

            family = party.redeem(party.code(browser.through(party.query()))).json()
            body = {"grant_type": "refresh_token", "refresh_token": family["refresh_token"]}
            answers = clients.at_once(body)
            assert Counter(a.status_code for a in answers) == {200: 1, 400: AT_ONCE - 1}
            won = next(a.json() for a in answers if a.status_code == 200)
            assert party.refresh(won["refresh_token"]).status_code == 400
    finally:
        clients.close()


def test_two_workers_publish_the_same_keys(served: tuple[Verifier, Card, int]) -> None:
    verifier, _, port = served
    found: set[str] = set()
    for _ in range(8):  # each over a connection of its own, to whichever worker takes it
        found.add(httpx.get(f"http://127.0.0.1:{port}/openid/jwks").text)
    assert len(found) == 1
    kid = verifier.openid.keys.signing()[0]
    assert kid in found.pop()
