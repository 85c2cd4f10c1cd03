"""Cards put here over the API: pending until confirmed, and taken away for good."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db import tables
from server.errors import UserRefused
from server.provisioning import provisioners
from server.verifier import Verifier

from .support import PIN, Api, Card, ToldClock

CARDS = "/api/v1/provisioning/cards"


def credential(verifier: Verifier, name: str = "desk") -> str:
    token = provisioners.new_token()
    with verifier.database.writing() as connection:
        provisioners.add(connection, name, token, verifier.clock.now())
    return token


class Desk:
    """Somebody with a provisioning credential."""

    def __init__(self, api: Api, token: str) -> None:
        self.client = api.client
        self.headers = {"Authorization": f"Bearer {token}"}

    def body(self, card: Card, **other: Any) -> dict[str, Any]:
        record = card.record()
        return {
            "key_id": record.key_id,
            "suite": record.suite,
            "key": base64.b64encode(record.key).decode(),
            "counter": record.counter,
            "issuer": record.issuer,
            "challenge_length": record.challenge_length,
            "user": "alice",
            "pin": PIN,
        } | other

    def put(self, card: Card, **other: Any) -> Any:
        return self.client.put(
            f"{CARDS}/{card.serial}", json=self.body(card, **other), headers=self.headers
        )

    def confirm(self, card: Card, key_id: str | None = None) -> Any:
        body = {"key_id": key_id or card.record().key_id}
        return self.client.post(f"{CARDS}/{card.serial}/confirm", json=body, headers=self.headers)

    def delete(self, card: Card, **query: str) -> Any:
        return self.client.delete(f"{CARDS}/{card.serial}", params=query, headers=self.headers)


@pytest.fixture
def desk(api: Api, verifier: Verifier) -> Desk:
    return Desk(api, credential(verifier))


def events(verifier: Verifier) -> list[tuple[str, str, str | None]]:
    log = tables.audit_log
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(log.c.event, log.c.actor, log.c.subject).order_by(log.c.seq)
        )
        return [(r.event, r.actor, r.subject) for r in rows]


def sealed(verifier: Verifier) -> list[tuple[str, Any, Any]]:
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(tables.devices.c.state, tables.cards.c.key_sealed, tables.cards.c.pin_sealed)
            .join(tables.cards, tables.cards.c.device_id == tables.devices.c.id)
            .order_by(tables.devices.c.id)
        )
        return [(r.state, r.key_sealed, r.pin_sealed) for r in rows]


def logs_in(api: Api, card: Card) -> int:
    login, challenge = api.login()
    return int(api.answer(login, card.shows(challenge)).status_code)


# --- prepare and confirm


def test_a_card_is_pending_until_it_is_confirmed(api: Api, desk: Desk) -> None:
    card = Card()
    put = desk.put(card)
    assert (put.status_code, put.json()["state"]) == (201, "pending")
    assert api.password().json()["access"] == "portal_only"  # no card is offered yet
    confirmed = desk.confirm(card)
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "active")
    assert logs_in(api, card) == 200


def test_a_pending_card_beside_an_active_one_is_never_offered_and_never_chosen(
    api: Api, desk: Desk, card: Card
) -> None:
    new = Card(number=2, key=b"n" * 32)
    desk.put(new)
    begun = api.password().json()
    assert [each["id"] for each in begun["factors"]] == ["card"]
    chosen = api.client.post(f"/api/v1/login/{begun['login']}/factor", json={"factor": "card-2"})
    assert chosen.status_code == 404
    desk.confirm(new)
    assert len(api.password().json()["factors"]) == 2


def test_every_call_may_be_made_twice(api: Api, desk: Desk) -> None:
    card = Card()
    assert [desk.put(card).status_code for _ in range(2)] == [201, 200]
    assert [desk.confirm(card).status_code for _ in range(2)] == [200, 200]
    assert logs_in(api, card) == 200
    again = desk.put(Card())  # the same record, of a card whose counter has moved on
    assert (again.status_code, again.json()["state"]) == (200, "active")
    assert logs_in(api, card) == 200


def test_another_record_takes_the_place_of_a_pending_one_and_not_of_an_active_one(
    api: Api, desk: Desk, verifier: Verifier
) -> None:
    old, new = Card(), Card(key=b"n" * 32)
    desk.put(old)
    assert desk.put(new, key_id="new").status_code == 201
    assert desk.confirm(old).status_code == 409
    assert desk.confirm(new, "new").status_code == 200
    refused = desk.put(old)
    assert refused.status_code == 409
    assert "revoke it first" in refused.json()["detail"]
    assert len(sealed(verifier)) == 1
    assert logs_in(api, new) == 200


def test_an_unknown_user_is_told_as_such(desk: Desk, verifier: Verifier) -> None:
    refused = desk.put(Card(), user="bob")
    assert refused.status_code == 404
    assert "no user bob" in refused.json()["detail"]
    assert sealed(verifier) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": base64.b64encode(b"k" * 31).decode()}, "32 bytes"),
        ({"key": "not base64!"}, "base64"),
        ({"suite": "OCRA-1:HOTP-SHA256-8:QN06-PSHA256"}, "no counter"),
        ({"challenge_length": 8}, "6 digits"),
        ({"pin": "1234"}, "PIN"),
        ({"pin": "73o5"}, "4 digits"),
        ({"user": "al ice"}, "user name"),
        ({"counter": -1}, "whole number"),
        ({"counter": "0"}, "whole number"),
        ({"counter": True}, "whole number"),
        ({"key_id": ""}, "too short"),
        ({"issuer": "a\nb"}, "characters"),
        ({"state": "active"}, "not known"),
    ],
)
def test_a_record_that_cannot_be_used_is_refused_and_not_repeated(
    desk: Desk, verifier: Verifier, wrong: dict[str, Any], said: str
) -> None:
    refused = desk.put(Card(), **wrong)
    assert refused.status_code == 422
    assert said in refused.json()["detail"]
    assert refused.json()["detail"].endswith(".")
    for secret in (desk.body(Card())["key"], PIN, wrong.get("key"), wrong.get("pin")):
        assert not secret or secret not in refused.text
    assert sealed(verifier) == []


@pytest.mark.parametrize("address", ["CH00000001", "card", "CH0000001", "%00", "CH00000018x"])
def test_a_serial_that_is_none_is_refused(desk: Desk, address: str) -> None:
    body = desk.body(Card())
    found = desk.client.put(f"{CARDS}/{address}", json=body, headers=desk.headers)
    assert found.status_code == 422
    assert "check digit" in found.json()["detail"]


def test_a_bodys_own_print_holds_no_secret() -> None:
    from server.api.provisioning import RecordBody

    body = RecordBody(
        key_id="k",
        suite="s",
        key="c2VjcmV0",  # type: ignore[arg-type]
        counter=0,
        issuer="i",
        challenge_length=6,
        user="alice",
        pin=PIN,  # type: ignore[arg-type]
    )
    assert PIN not in repr(body)
    assert "c2VjcmV0" not in f"{body!r}{body}"


# --- taking away


def test_a_pending_card_is_abandoned_as_if_it_had_never_been(
    desk: Desk, verifier: Verifier
) -> None:
    card = Card()
    desk.put(card)
    assert desk.delete(card, key_id="another", only="pending").status_code == 409
    assert desk.delete(card, key_id=card.record().key_id, only="pending").json()["was"] == "pending"
    assert sealed(verifier) == []
    assert desk.delete(card).status_code == 404
    assert desk.confirm(card).status_code == 404
    assert desk.put(card).status_code == 201


def test_abandoning_never_takes_an_active_card_away(api: Api, desk: Desk) -> None:
    card = Card()
    desk.put(card)
    desk.confirm(card)
    assert desk.delete(card, only="pending").status_code == 409
    assert desk.delete(card, only="everything").status_code == 422
    assert logs_in(api, card) == 200


def test_a_revoked_card_has_no_key_no_session_and_no_open_login(
    api: Api, desk: Desk, verifier: Verifier
) -> None:
    card = Card()
    desk.put(card)
    desk.confirm(card)
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    begun, challenge = api.login()
    assert desk.delete(card).json()["was"] == "active"
    assert api.session(token).status_code == 401
    with verifier.database.reading() as connection:
        assert connection.execute(select(tables.sessions)).all() == []
    assert api.answer(begun, card.shows(challenge)).status_code == 409
    refused = api.password()
    assert refused.status_code == 403, "a password alone is too little for who had a device"
    assert refused.json()["type"] == "urn:challng:problem:no-usable-device"
    assert sealed(verifier) == [("revoked", None, None)]


def test_other_sessions_and_logins_of_the_user_go_on(api: Api, desk: Desk, card: Card) -> None:
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    new = Card(number=2, key=b"n" * 32)
    desk.put(new)
    desk.confirm(new)
    login, challenge = api.login()  # of the card used last: the first one
    desk.delete(new)
    assert api.session(token).status_code == 200
    assert api.answer(login, card.shows(challenge)).status_code == 200


def test_a_revoked_serial_takes_a_new_key_and_never_the_old_one(
    api: Api, desk: Desk, verifier: Verifier
) -> None:
    old, new = Card(), Card(key=b"n" * 32)
    desk.put(old)
    desk.confirm(old)
    desk.delete(old)
    refused = desk.put(old)
    assert refused.status_code == 409
    assert "does not come back" in refused.json()["detail"]
    assert desk.put(new, key_id="new").status_code == 201
    assert desk.confirm(new, "new").status_code == 200
    assert [state for state, _, _ in sealed(verifier)] == ["revoked", "active"]
    assert api.password().json()["factor"] == "card"  # the owner's name for it is free again
    assert logs_in(api, new) == 200


# --- what a credential opens, and what opens these calls


def test_a_credential_touches_only_what_it_put_here(
    api: Api, desk: Desk, card: Card, verifier: Verifier
) -> None:
    other = Desk(api, credential(verifier, "other"))
    mine = Card(number=2, key=b"n" * 32)
    desk.put(mine)
    for call in (other.put, other.confirm, other.delete):
        refused = call(mine)
        assert refused.status_code == 409
        assert "not put here by this credential" in refused.json()["detail"]
    for call in (desk.confirm, desk.delete):  # the operator imported it
        assert call(card).status_code == 409
    assert logs_in(api, card) == 200


def test_a_credential_opens_nothing_else_and_a_session_opens_nothing_here(
    api: Api, desk: Desk, card: Card
) -> None:
    login, challenge = api.login()
    session = api.answer(login, card.shows(challenge)).json()["session"]
    assert api.session(desk.headers["Authorization"].removeprefix("Bearer ")).status_code == 401
    stranger = Desk(api, session)
    new = Card(number=2)
    for refused in (stranger.put(new), stranger.confirm(new), stranger.delete(new)):
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    for header in ("", "Basic x", "Bearer", "Bearer ", "Bearer chp_é", "Bearer \x00"):
        found = api.client.put(
            f"{CARDS}/{new.serial}", json={}, headers={"Authorization": header.encode("latin-1")}
        )
        assert found.status_code == 401, header  # and not 422: the body was not looked at


def test_a_revoked_credential_opens_nothing_and_its_cards_stay(
    api: Api, desk: Desk, verifier: Verifier
) -> None:
    card = Card()
    desk.put(card)
    desk.confirm(card)
    with verifier.database.writing() as connection:
        assert provisioners.revoke(connection, "desk", verifier.clock.now())
        assert not provisioners.revoke(connection, "desk", verifier.clock.now())
        with pytest.raises(UserRefused, match="another name"):
            provisioners.add(connection, "desk", provisioners.new_token(), verifier.clock.now())
    assert desk.delete(card).status_code == 401
    assert logs_in(api, card) == 200


def test_wrong_tokens_are_slowed_down_and_written_down(
    api: Api, desk: Desk, verifier: Verifier, clock: ToldClock
) -> None:
    stranger = Desk(api, provisioners.new_token())
    card = Card()
    assert [stranger.put(card).status_code for _ in range(10)] == [401] * 10
    assert clock.slept == []
    assert stranger.put(card).status_code == 401
    assert stranger.put(card).status_code == 401
    assert clock.slept == [1.0, 2.0]
    refused = [event for event in events(verifier) if event[0] == "provisioner.refused"]
    assert len(refused) == 12
    assert desk.put(card).status_code == 201  # it waits, and is let in


def test_a_credential_revoked_while_it_calls_does_nothing(
    desk: Desk, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = verifier.credentials.check

    async def then_revoked(header: str, address: str) -> Any:
        found = await check(header, address)
        with verifier.database.writing() as connection:
            provisioners.revoke(connection, "desk", verifier.clock.now())
        return found

    monkeypatch.setattr(verifier.credentials, "check", then_revoked)
    assert desk.put(Card()).status_code == 401
    assert sealed(verifier) == []


# --- what is written down


def test_every_step_stands_in_the_audit_log_and_no_secret(
    api: Api, desk: Desk, verifier: Verifier, tmp_path: Path
) -> None:
    card, new = Card(), Card(number=2, key=b"n" * 32)
    desk.put(card)
    desk.confirm(card)
    desk.confirm(card)  # changes nothing, and is not written down again
    desk.put(new)
    desk.delete(new)
    desk.delete(card)
    by = "provisioner:desk"
    assert [event for event in events(verifier) if event[1] == by] == [
        ("card.prepared", by, card.serial),
        ("card.confirmed", by, card.serial),
        ("card.prepared", by, new.serial),
        ("card.abandoned", by, new.serial),
        ("card.revoked", by, card.serial),
    ]
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None
    token = desk.headers["Authorization"].removeprefix("Bearer ").encode()
    for path in (tmp_path / "data").iterdir():
        content = path.read_bytes()
        for secret in (token, card.key, new.key, desk.body(card)["key"].encode()):
            assert secret not in content, path.name


def test_requests_are_logged_without_serial_key_pin_or_token(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    card = Card()
    desk.put(card)
    desk.delete(card, key_id=card.record().key_id)
    logged = "".join(capfd.readouterr())
    for secret in (desk.headers["Authorization"][7:], desk.body(card)["key"], card.serial):
        assert secret not in logged
    assert not re.search(rf"\b{PIN}\b", logged)
