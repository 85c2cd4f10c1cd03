"""A login over RADIUS: by a real client, at a real port, with a card, a code card or a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread

import pytest
import structlog
from sqlalchemy import func, select, update

from server.accounts import groups, users
from server.audit.events import Event
from server.db.tables import brakes, devices, logins, radius_clients, sessions
from server.login.access import Access
from server.radius.clients import Rules
from server.verifier import Verifier
from tests.server.support import PASSWORD, Card, ToldClock, add_card, add_user, wrong

from .support import (
    ACCEPT,
    CHALLENGE,
    REJECT,
    Nas,
    add_client,
    digits_in,
    events,
    last_event,
    says,
    serving,
)


@pytest.fixture
def nas(verifier: Verifier) -> Iterator[Nas]:
    add_client(verifier)
    with serving(verifier) as (port, _, _):
        yield Nas(port)


def open_sessions(verifier: Verifier) -> int:
    with verifier.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(sessions)).scalar_one()


def test_password_then_the_cards_response_lets_in(nas: Nas, card: Card, verifier: Verifier) -> None:
    text, state = nas.challenge()
    assert text.endswith("Response: ")
    reply = nas.ask(password=card.shows(digits_in(text)), state=state)
    assert reply.code == ACCEPT
    assert last_event(verifier).event == Event.RADIUS_ACCEPTED
    assert json.loads(last_event(verifier).detail)["client"] == "vpn"


def test_the_session_of_a_login_does_not_linger(nas: Nas, card: Card, verifier: Verifier) -> None:
    text, state = nas.challenge()
    assert nas.ask(password=card.shows(digits_in(text)), state=state).code == ACCEPT
    assert open_sessions(verifier) == 0
    assert Event.LOGIN_ACCEPTED in events(verifier)


def test_a_challenge_says_how_long_it_lives_and_that_a_response_may_be_seen(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    reply = nas.ask()
    assert reply["Session-Timeout"] == [verifier.settings.challenge_seconds]
    assert reply["Prompt"] == ["Echo"]


def test_an_unknown_user_and_a_wrong_password_are_refused_alike(nas: Nas, card: Card) -> None:
    replies = [nas.ask("nobody"), nas.ask(password="not the password")]
    assert [reply.code for reply in replies] == [REJECT, REJECT]
    assert says(replies[0]) == says(replies[1])


def test_a_wrong_answer_may_be_given_again_until_no_try_is_left(nas: Nas, card: Card) -> None:
    text, state = nas.challenge()
    right = card.shows(digits_in(text))
    for left in ("2 more tries", "1 more try"):
        reply = nas.ask(password=wrong(right), state=state)
        assert reply.code == CHALLENGE
        assert left in says(reply)
        assert digits_in(says(reply)) == digits_in(text)
        state = reply[24][0]
    assert nas.ask(password=wrong(right), state=state).code == REJECT
    assert nas.ask(password=right, state=state).code == REJECT


def test_an_answer_accepted_once_is_never_accepted_again(nas: Nas, card: Card) -> None:
    text, state = nas.challenge()
    response = card.shows(digits_in(text))
    assert nas.ask(password=response, state=state).code == ACCEPT
    assert nas.ask(password=response, state=state).code == REJECT
    _, fresh = nas.challenge()
    assert nas.ask(password=response, state=fresh).code == CHALLENGE  # wrong, and counted


def test_an_answer_of_a_wrong_shape_is_not_counted(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    text, state = nas.challenge()
    reply = nas.ask(password="12", state=state)
    assert reply.code == CHALLENGE
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 0
        assert connection.execute(select(logins.c.attempts)).scalar_one() == 0
    assert nas.ask(password=card.shows(digits_in(text)), state=state).code == ACCEPT


def test_a_state_is_worth_nothing_for_another_user(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    add_user(verifier, "bob")
    text, state = nas.challenge()
    reply = nas.ask("bob", card.shows(digits_in(text)), state)
    assert reply.code == REJECT
    assert "Start again" in says(reply)


def test_a_state_is_worth_nothing_for_another_client(
    verifier: Verifier, card: Card, clock: ToldClock
) -> None:
    add_client(verifier)
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        text, state = nas.challenge()
        with verifier.database.writing() as connection:  # the same secret, another client
            connection.execute(update(radius_clients).values(id=99, name="other"))
            sealed = verifier.keyring.seal(nas.secret.encode(), "radius_clients.secret_sealed:99")
            connection.execute(update(radius_clients).values(secret_sealed=sealed))
        clock.advance(verifier.settings.radius_clients_seconds + 1)
        assert nas.ask(password=card.shows(digits_in(text)), state=state).code == REJECT


@pytest.mark.parametrize("state", [b"", b"x", bytes(55), b"\xff" * 200])
def test_a_state_that_is_not_ours_is_refused(nas: Nas, card: Card, state: bytes) -> None:
    assert nas.ask(password="12345678", state=state).code == REJECT


def test_the_state_does_not_tell_the_name_of_the_login(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    _, state = nas.challenge()
    with verifier.database.reading() as connection:
        login = connection.execute(select(logins.c.id)).scalar_one()
    assert login.encode() not in state


def test_an_expired_challenge_is_refused(nas: Nas, card: Card, clock: ToldClock) -> None:
    text, state = nas.challenge()
    clock.advance(121)
    reply = nas.ask(password=card.shows(digits_in(text)), state=state)
    assert reply.code == REJECT
    assert "expired" in says(reply)


def test_another_device_is_chosen_by_typing_its_name(
    nas: Nas, card: Card, verifier: Verifier
) -> None:
    second = Card(number=2, key=bytes(32))
    add_card(verifier, second)
    text, state = nas.challenge()
    assert "card-2" in text or "type card)" in text or "type card." in text
    other, held = ("card-2", second) if "card-2" in text else ("card", card)
    reply = nas.ask(password=other, state=state)
    assert reply.code == CHALLENGE
    answer = held.shows(digits_in(says(reply)))
    assert nas.ask(password=answer, state=reply[24][0]).code == ACCEPT


def test_a_locked_card_is_told_and_not_asked(nas: Nas, card: Card, verifier: Verifier) -> None:
    with verifier.database.writing() as connection:
        connection.execute(update(devices).values(locked_at=verifier.clock.now()))
    reply = nas.ask()
    assert reply.code == REJECT
    assert "locked" in says(reply)


def test_chap_is_refused_with_the_reason(nas: Nas, card: Card) -> None:
    packet = nas.packet("alice", PASSWORD)
    del packet[2]
    packet[3] = [bytes(17)]
    reply = nas.send(packet)
    assert reply.code == REJECT
    assert "PAP" in says(reply)


# --- who needs no device


def test_a_user_without_a_device_is_not_let_in(nas: Nas, verifier: Verifier) -> None:
    reply = nas.ask()
    assert reply.code == REJECT
    assert "needs a device" in says(reply)
    assert last_event(verifier).event == Event.RADIUS_REFUSED
    assert open_sessions(verifier) == 0


def opt_out(verifier: Verifier) -> None:
    with verifier.database.writing() as connection:
        connection.execute(update(users.users).values(opted_out_at=verifier.clock.now()))


def test_who_has_opted_out_is_let_in_only_where_the_client_says_so(
    verifier: Verifier, card: Card
) -> None:
    opt_out(verifier)
    for accepts, code in (({Access.FULL}, REJECT), ({Access.FULL, Access.RESTRICTED}, ACCEPT)):
        add_client(verifier, Rules(accepts=frozenset(accepts)))
        with serving(verifier) as (port, _, _):
            assert Nas(port).ask().code == code
        with verifier.database.writing() as connection:
            connection.execute(radius_clients.delete())


# --- what an Accept tells


def test_an_accept_tells_groups_and_access_by_the_clients_mapping(
    verifier: Verifier, card: Card
) -> None:
    mapping = {
        "always": {"Session-Timeout": 28800},
        "groups": {
            "admins": {"Filter-Id": "admins", "Service-Type": "Administrative"},
            "*": {"Class": "g:{group}", "Cisco-AVPair": ["shell:roles={group}"]},
        },
        "access": {"full": {"Filter-Id": ["second-factor"]}, "restricted": {"Filter-Id": "guest"}},
    }
    with verifier.database.writing() as connection:
        user = users.get(connection, "alice")
        groups.set_all(connection, user.id, ["staff", "admins"])
    add_client(verifier, Rules(attributes=json.dumps(mapping)))
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        text, state = nas.challenge()
        reply = nas.ask(password=card.shows(digits_in(text)), state=state)
    assert reply["Session-Timeout"] == [28800]
    assert reply["Service-Type"] == ["Administrative"]
    assert reply["Filter-Id"] == ["admins", "second-factor"]
    assert reply["Class"] == ["g:admins", "g:staff"]
    assert reply["Cisco-AVPair"] == ["shell:roles=admins", "shell:roles=staff"]


def test_a_reply_that_does_not_fit_is_not_sent_at_all(verifier: Verifier, card: Card) -> None:
    with verifier.database.writing() as connection:
        user = users.get(connection, "alice")
        groups.set_all(connection, user.id, [f"{number:064}" for number in range(70)])
    add_client(verifier, Rules(attributes='{"groups":{"*":{"Class":"{group}"}}}'))
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        text, state = nas.challenge()
        with structlog.testing.capture_logs() as lines:
            nas.silent(nas.packet("alice", card.shows(digits_in(text)), state))
            assert nas.ask(password="x", state=state).code == REJECT  # it is over by now
        assert [line["why"] for line in lines] == ["failed"]
        assert "tell less" in lines[0]["text"]
        # What follows a failure is decided as ever: the login is over.
        assert nas.ask(password=card.shows(digits_in(text)), state=state).code == REJECT


def test_proxy_state_comes_back_as_it_was_sent(nas: Nas, card: Card) -> None:
    packet = nas.packet("alice", PASSWORD)
    packet[33] = [b"first", b"second"]
    assert nas.send(packet)[33] == [b"first", b"second"]


# --- who is slowed down


def addresses_braked(verifier: Verifier) -> set[bytes]:
    with verifier.database.reading() as connection:
        return set(connection.execute(select(brakes.c.key)).scalars())


@pytest.mark.parametrize("trusted", [False, True])
def test_wrong_passwords_count_against_the_caller_where_the_client_is_believed(
    verifier: Verifier, card: Card, trusted: bool
) -> None:
    add_client(verifier, Rules(names_caller=trusted))
    with serving(verifier) as (port, _, _):
        assert Nas(port, attributes={31: b"203.0.113.9"}).ask(password="wrong one").code == REJECT
    refusal = last_event(verifier)
    expected = "203.0.113.9" if trusted else "127.0.0.1"
    assert refusal.event == Event.PASSWORD_REFUSED
    assert json.loads(refusal.detail)["address"] == expected


@pytest.mark.parametrize("told", [b"", b"no\ncaller", "é".encode(), b"x" * 65])
def test_a_caller_that_cannot_be_one_is_not_believed(
    verifier: Verifier, card: Card, told: bytes
) -> None:
    add_client(verifier, Rules(names_caller=True))
    with serving(verifier) as (port, _, _):
        assert Nas(port, attributes={31: told}).ask(password="wrong one").code == REJECT
    assert json.loads(last_event(verifier).detail)["address"] == "127.0.0.1"


# --- many at once


def test_of_one_right_answer_sent_in_many_requests_one_is_accepted(nas: Nas, card: Card) -> None:
    text, state = nas.challenge()
    response = card.shows(digits_in(text))
    codes: list[int] = []
    threads = [
        Thread(target=lambda: codes.append(nas.ask(password=response, state=state).code))
        for _ in range(12)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert sorted(codes) == [ACCEPT] + [REJECT] * 11
