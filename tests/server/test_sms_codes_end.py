"""Codes by SMS end with the first permanent device, whoever or whatever put that into use."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from protocol import pskc
from server.accounts import users
from server.commands import cards as card_commands
from server.commands import upkeep
from server.db.tables import devices, shares
from server.errors import IllegalMove
from server.verifier import Verifier

from .desk_support import Caller as DeskCaller
from .people import ALICE, add_account, join
from .post import Hook, hook
from .registering import make
from .support import PASSWORD, PIN, Api, Card, ToldClock, add_card, add_user
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


@pytest.fixture
def alice(api: Api, gateway: Hook) -> Caller:
    caller = Caller(api, gateway)
    caller.turn_on()
    return caller


@pytest.fixture
def on_its_way(alice: Caller, verifier: Verifier, clock: ToldClock) -> Card:
    """A card that activates by itself in an hour."""
    card = Card()
    add_card(verifier, card)
    due = clock.now() + timedelta(hours=1)
    with verifier.database.writing() as connection:
        connection.execute(
            update(devices)
            .where(devices.c.serial == card.serial)
            .values(state="inactive", activated_at=None, auto_activates_at=due)
        )
    return card


def of_sms(verifier: Verifier) -> tuple[str, str | None]:
    with verifier.database.reading() as connection:
        row = connection.execute(select(devices).where(devices.c.kind == "sms_code")).one()
    return row.state, row.end_reason


def log_in_by_sms(alice: Caller) -> None:
    begun = alice.password()
    opened = alice.api.answer(begun["login"], alice.code())
    alice.token = opened.json()["session"]


def test_a_card_that_activates_by_itself_ends_them_at_that_moment(
    alice: Caller, on_its_way: Card, verifier: Verifier, clock: ToldClock
) -> None:
    clock.advance(3540)
    log_in_by_sms(alice)
    clock.advance(59)
    assert alice.api.session(alice.token).status_code == 200
    clock.advance(1)
    assert alice.api.session(alice.token).status_code == 401
    begun = alice.password()
    assert [each["kind"] for each in begun["factors"]] == ["card"]


def test_a_code_asked_for_before_that_moment_opens_nothing_after_it(
    alice: Caller, on_its_way: Card, clock: ToldClock
) -> None:
    clock.advance(3599)
    begun = alice.password()
    code = alice.code()
    clock.advance(1)
    assert alice.api.answer(begun["login"], code).status_code == 409


def test_they_do_not_come_back_when_that_card_is_suspended(
    alice: Caller, on_its_way: Card, verifier: Verifier, clock: ToldClock
) -> None:
    clock.advance(3600)
    with verifier.database.writing() as connection:
        connection.execute(
            update(devices)
            .where(devices.c.serial == on_its_way.serial)
            .values(state="suspended", activated_at=clock.now())
        )
    assert alice.password()["type"].endswith("no-usable-device")


def test_the_tick_ends_them_for_good(
    alice: Caller, on_its_way: Card, verifier: Verifier, clock: ToldClock
) -> None:
    clock.advance(3599)
    assert upkeep.tick(verifier, Namespace()) == 0
    assert of_sms(verifier) == ("active", None)
    clock.advance(1)
    assert upkeep.tick(verifier, Namespace()) == 0
    assert of_sms(verifier) == ("revoked", "restored")


def test_the_operators_import_of_a_card_ends_them(
    alice: Caller, verifier: Verifier, tmp_path: Path, clock: ToldClock
) -> None:
    clock.advance(60)
    log_in_by_sms(alice)
    files = {"card": tmp_path / "card", "phrase": tmp_path / "phrase", "pin": tmp_path / "pin"}
    files["card"].write_bytes(pskc.write([Card().record()], pskc.Passphrase("pass phrase")))
    files["phrase"].write_text("pass phrase\n")
    files["pin"].write_text(f"{PIN}\n")
    for each in files.values():
        each.chmod(0o600)
    given = Namespace(
        user="alice", serial=None, file=files["card"], passphrase_file=files["phrase"],
        key_file=None, pin_file=files["pin"],
    )  # fmt: skip
    assert card_commands.import_(verifier, given) == 0
    assert of_sms(verifier) == ("revoked", "restored")
    assert alice.api.session(alice.token).status_code == 401


def test_the_first_code_turns_nothing_on_once_a_share_was_approved_meanwhile(
    api: Api, gateway: Hook, verifier: Verifier, clock: ToldClock
) -> None:
    carol = Caller(api, gateway)
    carol.password()
    begun = carol.post("/api/v1/sms-code").json()
    code = carol.code()
    add_user(verifier, "bob")
    add_card(verifier, Card(), "bob")
    proofs = verifier.sms_codes
    session = verifier.sessions.find(carol.token, clock.now())  # as it stood a moment before
    with verifier.database.writing() as connection:
        connection.execute(
            insert(shares).values(
                device_id=connection.execute(
                    select(devices.c.id).where(devices.c.kind == "card")
                ).scalar_one(),
                user_id=users.get(connection, "alice").id,
                state="active",
                asked_at=clock.now(),
                decided_at=clock.now(),
            )
        )
    with pytest.raises(IllegalMove, match="whoever has no device yet"):
        proofs.answer(session, begun["proof"], code)
    assert of_sms(verifier) == ("inactive", None)


def test_they_do_not_stand_in_the_way_of_sharing_and_end_with_it(
    alice: Caller, verifier: Verifier, api: Api, clock: ToldClock
) -> None:
    add_user(verifier, "alice2")
    add_account(verifier, "U100", ALICE, "alice2")
    join(verifier, "U100", "alice")
    card = Card()
    add_card(verifier, card, "alice2")
    clock.advance(60)
    log_in_by_sms(alice)
    asker = DeskCaller(api, "alice", token=alice.token)
    asked = asker.post("/shares", {"username": "alice2", "password": PASSWORD})
    assert asked.status_code == 201, asked.text
    shown = card.shows(asked.json()["prompt"]["challenge"])
    proved = asker.post(f"/shares/proofs/{asked.json()['proof']}", {"answer": shown})
    done = asker.post(f"/shares/{proved.json()['id']}/submit")
    assert done.json()["state"] == "active"
    assert asker.get("/session").json()["device_kind"] == "card"
    assert of_sms(verifier) == ("revoked", "restored")


def test_they_are_no_device_that_is_shared(alice: Caller, verifier: Verifier, api: Api) -> None:
    add_user(verifier, "alice2")
    add_account(verifier, "U100", ALICE, "alice")
    join(verifier, "U100", "alice2")
    asker = DeskCaller(api, "alice2").log_in()
    refused = asker.post("/shares", {"username": "alice", "password": PASSWORD})
    assert refused.status_code == 422
    assert "no device in use that could be shared" in refused.json()["detail"]
