"""The life of a mobile key: moved, taken back, joined by another user's, suspended, deactivated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from server.accounts import users
from server.audit.events import Event
from server.db.tables import devices, mobile_keys, outbox
from server.errors import IllegalMove, NotAllowed
from server.factors.kinds import DeviceKind
from server.lifecycle import devices as life
from server.login.offers import choices
from server.notify.outbox import Notice
from server.states.device import DeviceState
from server.verifier import Verifier, open_verifier
from tests.phone import Key, Phone, b64url

from . import counter
from .browser import Browser
from .post import Hook, hook
from .registering import ON_RECORD, PIN, Run, events, make, put_on_record, register, start
from .support import Api, Card, ToldClock, add_card, add_user, wrong

KEY = "/api/v1/mobile/key"


@pytest.fixture
def gateway() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock, gateway: Hook) -> Iterator[Verifier]:
    made = make(tmp_path, clock, gateway)
    yield made
    made.close()


def log_in(verifier: Verifier, key: Key, pin: str = PIN) -> Any:
    api = Api(verifier)
    begun = api.password(key.user).json()
    if "login" not in begun:
        return begun
    return api.answer(begun["login"], key.shows(begun["prompt"]["challenge"], pin))


def own(verifier: Verifier, user: str = "alice") -> list[tuple[str, str]]:
    with verifier.database.reading() as connection:
        found = life.own(connection, users.get(connection, user).id, verifier.clock.now())
    return [(each.serial, each.state.value) for each in found]


def row(verifier: Verifier, key: Key) -> Any:
    with verifier.database.reading() as connection:
        return connection.execute(
            select(devices, mobile_keys)
            .join(mobile_keys, mobile_keys.c.device_id == devices.c.id)
            .where(devices.c.serial == key.serial)
        ).one()


def told(verifier: Verifier, notice: Notice) -> list[str]:
    with verifier.database.reading() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.notice == notice.value))
        return [each.values for each in rows]


# --- moved to another phone


def test_moving_to_a_new_phone_stops_the_old_one(verifier: Verifier, gateway: Hook) -> None:
    _, old = register(verifier, gateway)
    session = log_in(verifier, old).json()["session"]
    _, new = register(verifier, gateway, purpose="migrate", pin="Zx9w")
    assert own(verifier) == [(new.serial, "active")]
    assert log_in(verifier, new, "Zx9w").status_code == 200
    assert Api(verifier).session(session).status_code == 401
    (values,) = told(verifier, Notice.MOBILE_KEY_MOVED)
    assert old.serial in values
    assert len(events(verifier, Event.MOBILE_KEY_MOVED)) == 1


def test_what_the_old_phone_shows_is_worth_nothing_then(verifier: Verifier, gateway: Hook) -> None:
    _, old = register(verifier, gateway)
    api = Api(verifier)
    begun, challenge = api.login()
    register(verifier, gateway, purpose="migrate")
    assert api.answer(begun, old.shows(challenge, PIN)).status_code == 409
    login, challenge = api.login()
    assert api.answer(login, old.shows(challenge, PIN)).status_code == 401


def test_the_old_phone_works_until_the_new_one_is_done(verifier: Verifier, gateway: Hook) -> None:
    _, old = register(verifier, gateway)
    run = start(verifier, gateway)
    run.begin("migrate")
    run.prove()
    assert log_in(verifier, old).status_code == 200


def test_the_card_answers_in_place_of_an_sms(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    register(verifier, gateway)
    card = Card()
    add_card(verifier, card)
    run = start(verifier, gateway)
    assert run.begin("migrate").json()["card"] is True
    challenge = run.post("card").json()["challenge"]
    proved = run.post("card/answer", answer=card.shows(challenge))
    assert proved.status_code == 200, proved.text
    assert proved.json()["pin"] == "new"
    new = run.phone.finish(run.bearer, proved.json())
    assert log_in(verifier, new).status_code in {200, 401}  # the card may be asked first
    assert len(gateway.came) == 1


def test_without_sms_a_card_still_moves_the_key(
    tmp_path: Path, clock: ToldClock, verifier: Verifier, gateway: Hook
) -> None:
    register(verifier, gateway)
    card = Card()
    add_card(verifier, card)
    mute = open_verifier(verifier.settings.model_copy(update={"sms_url": None}), clock=clock)
    run = Run(Phone(Api(mute).client, clock), gateway)
    assert run.begin("migrate").status_code == 200
    assert run.number().status_code == 503
    challenge = run.post("card").json()["challenge"]
    assert run.post("card/answer", answer=card.shows(challenge)).status_code == 200
    mute.close()


def test_wrong_answers_of_the_card_count_to_its_lock(verifier: Verifier, gateway: Hook) -> None:
    register(verifier, gateway)
    card = Card()
    add_card(verifier, card)
    run = start(verifier, gateway)
    run.begin("migrate")
    for attempt in range(10):
        if attempt % 3 == 0:
            challenge = run.post("card").json()["challenge"]
        right = Card(counter=card.counter).shows(challenge)
        assert run.post("card/answer", answer=wrong(right)).status_code == 401
    assert run.post("card/answer", answer=right).status_code == 423
    assert run.post("card").status_code == 409
    assert len(events(verifier, Event.DEVICE_LOCKED)) == 1
    assert len(events(verifier, Event.PROOF_WRONG)) == 10


@pytest.mark.parametrize("purpose", ["register", "reenable"])
def test_the_card_stands_in_for_an_sms_only_when_the_key_is_moved(
    verifier: Verifier, gateway: Hook, purpose: str
) -> None:
    if purpose == "reenable":
        register(verifier, gateway)
    add_card(verifier, Card())
    run = start(verifier, gateway)
    assert run.begin(purpose).json()["card"] is False
    assert run.post("card").status_code == 409


def test_the_answer_of_a_card_is_good_for_its_own_registration(
    verifier: Verifier, gateway: Hook
) -> None:
    register(verifier, gateway)
    card = Card()
    add_card(verifier, card)
    run, other = start(verifier, gateway), start(verifier, gateway)
    run.begin("migrate")
    other.begin("migrate")
    challenge = run.post("card").json()["challenge"]
    answer = card.shows(challenge)
    assert other.post("card/answer", answer=answer).status_code == 404
    assert run.post("card/answer", answer=answer).status_code == 200
    assert run.post("card/answer", answer=answer).status_code == 409


def test_there_is_nothing_to_move_or_to_take_back_without_a_key_in_use(
    verifier: Verifier, gateway: Hook
) -> None:
    for purpose in ("migrate", "reenable"):
        assert start(verifier, gateway).begin(purpose).status_code == 409
    register(verifier, gateway)
    assert start(verifier, gateway).begin().status_code == 409


def test_two_phones_cannot_both_be_moved_to(verifier: Verifier, gateway: Hook) -> None:
    register(verifier, gateway)
    first, second = start(verifier, gateway), start(verifier, gateway)
    bodies = []
    for run in (first, second):
        run.begin("migrate")
        bodies.append(run.phone.element(run.bearer, run.prove())[0])
    assert first.element(bodies[0]).status_code == 200
    assert second.element(bodies[1]).status_code == 410
    assert len(own(verifier)) == 1


# --- taken back after a reinstall


def test_after_a_reinstall_the_recovery_pin_takes_the_key_back(
    verifier: Verifier, gateway: Hook
) -> None:
    _, old = register(verifier, gateway, element="webauthn", pin="Re45")
    run = start(verifier, gateway)
    run.begin("reenable")
    proved = run.prove()
    assert proved["pin"] == "existing"
    new = run.phone.finish(run.bearer, proved, "webauthn", "Re45")
    assert own(verifier) == [(new.serial, "active")]
    assert row(verifier, old).end_reason == "re-enabled"
    assert log_in(verifier, new).status_code == 200


def test_a_wrong_recovery_pin_counts_to_the_keys_lock(verifier: Verifier, gateway: Hook) -> None:
    _, old = register(verifier, gateway)
    run = start(verifier, gateway)
    run.begin("reenable")
    proved = run.prove()
    for _ in range(10):
        body, _key = run.phone.element(run.bearer, proved, pin="Xy77")
        answer = run.element(body)
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("pin-wrong")
    body, _key = run.phone.element(run.bearer, proved, pin=PIN)
    assert run.element(body).status_code == 423
    assert own(verifier) == [(old.serial, "active")]
    assert len(events(verifier, Event.MOBILE_KEY_PIN_WRONG)) == 10
    assert len(events(verifier, Event.DEVICE_LOCKED)) == 1


# --- beside another user


@pytest.fixture
def bob(verifier: Verifier) -> str:
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    return "bob"


def test_add_user_needs_the_pin_that_is_in_the_app(
    verifier: Verifier, gateway: Hook, bob: str
) -> None:
    phone, of_alice = register(verifier, gateway)
    run = start(verifier, gateway, bob, phone)
    run.begin(**phone.agree_beside(of_alice, bob))
    proved = run.prove()
    body, _ = phone.element(run.bearer, proved, pin="Xy77")
    assert run.element(body).status_code == 401
    assert row(verifier, of_alice).wrong_run == 1
    assert own(verifier, bob) == []
    phone.finish(run.bearer, proved)
    assert row(verifier, of_alice).wrong_run == 0
    assert len(own(verifier, bob)) == 1


@pytest.mark.parametrize(
    "how",
    [
        "user",
        "installation",
        "key",
        "own",
        "unknown",
        "ended",
        "moment",
        "old",
        "locked",
        "stopped",
    ],
)
def test_add_user_needs_the_signature_of_the_key_that_is_there(
    verifier: Verifier, gateway: Hook, bob: str, how: str, clock: ToldClock
) -> None:
    phone, of_alice = register(verifier, gateway)
    username, agreed = bob, phone.agree_beside(of_alice, bob)
    if how == "user":
        agreed = phone.agree_beside(of_alice, "carol")
    if how == "installation":
        phone = Phone(phone.client, phone.clock)
    if how == "key":
        agreed["beside_signature"] = b64url(bytes(64))
    if how == "own":
        username, agreed = "alice", phone.agree_beside(of_alice, "alice")
    if how == "unknown":
        agreed["beside"] = "MK00000000"
    if how == "moment":
        agreed["beside_at"] += 1
    if how == "old":
        clock.advance(91)
    if how in {"locked", "stopped"}:
        what = "devices" if how == "locked" else "users"
        with verifier.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE {what} SET locked_at = 1")
            connection.exec_driver_sql("UPDATE users SET locked_at = NULL WHERE name = 'bob'")
    if how == "ended":
        assert phone.sign(of_alice, "DELETE", KEY).status_code == 200
    purpose = "migrate" if how == "own" else "register"
    answer = start(verifier, gateway, username, phone).begin(purpose, **agreed)
    assert (answer.status_code, answer.json()["field"]) == (422, "beside")
    assert len(events(verifier, Event.REGISTRATION_REFUSED)) == 1


def test_a_key_beside_which_another_was_to_stand_may_have_ended(
    verifier: Verifier, gateway: Hook, bob: str
) -> None:
    phone, of_alice = register(verifier, gateway)
    run = start(verifier, gateway, bob, phone)
    run.begin(**phone.agree_beside(of_alice, bob))
    body, _ = phone.element(run.bearer, run.prove())
    phone.sign(of_alice, "DELETE", KEY)
    assert run.element(body).status_code == 409
    assert own(verifier, bob) == []


# --- the end


def is_empty(verifier: Verifier, key: Key) -> bool:
    found = row(verifier, key)
    secrets = (found.key_sealed, found.pin_sealed, found.push_sealed, found.credential_id)
    return found.state == "revoked" and not any(secrets) and found.credential_key is None


def test_the_app_deactivates_its_own_key(verifier: Verifier, gateway: Hook) -> None:
    phone, key = register(verifier, gateway, element="webauthn")
    session = log_in(verifier, key).json()["session"]
    answer = phone.sign(key, "DELETE", KEY)
    assert answer.json() == {"serial": key.serial, "done": "deactivated"}
    assert is_empty(verifier, key)
    assert Api(verifier).session(session).status_code == 401
    again = phone.sign(key, "DELETE", KEY)
    assert (again.status_code, again.json()["type"][-11:]) == (410, "key-revoked")
    assert len(told(verifier, Notice.MOBILE_KEY_DEACTIVATED)) == 1
    assert Api(verifier).password().json()["type"].endswith("no-usable-device")


def test_without_its_signature_nobody_deactivates_a_key(verifier: Verifier, gateway: Hook) -> None:
    phone, key = register(verifier, gateway)
    other = Key("MK00000000", "alice", "pin", key.suite, b"", key.sign_key, key.authenticator)
    assert phone.sign(other, "DELETE", KEY).status_code == 401
    assert phone.client.delete(KEY).status_code == 401
    header = key.header("POST", KEY, b"", phone.clock)
    assert phone.client.delete(KEY, headers=header).status_code == 401
    assert own(verifier) == [(key.serial, "active")]


def test_its_user_deactivates_it_in_the_portal(verifier: Verifier, gateway: Hook) -> None:
    _, key = register(verifier, gateway)
    card = Card()
    add_card(verifier, card)
    browser = Browser(verifier)
    browser.password()
    found = {each.kind: each.id for each in _choices(verifier)}
    if "Hold" not in browser.page.text:
        browser.send(f"{browser.page.url.path}/factor", factor=found[DeviceKind.CARD])
    browser.send(answer=card.shows(browser.challenge()))
    page = browser.get("/devices")
    assert f"{key.serial}" in page.text
    place = f"/devices/{row(verifier, key).id}/deactivate"
    assert place in page.text
    assert "It is your only device" not in browser.get(place).text
    page = browser.send(place)
    assert key.serial not in page.text
    assert is_empty(verifier, key)
    assert browser.get(place).status_code == 409


def _choices(verifier: Verifier) -> Any:
    with verifier.database.reading() as connection:
        user = users.get(connection, "alice")
        return choices(connection, user.id, verifier.clock.now())


def test_who_deactivates_his_only_device_is_warned(verifier: Verifier, gateway: Hook) -> None:
    _, key = register(verifier, gateway)
    token = log_in(verifier, key).json()["session"]
    session = verifier.sessions.find(token, verifier.clock.now())
    assert verifier.mobile_keys.show(session, row(verifier, key).id).serial == key.serial
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/devices/{row(verifier, key).id}/deactivate"
    client = Api(verifier).client
    assert client.post(path, headers=headers).status_code == 200
    assert client.post(path, headers=headers).status_code == 401  # its session ended with it


def test_a_card_and_anothers_key_are_not_deactivated_in_this_way(
    verifier: Verifier, gateway: Hook, bob: str
) -> None:
    _, of_bob = register(verifier, gateway, bob)
    card = Card()
    add_card(verifier, card)
    api = Api(verifier)
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    session = verifier.sessions.find(token, verifier.clock.now())
    with verifier.database.reading() as connection:
        own_card = life.own(connection, session.user_id, verifier.clock.now())[0].id
    headers = {"Authorization": f"Bearer {token}"}
    for device, status in ((own_card, 409), (row(verifier, of_bob).id, 404), ("x", 404)):
        path = f"/api/v1/devices/{device}/deactivate"
        assert api.client.post(path, headers=headers).status_code == status


def test_the_desk_suspends_a_lost_phone_and_its_passcode_takes_it_back(
    verifier: Verifier, gateway: Hook
) -> None:
    _, key = register(verifier, gateway)
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    verifier.desk.aid.suspend(clerk, "alice", row(verifier, key).id, "her bag was stolen")
    assert own(verifier) == [(key.serial, "suspended")]
    assert log_in(verifier, key)["type"].endswith("no-usable-device")
    card = Card()
    add_card(verifier, card)
    api = Api(verifier)
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    headers = {"Authorization": f"Bearer {token}"}
    place = f"/api/v1/devices/{row(verifier, key).id}/reactivate"
    asked = api.client.post(place, headers=headers).json()
    answer = {"answer": key.shows(asked["prompt"]["challenge"], PIN)}
    found = api.client.post(f"{place}/{asked['proof']}", json=answer, headers=headers)
    assert (found.status_code, found.json()["state"]) == (200, "active")


def test_a_suspended_phone_is_replaced_once_the_desk_has_deactivated_it(
    verifier: Verifier, gateway: Hook
) -> None:
    _, lost = register(verifier, gateway)
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    verifier.desk.aid.suspend(clerk, "alice", row(verifier, lost).id, "her bag was stolen")
    for purpose in ("register", "migrate", "reenable"):
        answer = start(verifier, gateway).begin(purpose)
        assert answer.status_code == 409
        assert "suspended" in answer.json()["detail"]
    assert own(verifier) == [(lost.serial, "suspended")]
    verifier.desk.aid.deactivate(clerk, "alice", row(verifier, lost).id, "it is gone for good")
    _, found = register(verifier, gateway)
    assert own(verifier) == [(found.serial, "active")]


def test_a_phone_that_is_suspended_meanwhile_stops_what_is_being_registered(
    verifier: Verifier, gateway: Hook
) -> None:
    _, lost = register(verifier, gateway)
    run = start(verifier, gateway)
    run.begin("migrate")
    body, _ = run.phone.element(run.bearer, run.prove())
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    verifier.desk.aid.suspend(clerk, "alice", row(verifier, lost).id, "her bag was stolen")
    assert run.element(body).status_code == 409
    assert own(verifier) == [(lost.serial, "suspended")]


def test_a_locked_key_is_ended_by_the_desk_alone(verifier: Verifier, gateway: Hook) -> None:
    phone, key = register(verifier, gateway)
    token = log_in(verifier, key).json()["session"]
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE devices SET locked_at = 1")
    assert phone.sign(key, "DELETE", KEY).status_code == 423
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/devices/{row(verifier, key).id}/deactivate"
    assert Api(verifier).client.post(path, headers=headers).status_code == 423
    assert own(verifier) == [(key.serial, "active")]
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    verifier.desk.aid.deactivate(clerk, "alice", row(verifier, key).id, "her bag was stolen")
    _, other = register(verifier, gateway)
    assert own(verifier) == [(other.serial, "active")]


def test_a_key_that_ended_locked_is_not_replaced(verifier: Verifier, gateway: Hook) -> None:
    register(verifier, gateway)
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE devices SET locked_at = 1, state = 'revoked'")
    assert start(verifier, gateway).begin().status_code == 423


def test_the_desk_deactivates_after_an_identity_check_and_says_why(
    verifier: Verifier, gateway: Hook
) -> None:
    _, key = register(verifier, gateway)
    clerk = counter.clerk(verifier)
    device = row(verifier, key).id
    with pytest.raises(IllegalMove, match="identity"):
        verifier.desk.aid.deactivate(clerk, "alice", device, "her bag was stolen")
    counter.check(verifier, clerk)
    verifier.desk.aid.deactivate(clerk, "alice", device, "her bag was stolen")
    assert is_empty(verifier, key)
    (ended,) = events(verifier, Event.DEVICE_ENDED)
    assert "her bag was stolen" in ended
    with pytest.raises(IllegalMove):
        verifier.desk.aid.deactivate(clerk, "alice", device, "her bag was stolen")


def test_the_desk_resets_no_pin_of_a_phone(verifier: Verifier, gateway: Hook) -> None:
    _, key = register(verifier, gateway)
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    with pytest.raises(IllegalMove, match="migrates it in the app"):
        verifier.desk.aid.reset_pin(clerk, "alice", row(verifier, key).id, "she forgot it")
    assert own(verifier) == [(key.serial, "active")]


def test_a_customer_has_no_desk(verifier: Verifier, gateway: Hook, bob: str) -> None:
    _, key = register(verifier, gateway)
    _, of_bob = register(verifier, gateway, bob)
    token = log_in(verifier, of_bob).json()["session"]
    session = verifier.sessions.find(token, verifier.clock.now())
    with pytest.raises(NotAllowed):
        verifier.desk.aid.deactivate(session, "alice", row(verifier, key).id, "because")


def test_a_user_has_one_active_phone_by_the_database_itself(
    verifier: Verifier, gateway: Hook
) -> None:
    _, first = register(verifier, gateway)
    register(verifier, gateway, purpose="migrate")
    with pytest.raises(IntegrityError), verifier.database.writing() as connection:
        connection.execute(
            update(devices)
            .where(devices.c.serial == first.serial)
            .values(state=DeviceState.ACTIVE.value)
        )


def test_without_a_public_address_a_key_that_is_there_opens_nothing(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    register(verifier, gateway)
    private = open_verifier(verifier.settings.model_copy(update={"public_url": None}), clock=clock)
    assert Api(private).password().json()["type"].endswith("no-usable-device")
    private.close()
