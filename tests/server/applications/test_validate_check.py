"""`/validate/check` as the plug-ins call it: password, challenge, response."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from server.applications.applications import May
from server.audit.events import Event
from server.db import tables
from server.verifier import Verifier

from ..support import PASSWORD, PIN, Api, Card, ToldClock, add_card, add_user, wrong
from .programs import Plugin, add_application, asked, is_accepted, shows


@pytest.fixture
def plugin(api: Api) -> Plugin:
    return Plugin(api)


def events(verifier: Verifier) -> list[str]:
    log = tables.audit_log
    with verifier.database.reading() as connection:
        return list(connection.execute(select(log.c.event).order_by(log.c.seq)).scalars())


def sessions(verifier: Verifier) -> int:
    with verifier.database.reading() as connection:
        counted = select(func.count()).select_from(tables.sessions)
        return int(connection.execute(counted).scalar_one())


def test_a_password_alone_triggers_the_cards_challenge(plugin: Plugin, card: Card) -> None:
    response = plugin.password()
    assert response.status_code == 200
    content = response.json()
    assert content["jsonrpc"] == "2.0"
    assert content["id"] == 2
    assert content["result"] == {"status": True, "value": False, "authentication": "CHALLENGE"}
    assert content["version"].startswith("Challng ")
    assert content["versionnumber"]
    assert content["time"] == pytest.approx(ToldClock().now().timestamp())
    detail = content["detail"]
    (only,) = detail["multi_challenge"]
    assert only["transaction_id"] == detail["transaction_id"] == detail["transaction_ids"][0]
    assert only["serial"] == detail["serial"] == card.serial
    assert only["type"] == detail["type"] == "ocra"
    assert only["client_mode"] == detail["preferred_client_mode"] == "interactive"
    assert only["attributes"]["challenge"] in detail["message"] == detail["messages"][0]


def test_the_response_lets_the_user_in_and_no_session_is_opened(
    plugin: Plugin, card: Card, verifier: Verifier
) -> None:
    transaction, response = shows(card, plugin.password())
    answer = plugin.answer(transaction, response)
    assert is_accepted(answer)
    detail = answer.json()["detail"]
    assert detail["serial"] == card.serial
    assert detail["user"]["username"] == "alice"
    assert sessions(verifier) == 0
    assert events(verifier)[-2:] == [Event.LOGIN_BEGUN, Event.LOGIN_ACCEPTED]


def test_a_response_accepted_once_is_never_accepted_again(plugin: Plugin, card: Card) -> None:
    transaction, response = shows(card, plugin.password())
    assert is_accepted(plugin.answer(transaction, response))
    assert not is_accepted(plugin.answer(transaction, response))
    again, _ = asked(plugin.password())
    assert not is_accepted(plugin.answer(again, response))


def test_its_logins_cannot_be_answered_over_our_own_api_nor_the_other_way_round(
    plugin: Plugin, api: Api, card: Card
) -> None:
    transaction, response = shows(card, plugin.password())
    assert api.answer(transaction, response).status_code == 404
    own, challenge = api.login()
    assert not is_accepted(plugin.answer(own, card.shows(challenge)))
    assert is_accepted(plugin.answer(transaction, response)) is True


@pytest.mark.parametrize("user", ["alice", "nobody", "", "no such name!"])
def test_a_wrong_password_looks_the_same_for_everybody(
    plugin: Plugin, card: Card, user: str
) -> None:
    response = plugin.check(**{"user": user or "x" * 99, "pass": "wrong and long"})
    assert response.status_code == 200
    content = response.json()
    assert content["result"] == {"status": True, "value": False, "authentication": "REJECT"}
    assert content["detail"] == {
        "message": "The user name or the password is not right. Try again."
    }


def test_wrong_responses_are_counted_as_at_any_login(plugin: Plugin, card: Card, api: Api) -> None:
    transaction, challenge = asked(plugin.password())
    for _ in range(3):
        assert not is_accepted(plugin.answer(transaction, wrong(card.shows(challenge))))
    assert not is_accepted(plugin.answer(transaction, card.shows(challenge)))  # it is over
    for _ in range(3):
        transaction, challenge = asked(plugin.password())
        for _ in range(3):
            plugin.answer(transaction, wrong(card.shows(challenge)))
    refused = plugin.password().json()
    assert refused["result"]["authentication"] == "REJECT"
    assert "locked" in refused["detail"]["message"]
    assert api.answer(*api.login()).status_code == 423  # the same lock


def test_an_answer_that_can_be_none_is_not_counted(plugin: Plugin, card: Card) -> None:
    transaction, challenge = asked(plugin.password())
    for text in ("1", "abcdefgh", "1234567", " "):
        assert not is_accepted(plugin.answer(transaction, text))
    assert is_accepted(plugin.answer(transaction, card.shows(challenge)))


def test_a_challenge_expires(plugin: Plugin, card: Card, clock: ToldClock) -> None:
    transaction, response = shows(card, plugin.password())
    clock.advance(121)
    answer = plugin.answer(transaction, response)
    assert not is_accepted(answer)
    assert "expired" in answer.json()["detail"]["message"]


def test_the_answer_is_the_users_alone(plugin: Plugin, card: Card, verifier: Verifier) -> None:
    add_user(verifier, "bob")
    transaction, response = shows(card, plugin.password())
    assert not is_accepted(plugin.answer(transaction, response, user="bob"))
    assert not is_accepted(plugin.check(**{"serial": "CH00000000", "pass": response,
                                           "transaction_id": transaction}))  # fmt: skip
    assert is_accepted(plugin.answer(transaction, response, user="ALICE"))


def test_a_user_without_a_device_is_not_let_in(plugin: Plugin, verifier: Verifier) -> None:
    response = plugin.password()
    assert not is_accepted(response)
    assert "no device" in response.json()["detail"]["message"]
    assert sessions(verifier) == 0


# --- one step


def test_password_and_response_in_one_count_where_the_card_was_asked_before(
    plugin: Plugin, card: Card
) -> None:
    _, response = shows(card, plugin.password())
    together = plugin.password(password=PASSWORD + response)
    assert is_accepted(together)
    assert not is_accepted(plugin.password(password=PASSWORD + response))


def test_in_one_step_without_a_challenge_a_new_one_is_asked(plugin: Plugin, card: Card) -> None:
    _, response = shows(card, plugin.password(password=f"{PASSWORD}12345678"))
    assert is_accepted(plugin.password(password=f"{PASSWORD}{response[:4]} {response[4:]}"))


def test_a_wrong_response_in_one_step_is_counted(plugin: Plugin, card: Card) -> None:
    transaction, challenge = asked(plugin.password())
    assert not is_accepted(plugin.password(password=PASSWORD + wrong(card.shows(challenge))))
    for _ in range(2):
        plugin.answer(transaction, wrong(card.shows(challenge)))
    assert not is_accepted(plugin.answer(transaction, card.shows(challenge)))


def test_a_password_may_end_with_eight_digits(
    plugin: Plugin, card: Card, verifier: Verifier
) -> None:
    add_user(verifier, "bob", "my birthday is 19800229")
    other = Card(number=2, key=b"b" * 32)
    add_card(verifier, other, "bob")
    transaction, response = shows(other, plugin.password("bob", "my birthday is 19800229"))
    assert is_accepted(plugin.answer(transaction, response, user="bob"))


# --- serial, realm, and how parameters come


def test_a_login_by_serial_is_its_owners(plugin: Plugin, card: Card) -> None:
    given = {"serial": card.serial, "pass": PASSWORD}
    transaction, response = shows(card, plugin.check(**given))
    answer = {"serial": card.serial, "pass": response, "transaction_id": transaction}
    assert is_accepted(plugin.check(**answer))
    assert not is_accepted(plugin.check(**{"serial": "CH99999999", "pass": PASSWORD}))


def test_a_serial_chooses_among_the_users_devices(
    plugin: Plugin, card: Card, verifier: Verifier
) -> None:
    second = Card(number=2, key=b"b" * 32)
    add_card(verifier, second)
    response = plugin.check(**{"user": "alice", "serial": second.serial, "pass": PASSWORD})
    assert response.json()["detail"]["serial"] == second.serial
    add_user(verifier, "bob")
    other = plugin.check(**{"user": "bob", "serial": second.serial, "pass": PASSWORD})
    assert not is_accepted(other)


def test_realm_and_resolver_are_ignored(plugin: Plugin, card: Card) -> None:
    more = {"realm": "corp", "resConf": "ldap", "client": "10.0.0.1", "type": "totp"}
    asked(plugin.check(**{"user": "alice", "pass": PASSWORD}, **more))


ODD = "50%25 off & ünïcode + more"


@pytest.mark.parametrize("how", ["twice", "once", "json", "bare json", "multipart", "query"])
def test_every_way_that_plugins_send_a_password(
    verifier: Verifier, api: Api, card: Card, how: str
) -> None:
    add_user(verifier, "bob", ODD)
    add_card(verifier, Card(number=2, key=b"b" * 32), "bob")
    given: dict[str, Any] = {"user": "bob", "pass": ODD}
    twice = {"user": "bob", "pass": quote(ODD)}
    url, client = "/validate/check", api.client
    if how == "twice":
        response = client.post(url, data=twice, headers={"User-Agent": "FreeRADIUS"})
    elif how == "once":
        response = client.post(url, data=given, headers={"User-Agent": "PAM/2.15.0"})
    elif how == "json":
        response = client.post(url, json=given)
    elif how == "bare json":
        response = client.post(url, content=json.dumps(given).encode())
    elif how == "multipart":
        parts = {name: (None, value) for name, value in given.items()}
        response = client.post(url, files=parts, headers={"User-Agent": "privacyidea-nextcloud"})
    else:
        response = client.get(url, params=twice)
    asked(response)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"user": "alice"}, "ERR905: Missing parameter: pass"),
        ({"pass": "x"}, "ERR905: You need to specify a serial, user or credential_id."),
        ({"user": "alice", "pass": "a\x00b"}, "ERR905: The parameter pass cannot be read."),
        ({"user": "alice", "pass": "x" * 1_025}, "ERR905: The parameter pass cannot be read."),
    ],
)
def test_what_is_missing_is_an_error_in_that_apis_way(
    plugin: Plugin, given: dict[str, str], message: str
) -> None:
    response = plugin.check(**given)
    assert response.status_code == 400
    content = response.json()
    assert content["result"] == {"status": False, "error": {"code": 905, "message": message}}
    assert content["detail"] is None
    assert content["id"] == 1


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"user":{}}', b'{"user":"a","pass":[1]}', b"\xff", b"[" * 5_000]
)
def test_a_body_that_cannot_be_read_is_an_error_too(api: Api, card: Card, body: bytes) -> None:
    for kind in ("application/json", "", "application/x-www-form-urlencoded",
                 "multipart/form-data; boundary=x", "multipart/form-data"):  # fmt: skip
        response = api.client.post(
            "/validate/check", content=body, headers={"Content-Type": kind} if kind else {}
        )
        assert response.status_code == 400, (kind, response.text)
        assert response.json()["result"]["error"]["code"] == 905


def test_half_a_character_is_no_password(api: Api, card: Card) -> None:
    body = b'{"user":"alice","pass":"\\ud800"}'
    response = api.client.post("/validate/check", content=body)
    assert response.status_code == 400


# --- the other names of the call


def test_radiuscheck_answers_by_status_alone(plugin: Plugin, api: Api, card: Card) -> None:
    def call(**given: str) -> Any:
        return api.client.post("/validate/radiuscheck", data=given)

    transaction, response = shows(card, plugin.password())
    right = {"user": "alice", "pass": response, "transaction_id": transaction}
    assert (call(**right).status_code, call(**right).status_code) == (204, 400)
    for given in ({}, {"user": "alice", "pass": PASSWORD}, {"user": "alice", "pass": "x"}):
        refused = call(**given)
        assert (refused.status_code, refused.content) == (400, b"")


def test_samlcheck_tells_who_it_is(plugin: Plugin, api: Api, card: Card) -> None:
    transaction, response = shows(card, plugin.password())
    given = {"user": "alice", "pass": response, "transaction_id": transaction}
    result = api.client.post("/validate/samlcheck", data=given).json()["result"]
    assert result["value"]["auth"] is True
    assert result["value"]["attributes"]["username"] == "alice"
    result = api.client.post("/validate/samlcheck", data=given).json()["result"]
    assert result["value"] == {"auth": False, "attributes": {}}


def test_what_is_not_offered_says_so(api: Api) -> None:
    offline = api.client.post("/validate/offlinerefill", data={"serial": "x"})
    assert offline.status_code == 400
    assert offline.json()["result"]["error"]["code"] == 905
    other = api.client.post("/validate/initialize", data={"type": "passkey"})
    assert other.status_code == 501
    assert other.json()["result"]["status"] is False


# --- the brake


def test_guessing_is_slowed_here_as_at_our_own_login(
    plugin: Plugin, card: Card, clock: ToldClock
) -> None:
    for _ in range(12):
        plugin.password(password="guess")
    assert sum(clock.slept) >= 3


def test_an_application_says_where_its_user_comes_from(
    verifier: Verifier, api: Api, card: Card, clock: ToldClock
) -> None:
    token = add_application(verifier, "vpn", May.VALIDATE)
    headers = {"PI-Authorization": token}

    def call(client: str, password: str) -> Any:
        given = {"user": "alice", "pass": password, "client": client}
        return api.client.post("/validate/check", data=given, headers=headers)

    for _ in range(12):
        call("192.0.2.1", "guess")
    slept = list(clock.slept)
    asked(call("192.0.2.2", PASSWORD))
    assert clock.slept == slept  # the flood is the other address's
    asked(call("02-00-00-00-00-01", PASSWORD))  # what is no address says nothing


def test_the_pin_is_part_of_it(plugin: Plugin, card: Card) -> None:
    transaction, challenge = asked(plugin.password())
    assert PIN != "9518"
    assert not is_accepted(plugin.answer(transaction, card.shows(challenge, "9518")))
