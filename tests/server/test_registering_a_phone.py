"""Registering a phone: password, SMS, token, security element; and everything that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.verifier import Verifier

from .post import Hook, hook
from .registering import ON_RECORD, make, register, start
from .support import Api, ToldClock


@pytest.fixture
def gateway() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock, gateway: Hook) -> Iterator[Verifier]:
    made = make(tmp_path, clock, gateway)
    yield made
    made.close()


@pytest.mark.parametrize("element", ["pin", "webauthn"])
def test_a_phone_is_registered_and_its_passcode_logs_its_user_in(
    verifier: Verifier, gateway: Hook, element: str
) -> None:
    run = start(verifier, gateway)
    assert run.begin().status_code == 200
    assert run.begun["numbers"] == [{"id": "record", "shown": "+1 ••• ••• ••23"}]
    _, key = register(verifier, gateway, element=element)
    assert gateway.came[0]["to"] == ON_RECORD
    api = Api(verifier)
    login, challenge = api.login()
    answer = api.answer(login, key.shows(challenge, "k7Qm2"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["device_kind"] == "mobile_key"
