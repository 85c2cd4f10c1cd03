"""`/auth`, `/validate/triggerchallenge`, `/validate/polltransaction` and `/token/`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from server.applications.applications import May
from server.audit.events import Event
from server.db import tables
from server.verifier import Verifier

from ..counter import issue
from ..people import BOB, add_account
from ..phones import PHONE_PIN, PUBLIC_URL, approve, deny, give_phone
from ..support import (
    PASSWORD,
    Api,
    Card,
    ToldClock,
    add_card,
    add_user,
    make_verifier,
    wrong,
)
from .programs import Plugin, add_application, is_accepted, revoke, shows
from .test_validate_check import events, sessions

NAME = "keycloak"


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def plugin(api: Api) -> Plugin:
    return Plugin(api)


@pytest.fixture
def token(verifier: Verifier) -> str:
    return add_application(verifier, NAME, May.VALIDATE)


@pytest.fixture
def granted(plugin: Plugin, token: str) -> str:
    return str(plugin.auth(NAME, token).json()["result"]["value"]["token"])


def code(response: Any) -> tuple[int, int]:
    content = response.json()
    assert content["result"]["status"] is False
    return response.status_code, content["result"]["error"]["code"]


# --- /auth


def test_auth_gives_a_pass_whose_end_a_client_can_read(
    plugin: Plugin, token: str, clock: ToldClock
) -> None:
    response = plugin.auth(NAME, token)
    assert response.status_code == 200
    content = response.json()
    value = content["result"]["value"]
    assert (content["id"], value["username"], value["role"]) == (1, NAME, "admin")
    middle = value["token"].split(".")[1]
    assert "-" not in middle  # some clients read plain base64 alone
    assert "_" not in middle
    claims = json.loads(base64.b64decode(middle + "=" * (-len(middle) % 4)))
    assert claims["exp"] == int(clock.now().timestamp()) + 3_600


def test_auth_refuses_alike_whatever_is_wrong(
    plugin: Plugin, token: str, verifier: Verifier, clock: ToldClock
) -> None:
    other = add_application(verifier, "other", May.VALIDATE)
    for name, password in ((NAME, other), ("nobody", token), (NAME, "x"), (NAME, "")):
        assert code(plugin.auth(name, password)) == (401, 4031)
    assert code(plugin.auth("alice", PASSWORD)) == (401, 4031)  # a user is no application
    assert code(plugin.client.post("/auth", data={"password": token})) == (401, 4032)
    assert events(verifier).count(Event.APPLICATION_REFUSED) == 5
    for _ in range(10):
        plugin.auth(NAME, "x")
    assert sum(clock.slept) > 0  # the passwords' brake
    revoke(verifier, NAME)
    assert code(plugin.auth(NAME, token)) == (401, 4031)


# --- triggering


@pytest.mark.parametrize("how", ["pass", "bearer", "token", "PI-Authorization"])
def test_an_application_triggers_a_challenge_without_a_password(
    plugin: Plugin, card: Card, verifier: Verifier, token: str, granted: str, how: str
) -> None:
    header = "PI-Authorization" if how == "PI-Authorization" else "Authorization"
    value = {"pass": granted, "bearer": f"Bearer {granted}"}.get(how, token)
    response = plugin.client.post(
        "/validate/triggerchallenge", data={"user": "alice"}, headers={header: value}
    )
    content = response.json()
    assert content["result"] == {"status": True, "value": 1, "authentication": "CHALLENGE"}
    transaction, right = shows(card, response)
    assert is_accepted(plugin.answer(transaction, right))  # plug-ins answer without a pass
    assert sessions(verifier) == 0
    log = tables.audit_log
    with verifier.database.reading() as connection:
        row = connection.execute(
            select(log).where(log.c.event == Event.LOGIN_TRIGGERED.value)
        ).one()
    assert (row.actor, row.subject) == (f"application:{NAME}", "alice")


def test_what_was_triggered_opens_no_session_over_our_own_api(
    plugin: Plugin, api: Api, card: Card, granted: str
) -> None:
    transaction, right = shows(card, plugin.trigger(granted, user="alice"))
    assert api.answer(transaction, right).status_code == 404
    finish = api.client.post(f"/api/v1/login/{transaction}/approval", json={})
    assert finish.status_code == 404


def test_without_a_pass_nothing_is_triggered(
    plugin: Plugin, api: Api, card: Card, verifier: Verifier, granted: str, clock: ToldClock
) -> None:
    assert code(plugin.trigger(None, user="alice")) == (401, 4033)
    assert code(plugin.trigger("nonsense", user="alice")) == (401, 4304)
    head, middle, _ = granted.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for forged in (f"{head}.{middle}.", f"{none}.{middle}.", granted[:-2], "a.b.c", "é"):
        raw = {"Authorization": forged.encode("latin-1")}
        response = plugin.client.post(
            "/validate/triggerchallenge",
            data={"user": "alice"},
            headers=raw,  # type: ignore[arg-type]
        )
        assert code(response) == (401, 4304)
    login, challenge = api.login()
    session = api.answer(login, card.shows(challenge)).json()["session"]
    assert code(plugin.trigger(session, user="alice")) == (401, 4304)
    confirming = add_application(verifier, "bank", May.CONFIRM)
    assert code(plugin.trigger(confirming, user="alice")) == (403, 303)
    clock.advance(3_600)
    assert code(plugin.trigger(granted, user="alice")) == (401, 4304)
    assert Event.LOGIN_TRIGGERED not in events(verifier)


def test_a_revoked_applications_pass_is_worth_nothing(
    plugin: Plugin, card: Card, verifier: Verifier, granted: str
) -> None:
    revoke(verifier, NAME)
    assert code(plugin.trigger(granted, user="alice")) == (401, 4304)


def test_nobody_and_who_has_no_device_look_alike(
    plugin: Plugin, verifier: Verifier, granted: str
) -> None:
    add_user(verifier, "locked")
    add_card(verifier, Card(), "locked")
    with verifier.database.writing() as connection:
        users = tables.users
        connection.execute(
            update(users).where(users.c.name == "locked").values(locked_at=verifier.clock.now())
        )
    told = []
    for user in ("alice", "nobody", "not a name!", "locked"):
        content = plugin.trigger(granted, user=user).json()
        assert content["result"] == {"status": True, "value": 0, "authentication": "REJECT"}
        assert content["detail"]["transaction_ids"] == []
        told.append(content["detail"])
    assert all(each == told[0] for each in told)


def test_an_empty_password_never_triggers_anything(
    plugin: Plugin, card: Card, verifier: Verifier, granted: str
) -> None:
    response = plugin.client.post(
        "/validate/check", data={"user": "alice", "pass": ""}, headers={"Authorization": granted}
    )
    assert not is_accepted(response)
    assert Event.LOGIN_BEGUN not in events(verifier)


def test_one_applications_login_is_not_anothers(
    plugin: Plugin, card: Card, verifier: Verifier, granted: str, token: str
) -> None:
    other = add_application(verifier, "other", May.VALIDATE)
    transaction, right = shows(card, plugin.trigger(granted, user="alice"))
    given = {"user": "alice", "pass": right, "transaction_id": transaction}
    strange = plugin.client.post("/validate/check", data=given, headers={"Authorization": other})
    assert not is_accepted(strange)
    own = plugin.client.post("/validate/check", data=given, headers={"Authorization": token})
    assert is_accepted(own)


def test_a_credential_can_be_asked_of_every_caller(tmp_path: Path) -> None:
    made = make_verifier(tmp_path / "strict", validate_needs_credential=True)
    add_user(made)
    held = Card()
    add_card(made, held)
    plugin = Plugin(Api(made))
    assert code(plugin.password()) == (401, 4033)
    assert code(plugin.poll("x")) == (401, 4033)
    plugin.headers["PI-Authorization"] = add_application(made, "bank", May.CONFIRM)
    assert code(plugin.password()) == (403, 303)
    assert events(made)[-1] == Event.NOT_ALLOWED
    plugin.headers["PI-Authorization"] = add_application(made, "vpn", May.VALIDATE)
    transaction, right = shows(held, plugin.password())
    assert is_accepted(plugin.answer(transaction, right))
    made.close()


# --- who needs no device, and who may not go in


def test_a_closed_account_opens_no_application(
    plugin: Plugin, card: Card, verifier: Verifier, granted: str
) -> None:
    add_account(verifier, "U100", BOB, "alice")
    with verifier.database.writing() as connection:
        connection.execute(update(tables.accounts).values(closed_at=verifier.clock.now()))
    assert not is_accepted(plugin.password())
    assert plugin.trigger(granted, user="alice").json()["result"]["value"] == 0
    assert events(verifier)[-1] == Event.NOT_ALLOWED


def test_who_opted_out_goes_in_by_password_and_never_without(
    plugin: Plugin, card: Card, verifier: Verifier, granted: str
) -> None:
    with verifier.database.writing() as connection:
        connection.execute(update(tables.users).values(opted_out_at=verifier.clock.now()))
    assert is_accepted(plugin.password())
    assert plugin.trigger(granted, user="alice").json()["result"]["value"] == 0
    assert sessions(verifier) == 0


def test_a_temporary_code_opens_applications_for_two_days(
    plugin: Plugin, verifier: Verifier, clock: ToldClock
) -> None:
    right = issue(verifier)
    transaction = plugin.password().json()["detail"]["transaction_id"]
    assert is_accepted(plugin.answer(transaction, right))
    clock.advance(timedelta(days=3).total_seconds())
    transaction = plugin.password().json()["detail"]["transaction_id"]
    answer = plugin.answer(transaction, right)
    assert not is_accepted(answer)
    assert "does not open applications" in answer.json()["detail"]["message"]


# --- the phone


def test_the_phone_approves_and_the_plugin_polls(
    plugin: Plugin, verifier: Verifier, api: Api, granted: str
) -> None:
    phone = give_phone(verifier, api.client)
    content = plugin.trigger(granted, user="alice").json()
    detail = content["detail"]
    assert content["result"]["value"] == 2
    assert [each["type"] for each in detail["multi_challenge"]] == ["push", "ocra"]
    assert [each["client_mode"] for each in detail["multi_challenge"]] == ["poll", "interactive"]
    assert detail["preferred_client_mode"] == "poll"
    transaction = detail["transaction_id"]
    number = detail["message"].split("choose ")[1][:2]

    polled = plugin.poll(transaction).json()
    assert (polled["result"]["value"], polled["detail"]["challenge_status"]) == (False, "pending")
    assert not is_accepted(plugin.answer(transaction, ""))
    assert approve(phone, number).status_code == 200
    polled = plugin.client.get(f"/validate/polltransaction/{transaction}").json()
    assert (polled["result"]["value"], polled["detail"]["challenge_status"]) == (True, "accept")
    assert is_accepted(plugin.answer(transaction, ""))
    assert not is_accepted(plugin.answer(transaction, ""))  # taken once
    assert plugin.poll(transaction).json()["result"]["value"] is False
    assert sessions(verifier) == 0


def test_a_denial_on_the_phone_is_told(plugin: Plugin, verifier: Verifier, api: Api) -> None:
    phone = give_phone(verifier, api.client)
    transaction = plugin.password().json()["detail"]["transaction_id"]
    assert deny(phone).status_code == 200
    polled = plugin.poll(transaction).json()
    assert polled["result"] == {"status": True, "value": False, "authentication": "DECLINED"}
    assert not is_accepted(plugin.answer(transaction, ""))


def test_a_passcode_of_the_phone_is_an_answer_too(
    plugin: Plugin, verifier: Verifier, api: Api
) -> None:
    phone = give_phone(verifier, api.client)
    ways = plugin.password().json()["detail"]["multi_challenge"]
    passcode = phone.keys[0].shows(ways[1]["attributes"]["challenge"], PHONE_PIN)
    assert not is_accepted(plugin.answer(ways[1]["transaction_id"], wrong(passcode)))
    assert is_accepted(plugin.answer(ways[1]["transaction_id"], passcode))


def test_an_unknown_transaction_is_pending_for_ever(plugin: Plugin) -> None:
    for transaction in ("x", "A" * 22, "12345678901234567890"):
        polled = plugin.poll(transaction)
        assert polled.status_code == 200
        assert polled.json()["detail"]["challenge_status"] == "pending"
    assert code(plugin.client.get("/validate/polltransaction")) == (400, 905)


# --- /token/


def test_an_application_sees_a_users_devices(
    plugin: Plugin, card: Card, verifier: Verifier, granted: str
) -> None:
    headers = {"Authorization": granted}
    value = plugin.client.get("/token/", params={"user": "alice"}, headers=headers).json()[
        "result"
    ]["value"]
    (only,) = value["tokens"]
    assert value["count"] == 1
    assert (only["serial"], only["tokentype"]) == (card.serial, "ocra")
    assert (only["active"], only["locked"], only["username"]) == (True, False, "alice")
    assert "key" not in json.dumps(value)
    nobody = plugin.client.get("/token/", params={"user": "nobody"}, headers=headers).json()
    assert nobody["result"]["value"]["tokens"] == []
    assert code(plugin.client.get("/token/", headers=headers)) == (400, 905)
    assert code(plugin.client.get("/token/", params={"user": "alice"})) == (401, 4033)
    assert Event.APPLICATION_SAW_DEVICES in events(verifier)


def test_devices_are_not_enrolled_over_this_api(plugin: Plugin, granted: str) -> None:
    headers = {"Authorization": granted}
    given = {"user": "alice", "type": "hotp", "genkey": "1"}
    assert code(plugin.client.post("/token/init", data=given, headers=headers)) == (403, 303)
    assert code(plugin.client.delete("/token/CH00000013", headers=headers)) == (403, 303)
    assert code(plugin.client.post("/token/init", data=given)) == (401, 4033)
