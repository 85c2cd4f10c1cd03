"""Rows are held in one order where phones and codes by SMS are concerned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from server.audit.events import Event
from server.db import tables
from server.factors.mobile_key import Element
from server.verifier import Verifier

from .approving import begin
from .phones import approve, give_phone
from .post import Hook, hook
from .registering import events, make, register, start
from .row_order import in_order, recorded
from .support import Api, Card, ToldClock, add_card
from .test_sms_codes import Caller


@pytest.fixture
def gateway() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock, gateway: Hook) -> Iterator[Verifier]:
    made = make(tmp_path, clock, gateway)
    yield made
    made.close()


@pytest.mark.parametrize("purpose", ["register", "reenable"])
def test_a_phone_that_is_added_holds_all_logins_before_any_device(
    verifier: Verifier, gateway: Hook, clock: ToldClock, purpose: str
) -> None:
    """And writes the log last: that the phone before it has ended, too."""
    phone = None
    if purpose == "reenable":
        phone, _ = register(verifier, gateway)
        clock.advance(3_600)
    run = start(verifier, gateway, phone=phone)
    assert run.begin(purpose).status_code == 200
    body, _ = run.phone.element(run.bearer, run.prove())
    with recorded(verifier) as done:
        assert run.element(body).status_code == 200
    (held,) = [each for each in done if "audit" in each]
    assert held[:2] == ["users", "logins"]
    assert in_order(held), held


def test_a_copied_key_is_suspended_in_a_transaction_of_its_own(
    verifier: Verifier, api: Api, clock: ToldClock
) -> None:
    """It closes other logins, which come before the device that was judged."""
    phone = give_phone(verifier, api.client, element=Element.WEBAUTHN)
    _, prompt = begin(api)
    approve(phone, prompt["number"])
    clock.advance(60)
    _, prompt = begin(api)
    phone.authenticator.sign_count = 0
    with recorded(verifier) as done:
        assert approve(phone, prompt["number"]).status_code == 403
    judged, suspended = [each for each in done if "devices" in each]
    assert "audit" not in judged
    assert suspended[:2] == ["logins", "devices"]
    assert in_order(judged)
    assert in_order(suspended)
    assert len(events(verifier, Event.MOBILE_KEY_COPIED)) == 1


def test_a_code_is_sent_again_in_the_order_of_an_answer(
    verifier: Verifier, api: Api, gateway: Hook, clock: ToldClock
) -> None:
    alice = Caller(api, gateway)
    alice.turn_on()
    begun = alice.password()
    clock.advance(60)
    with recorded(verifier) as done:
        assert alice.post(f"/api/v1/login/{begun['login']}/again").status_code == 200
    (held,) = [each for each in done if "secrets" in each]
    assert held.index("logins") < held.index("secrets")


def test_no_code_is_sent_again_for_a_login_that_asks_another_device_by_now(
    verifier: Verifier, api: Api, gateway: Hook, clock: ToldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Caller(api, gateway)
    alice.turn_on()
    begun = alice.password()
    add_card(verifier, Card())
    clock.advance(60)
    codes = verifier.sms_codes
    send_again = codes._send_again

    def overtaken(connection: Connection, login_id: str, *given: Any) -> None:
        logins, devices = tables.logins, tables.devices
        card = devices.select().where(devices.c.kind == "card").with_only_columns(devices.c.id)
        changed = {"device_id": card.scalar_subquery(), "prompt": "{}"}
        connection.execute(update(logins).where(logins.c.id == login_id).values(changed))
        send_again(connection, login_id, *given)

    monkeypatch.setattr(codes, "_send_again", overtaken)
    assert alice.post(f"/api/v1/login/{begun['login']}/again").status_code == 409
