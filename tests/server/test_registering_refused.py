"""What is refused on the way to a mobile key: in clear words, written down, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.accounts import people, users
from server.accounts.roles import Role
from server.audit.events import Event
from server.cli import main
from server.db.tables import devices, mobile_keys, mobile_registrations, shares
from server.factors.kinds import DeviceKind
from server.lifecycle import accounts
from server.login.offers import choices
from server.states.share import ShareState
from server.verifier import Verifier
from tests.phone import REGISTRATIONS, Phone, b64url

from . import counter
from .people import ADDRESS, ALICE, add_account
from .post import Hook, hook
from .registering import (
    ON_RECORD,
    PIN,
    Run,
    events,
    make,
    on_record,
    put_on_record,
    register,
    start,
)
from .support import (
    PASSWORD,
    Api,
    Card,
    ToldClock,
    add_card,
    add_user,
    commands_find,
    make_verifier,
    wrong,
)


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
def run(verifier: Verifier, gateway: Hook) -> Run:
    """Alice has given her password."""
    made = start(verifier, gateway)
    assert made.begin().status_code == 200
    return made


def name(answer: Any) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


def keys(verifier: Verifier) -> int:
    with verifier.database.reading() as connection:
        return len(connection.execute(select(mobile_keys)).all())


def state(verifier: Verifier) -> str:
    with verifier.database.reading() as connection:
        return str(connection.execute(select(mobile_registrations.c.state)).scalar_one())


def refused(verifier: Verifier) -> int:
    return len(events(verifier, Event.REGISTRATION_REFUSED))


# --- the token


def test_a_wrong_token_is_counted_and_the_fifth_ends_the_registration(
    verifier: Verifier, run: Run
) -> None:
    run.number()
    right = run.token()
    for left in (4, 3, 2, 1, 0):
        answer = run.post("token", token=wrong(right))
        assert (answer.status_code, name(answer)) == (401, "token-wrong")
        assert answer.json()["tries_left"] == left
    over = run.post("token", token=right)
    assert (over.status_code, name(over)) == (410, "registration-over")
    assert state(verifier) == "ended"
    assert len(events(verifier, Event.REGISTRATION_WRONG)) == 5
    assert len(events(verifier, Event.REGISTRATION_ENDED)) == 1


def test_asking_for_another_token_gives_no_more_tries(run: Run, clock: ToldClock) -> None:
    run.number()
    right = run.token()
    for _ in range(4):
        run.post("token", token=wrong(right))
    clock.advance(30)
    run.post("again")
    assert run.post("token", token=wrong(run.token())).json()["tries_left"] == 0
    assert run.post("again").status_code == 410


def test_a_token_expires_after_ten_minutes_and_is_not_counted(
    verifier: Verifier, run: Run, clock: ToldClock
) -> None:
    run.number()
    token = run.token()
    clock.advance(600)
    answer = run.post("token", token=token)
    assert (answer.status_code, name(answer)) == (410, "token-expired")
    assert refused(verifier) == 1
    run.post("again")
    assert run.post("token", token=run.token()).status_code == 200


def test_a_token_is_right_until_the_last_moment(run: Run, clock: ToldClock) -> None:
    run.number()
    clock.advance(599)
    assert run.post("token", token=run.token()).status_code == 200


def test_a_token_is_good_once(verifier: Verifier, run: Run) -> None:
    run.number()
    token = run.token()
    assert run.post("token", token=token).status_code == 200
    again = run.post("token", token=token)
    assert (again.status_code, name(again)) == (409, "illegal-move")
    assert state(verifier) == "proved"
    assert refused(verifier) == 1


def test_the_token_of_another_registration_is_wrong(
    verifier: Verifier, gateway: Hook, run: Run
) -> None:
    run.number()
    token = run.token()
    other = start(verifier, gateway)
    other.begin()
    other.number()
    assert other.token() != token
    assert other.post("token", token=token).status_code == 401
    assert run.post("token", token=token).status_code == 200


@pytest.mark.parametrize(
    "token", ["12345", "1234567", "12 456", "abcdef", "１２３４５６", "", 123456]
)
def test_what_cannot_be_a_token_is_malformed_and_not_counted(
    verifier: Verifier, run: Run, token: object
) -> None:
    run.number()
    assert run.post("token", token=token).status_code == 422
    assert run.post("token", token=run.token()).status_code == 200


def test_half_an_hour_after_the_password_a_registration_is_over(
    run: Run, clock: ToldClock, verifier: Verifier
) -> None:
    proved = run.prove()
    body, _ = run.phone.element(run.bearer, proved)
    clock.advance(1_800)
    assert run.element(body).status_code == 410
    assert keys(verifier) == 0


def test_what_has_expired_is_wiped_when_anybody_begins_another(
    verifier: Verifier, gateway: Hook, run: Run, clock: ToldClock
) -> None:
    put_on_record(verifier, None)
    run.number(country="AU", digits="491570156")
    run.post("token", token=run.token())
    clock.advance(1_860)
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    start(verifier, gateway, "bob").begin()
    with verifier.database.reading() as connection:
        first = connection.execute(select(mobile_registrations)).first()
    assert first is not None
    assert first.state == "ended"
    assert (first.number_sealed, first.exchange_sealed, first.challenge) == (None, None, None)


def test_the_latest_three_of_a_user_stay_open(verifier: Verifier, gateway: Hook) -> None:
    runs = [start(verifier, gateway) for _ in range(4)]
    for each in runs:
        assert each.begin().status_code == 200
    assert runs[0].number().status_code == 410
    with verifier.database.reading() as connection:
        rows = select(mobile_registrations.c.state).order_by(mobile_registrations.c.id)
        states = connection.execute(rows).scalars().all()
    assert states == ["ended", "begun", "begun", "begun"]


# --- floods


def test_messages_come_no_quicker_than_the_pauses_and_no_more_than_four(
    verifier: Verifier, gateway: Hook, run: Run, clock: ToldClock
) -> None:
    assert run.post("again").status_code == 409  # none was sent yet
    assert run.number().json()["again_in"] == 30
    for pause, following in ((30, 60), (60, 120), (120, None)):
        for call in (run.number, lambda: run.post("again")):
            early = call()
            assert (early.status_code, name(early)) == (429, "too-soon")
            assert early.headers["Retry-After"] == str(pause)
        clock.advance(pause - 1)
        assert run.post("again").headers["Retry-After"] == "1"
        clock.advance(1)
        assert run.post("again").json()["again_in"] == following
    clock.advance(600)
    assert run.post("again").status_code == 409
    assert run.number().status_code == 409
    assert len({run.token() for _ in range(4)}) == 4
    assert len(gateway.came) == 4
    assert len(events(verifier, Event.REGISTRATION_SENT)) == 4


def test_no_more_than_six_go_to_one_user_in_a_day_however_often_he_begins(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    first_at = clock.now()
    for _ in range(6):
        each = start(verifier, gateway)
        each.begin()
        assert each.number().status_code == 200
        clock.advance(60)
    each = start(verifier, gateway)
    each.begin()
    answer = each.number()
    assert (answer.status_code, name(answer)) == (429, "too-soon")
    assert int(answer.headers["Retry-After"]) == 86_400 - 360
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    of_bob = start(verifier, gateway, "bob")
    of_bob.begin()
    assert of_bob.number().status_code == 200
    clock.advance(86_400 - (clock.now() - first_at).total_seconds())
    later = start(verifier, gateway)
    later.begin()
    assert later.number().status_code == 200


# --- a number of one's own choosing


def test_who_never_had_a_device_may_give_another_number_than_the_one_on_record(
    verifier: Verifier, run: Run
) -> None:
    assert run.begun["may_add_number"] is True
    assert run.number(country="AU", digits="491570156").status_code == 200
    assert on_record(verifier) == ON_RECORD
    proved = run.post("token", token=run.token()).json()
    body, _ = run.phone.element(run.bearer, proved)
    assert run.element(body).status_code == 200
    assert on_record(verifier) == "+61491570156"


@pytest.mark.parametrize("recorded", [ON_RECORD, None])
def test_who_had_a_device_adds_no_number_of_his_own(
    verifier: Verifier, gateway: Hook, run: Run, recorded: str | None
) -> None:
    put_on_record(verifier, recorded)
    add_card(verifier, Card())
    answer = run.number(country="AU", digits="491570156")
    assert (answer.status_code, name(answer)) == (403, "number-not-on-record")
    assert gateway.came == []


def test_a_device_that_came_meanwhile_leaves_his_own_number_worthless(
    verifier: Verifier, run: Run
) -> None:
    run.number(country="AU", digits="491570156")
    proved = run.post("token", token=run.token()).json()
    body, _ = run.phone.element(run.bearer, proved)
    add_card(verifier, Card())
    answer = run.element(body)
    assert (answer.status_code, name(answer)) == (403, "number-not-on-record")
    assert (keys(verifier), on_record(verifier)) == (0, ON_RECORD)


def test_who_had_a_device_and_has_no_number_on_record_is_sent_to_the_desk(
    verifier: Verifier, gateway: Hook
) -> None:
    add_card(verifier, Card())
    put_on_record(verifier, None)
    answer = start(verifier, gateway).begin()
    assert (answer.status_code, name(answer)) == (403, "number-not-on-record")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "other"},
        {"number": "record", "country": "AU", "digits": "491570156"},
        {"country": "AU"},
        {"digits": "491570156"},
        {"country": "au", "digits": "491570156"},
        {"country": "AU", "digits": "0491570156"},
        {"country": "AU", "digits": 491570156},
        {"number": "record", "more": "1"},
    ],
)
def test_what_is_no_number_is_refused_before_anything_is_sent(
    gateway: Hook, run: Run, body: dict[str, object]
) -> None:
    answer = run.phone.post(f"{REGISTRATIONS}/number", body, run.bearer)
    assert answer.status_code == 422
    assert gateway.came == []


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


# --- steps out of their order


@pytest.mark.parametrize("at", ["begun", "sent", "proved", "done"])
def test_a_step_out_of_its_order_changes_nothing(verifier: Verifier, run: Run, at: str) -> None:
    proved, body = None, None
    if at != "begun":
        run.number()
        token = run.token()
    if at in {"proved", "done"}:
        proved = run.post("token", token=token).json()
        body, _ = run.phone.element(run.bearer, proved)
    if at == "done":
        assert body
        assert run.element(body).status_code == 200
    wrongly: dict[str, Callable[[], Any]] = {
        "again": lambda: run.post("again"),
        "number": run.number,
        "token": lambda: run.post("token", token="000000"),
        "card": lambda: run.post("card"),
        "answer": lambda: run.post("card/answer", answer="12345678"),
    }
    if at in {"begun", "sent"}:
        point = b64url(bytes(65))
        body = {"element": "pin", "exchange": point, "sign_key": point, "pin": b64url(bytes(32))}
        wrongly["element"] = lambda: run.element(body or {})
        if at == "sent":
            del wrongly["token"], wrongly["number"], wrongly["again"]
        else:
            del wrongly["number"]
    for call, send in wrongly.items():
        assert send().status_code in {404, 409, 429}, call
    assert state(verifier) == at


# --- the security element


@pytest.mark.parametrize(
    "pin",
    [
        "123",
        "1234567",
        "k7Q 2",
        "k7Qé2",
        "1234",
        "4321",
        "aaaa",
        "abcd",
        "qwerty",
        "PASS",
        "123123",
    ],
)
def test_a_pin_by_the_guidelines_alone_is_taken(verifier: Verifier, run: Run, pin: str) -> None:
    proved = run.prove()
    body, _ = run.phone.element(run.bearer, proved, pin=pin.encode().decode("latin-1"))
    answer = run.element(body)
    assert (answer.status_code, answer.json().get("field")) == (422, "pin")
    assert pin not in answer.json()["detail"].replace("4 to 6", "")
    run.phone.finish(run.bearer, proved)  # another is taken then
    assert keys(verifier) == 1


@pytest.mark.parametrize("pin", ["1980", "2902", "290280", "12025", "spring", "MAIN", "X1234"])
def test_a_pin_that_is_known_of_its_owner_is_not(verifier: Verifier, run: Run, pin: str) -> None:
    add_account(verifier, "U1", ALICE, "alice")
    with verifier.database.writing() as connection:
        contact = people.Contact(phone=ON_RECORD, address=people.Address(**ADDRESS))
        user = users.get(connection, "alice")
        people.set_contact(connection, verifier.keyring, user.id, contact)
    body, _ = run.phone.element(run.bearer, run.prove(), pin=pin)
    assert run.element(body).json()["field"] == "pin"
    assert keys(verifier) == 0
    assert len(events(verifier, Event.PIN_UNFIT)) == 1


@pytest.mark.parametrize("field", ["exchange", "sign_key", "pin"])
def test_keys_that_do_not_fit_are_refused(verifier: Verifier, run: Run, field: str) -> None:
    body, _ = run.phone.element(run.bearer, run.prove())
    raw = bytearray(64 if field == "pin" else 65)
    raw[0] = 4
    answer = run.element(body | {field: b64url(bytes(raw[:40] if field == "pin" else raw))})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert keys(verifier) == 0
    assert refused(verifier) == 1


def test_a_body_of_another_registration_does_not_open(
    verifier: Verifier, gateway: Hook, run: Run
) -> None:
    body, _ = run.phone.element(run.bearer, run.prove())
    other = start(verifier, gateway)
    other.begin()
    other.prove()
    replayed = other.element(body)
    assert (replayed.status_code, replayed.json()["field"]) == (422, "pin")
    assert keys(verifier) == 0


def test_a_second_phone_with_the_same_registration_is_refused(verifier: Verifier, run: Run) -> None:
    proved = run.prove()
    run.phone.finish(run.bearer, proved)
    body, _ = run.phone.element(run.bearer, proved)
    answer = run.element(body)
    assert (answer.status_code, name(answer)) == (409, "illegal-move")
    assert keys(verifier) == 1


def test_done_ends_what_else_was_being_registered(
    verifier: Verifier, gateway: Hook, run: Run
) -> None:
    other = start(verifier, gateway)
    other.begin()
    body, _ = other.phone.element(other.bearer, other.prove())
    run.phone.finish(run.bearer, run.prove())
    assert other.element(body).status_code == 410
    assert keys(verifier) == 1


def test_a_locked_mobile_key_is_not_evaded_by_registering_anew(
    verifier: Verifier, gateway: Hook
) -> None:
    register(verifier, gateway)
    with verifier.database.writing() as connection:
        connection.exec_driver_sql("UPDATE devices SET locked_at = 1")
    for purpose in ("register", "migrate", "reenable"):
        assert start(verifier, gateway).begin(purpose).status_code == 423


@pytest.mark.parametrize("purpose", ["register", "migrate", "reenable"])
def test_who_uses_a_shared_device_registers_no_phone_beside_it(
    verifier: Verifier, gateway: Hook, purpose: str
) -> None:
    add_user(verifier, "bob")
    add_card(verifier, Card(), "bob")
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        device = connection.execute(select(devices.c.id)).scalar_one()
        connection.execute(
            insert(shares).values(
                device_id=device,
                user_id=users.get(connection, "alice").id,
                state=ShareState.ACTIVE.value,
                asked_at=now,
                submitted_at=now,
                decided_at=now,
            )
        )
    answer = start(verifier, gateway).begin(purpose)
    assert answer.status_code == 409
    assert "shared" in answer.json()["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "steal"},
        {"installation": "short"},
        {"installation": "!" * 22},
        {"phone": ""},
        {"phone": "a\u0000b"},
        {"phone": "x" * 65},
        {"beside": "MK12345678"},
        {"beside": "MK12345678", "beside_signature": "A" * 86},
        {"beside": "CH00000018", "beside_at": 1, "beside_signature": "A" * 86},
        {"beside": "MK12345678", "beside_at": 1, "beside_signature": "A" * 85},
        {"beside": "MK12345678", "beside_at": "1", "beside_signature": "A" * 86},
        {"more": 1},
    ],
)
def test_a_malformed_beginning_is_refused(
    verifier: Verifier, gateway: Hook, change: dict[str, object]
) -> None:
    phone = start(verifier, gateway).phone
    assert phone.begin("alice", PASSWORD, **change).status_code == 422


def test_the_desk_does_not_need_to_know_the_pin(verifier: Verifier, gateway: Hook) -> None:
    register(verifier, gateway)
    clerk = counter.clerk(verifier)
    counter.check(verifier, clerk)
    assert PIN not in str(verifier.desk.finding.sheet(clerk, "alice"))
