"""Who registers a phone: what is refused, in clear words, written down, nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts import users
from server.accounts.roles import Role
from server.audit.events import Event
from server.cli import main
from server.db.tables import mobile_registrations
from server.factors.kinds import DeviceKind
from server.lifecycle import accounts
from server.login.offers import choices
from server.verifier import Verifier
from tests.phone import REGISTRATIONS, Phone, b64url

from ..people import ALICE, add_account
from ..post import Hook
from ..support import (
    PASSWORD,
    Api,
    Card,
    ToldClock,
    add_card,
    add_user,
    commands_find,
    make_verifier,
)
from . import (
    ON_RECORD,
    Run,
    events,
    keys,
    name,
    put_on_record,
    refused,
    register,
    start,
    state,
)

# --- who


def test_a_wrong_password_is_slowed_and_refused_as_at_a_login(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    phone = start(verifier, gateway).phone
    for _ in range(10):
        answer = phone.begin("alice", "not hers")
        assert (answer.status_code, name(answer)) == (401, "password-refused")
    assert clock.slept == []
    phone.begin("alice", "not hers")
    assert clock.slept
    assert len(events(verifier, Event.PASSWORD_REFUSED)) == 11


def stranger(verifier: Verifier) -> None:
    with verifier.database.writing() as connection:
        users.set_locked(connection, users.get(connection, "alice"), verifier.clock.now())


def opted_out(verifier: Verifier) -> None:
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE users SET opted_out_at = 1")


def closed(verifier: Verifier) -> None:
    add_account(verifier, "U1", ALICE, "alice")
    with verifier.database.writing() as connection:
        accounts.close(
            connection, verifier.keyring, verifier.audit, "U1", verifier.clock.now(), "operator"
        )


def staff(verifier: Verifier) -> None:
    with verifier.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE users SET role = '{Role.SUPPORT.value}'")


@pytest.mark.parametrize(
    ("become", "status"),
    [(stranger, 401), (opted_out, 403), (closed, 403), (staff, 403)],
    ids=["locked", "opted out", "closed", "staff without a device"],
)
def test_who_may_not_register_is_refused_at_once(
    verifier: Verifier, gateway: Hook, become: Callable[[Verifier], None], status: int
) -> None:
    become(verifier)
    assert start(verifier, gateway).begin().status_code == status
    assert gateway.came == []
    assert refused(verifier) == (status == 403)


@pytest.mark.parametrize("become", [stranger, opted_out, closed, staff])
def test_who_may_not_any_more_is_refused_at_the_last_step_too(
    verifier: Verifier, run: Run, become: Callable[[Verifier], None]
) -> None:
    body, _ = run.phone.element(run.bearer, run.prove())
    become(verifier)
    assert run.element(body).status_code in {403, 410}
    assert keys(verifier) == 0


@pytest.mark.parametrize("purpose", ["register", "migrate", "reenable"])
def test_who_works_at_the_desk_proves_himself_by_his_card_alone(
    verifier: Verifier, gateway: Hook, purpose: str
) -> None:
    if purpose != "register":
        register(verifier, gateway)
    came = len(gateway.came)
    card = Card()
    add_card(verifier, card)
    staff(verifier)
    each = start(verifier, gateway)
    begun = each.begin(purpose).json()
    assert (begun["numbers"], begun["may_add_number"], begun["card"]) == ([], False, True)
    for refusal in (each.number(), each.number(country="AU", digits="491570156")):
        assert (refusal.status_code, name(refusal)) == (403, "number-not-on-record")
    assert len(gateway.came) == came
    challenge = each.post("card").json()["challenge"]
    proved = each.post("card/answer", answer=card.shows(challenge)).json()
    each.phone.finish(each.bearer, proved)
    with verifier.database.reading() as connection:
        usable = choices(connection, users.get(connection, "alice").id, verifier.clock.now())
    assert {each.kind for each in usable} == {DeviceKind.CARD, DeviceKind.MOBILE_KEY}


def test_who_works_at_the_desk_without_a_card_that_answers_registers_none(
    verifier: Verifier, gateway: Hook
) -> None:
    add_card(verifier, Card())
    staff(verifier)
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE devices SET locked_at = 1")
    answer = start(verifier, gateway).begin()
    assert answer.status_code == 403
    assert "card" in answer.json()["detail"]
    assert gateway.came == []


@pytest.mark.parametrize("command", ["passwd", "lock"])
def test_a_new_password_or_a_lock_ends_what_is_being_registered(
    verifier: Verifier,
    run: Run,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands_find(verifier, monkeypatch)
    body, _ = run.phone.element(run.bearer, run.prove())
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text("another long password\n")
    more = ["--password-file", str(secret)] if command == "passwd" else []
    assert main(["user", command, "alice", *more]) == 0
    if command == "lock":
        assert main(["user", "lock", "alice", "--unlock"]) == 0
    assert run.element(body).status_code == 410
    assert keys(verifier) == 0


def test_without_sms_it_is_said_that_there_are_none(tmp_path: Path, clock: ToldClock) -> None:
    verifier = make_verifier(tmp_path / "mute", clock, public_url="http://localhost")
    add_user(verifier)
    put_on_record(verifier, ON_RECORD)
    answer = Phone(Api(verifier).client, clock).begin("alice", PASSWORD)
    assert (answer.status_code, name(answer)) == (503, "no-sms")
    assert "No SMS can be sent from here" in answer.json()["detail"]
    verifier.close()


def test_without_a_public_address_there_is_no_such_call(tmp_path: Path, clock: ToldClock) -> None:
    verifier = make_verifier(tmp_path / "private", clock)
    add_user(verifier)
    client = Api(verifier).client
    assert Phone(client, clock).begin("alice", PASSWORD).status_code == 404
    for call in ("number", "again", "token", "card", "card/answer", "element"):
        assert client.post(f"{REGISTRATIONS}/{call}", json={}).status_code == 404
    assert client.delete("/api/v1/mobile/key").status_code == 404
    assert client.get("/mobile-key").status_code == 404
    verifier.close()


# --- somebody else's registration


@pytest.mark.parametrize("call", ["number", "again", "token", "card", "card/answer", "element"])
def test_without_its_token_a_registration_is_nobodys(
    verifier: Verifier, run: Run, call: str
) -> None:
    run.number()
    session = Api(verifier).password().json()["session"]
    bodies: dict[str, Any] = {
        "number": {"number": "record"},
        "token": {"token": run.token()},
        "card/answer": {"answer": "12345678"},
    }
    body = bodies.get(call, {})
    if call == "element":
        point = b64url(bytes(65))
        body = {"element": "pin", "exchange": point, "sign_key": point, "pin": b64url(bytes(32))}
    for bearer in ("", "x" * 43, session, run.bearer[:-1], run.bearer + "x", "é" * 43):
        headers = {"Authorization": f"Bearer {bearer}".encode()} if bearer else {}
        answer = run.phone.client.post(f"{REGISTRATIONS}/{call}", json=body, headers=headers)
        assert (answer.status_code, name(answer)) == (401, "no-registration")
    assert state(verifier) == "sent"


def test_the_bearer_token_is_not_stored(verifier: Verifier, run: Run) -> None:
    with verifier.database.reading() as connection:
        row = connection.execute(select(mobile_registrations)).one()
    assert run.bearer not in str(row)
    assert run.bearer.encode() not in [each for each in row if isinstance(each, bytes)]
