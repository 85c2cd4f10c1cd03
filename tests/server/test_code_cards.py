"""The life of code cards: asked for, printed, activated by two values, and what ends them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from sqlalchemy import insert, select

from server.db.tables import audit_log, code_cards, code_pairs, devices
from server.factors.kinds import DeviceKind
from server.lifecycle import devices as life
from server.lifecycle import suspension
from server.verifier import Verifier

from .holder import ONLINE, PERMANENT, Holder
from .support import Card, ToldClock, add_user

DAY = 86_400


@pytest.fixture
def alice(verifier: Verifier, card: Card) -> Holder:
    return Holder(verifier, card)


@pytest.fixture
def newcomer(verifier: Verifier) -> Holder:
    """A user who has no device yet."""
    return Holder(verifier, Card())


def wrong(right: str) -> str:
    return "333333" if right != "333333" else "444444"


# --- logging in with one


def test_a_code_card_logs_in_with_the_limits_of_its_kind(alice: Holder) -> None:
    alice.log_in()
    alice.gets(PERMANENT)
    opened = alice.log_in(PERMANENT)
    assert (opened["access"], opened["device_kind"]) == ("full", "code_card")
    assert opened["limits"] == {"per_day": 200_000, "per_five_business_days": 600_000}


def test_the_prompt_is_two_different_index_numbers(alice: Holder) -> None:
    alice.log_in()
    alice.gets(PERMANENT)
    prompt = alice.begin(PERMANENT)["prompt"]
    assert set(prompt) == {"indexes"}
    first, second = prompt["indexes"]
    assert first != second
    assert {first, second} <= set(range(1, 225))


def test_a_pair_is_asked_at_every_login_until_it_is_answered_right(alice: Holder) -> None:
    alice.log_in()
    alice.gets(PERMANENT)
    begun = alice.begin(PERMANENT)
    asked = begun["prompt"]
    for _ in range(3):
        assert alice.begin(PERMANENT)["prompt"] == asked
    bad = wrong(alice.answer(PERMANENT, asked))
    assert alice.api.answer(begun["login"], bad).status_code == 401
    assert alice.begin(PERMANENT)["prompt"] == asked
    alice.log_in(PERMANENT)
    seen = [sorted(asked["indexes"])]
    for _ in range(20):
        seen.append(sorted(alice.begin(PERMANENT)["prompt"]["indexes"]))
        alice.log_in(PERMANENT)
    assert len({tuple(pair) for pair in seen}) == len(seen)


def test_of_two_logins_with_the_same_pair_one_is_accepted(alice: Holder) -> None:
    alice.log_in()
    alice.gets(PERMANENT)
    one, other = alice.begin(PERMANENT), alice.begin(PERMANENT)
    assert one["prompt"] == other["prompt"]
    right = alice.answer(PERMANENT, one["prompt"])
    assert alice.api.answer(one["login"], right).status_code == 200
    replayed = alice.api.answer(other["login"], right)
    assert replayed.status_code == 409
    assert "another login" in replayed.json()["detail"]
    assert alice.api.answer(one["login"], right).status_code == 409


def test_a_lock_ends_the_asking_of_a_pair(alice: Holder, verifier: Verifier) -> None:
    alice.log_in()
    serial = alice.gets(PERMANENT)["serial"]
    asked = alice.begin(PERMANENT)["prompt"]
    bad = wrong(alice.answer(PERMANENT, asked))
    seen = []
    while len(seen) < 12:
        begun = alice.begin(PERMANENT)
        seen += [alice.api.answer(begun["login"], bad).status_code for _ in range(3)]
    assert seen == [401] * 10 + [423] * 2
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(devices.c.locked_at, code_cards.c.asked_first)
            .join(code_cards, code_cards.c.device_id == devices.c.id)
            .where(devices.c.serial == serial)
        ).one()
    assert rows.locked_at is not None
    assert alice.begin(PERMANENT)["prompt"] != asked  # 1 in 25,000 that it is drawn again


def test_small_letters_and_spaces_are_taken_and_malformed_answers_are_not_counted(
    alice: Holder,
) -> None:
    alice.log_in()
    alice.gets(PERMANENT)
    begun = alice.begin(PERMANENT)
    right = alice.answer(PERMANENT, begun["prompt"])
    for bad in (right[:5], right + "3", "K4 MC7X", "OOOOOO"):
        assert alice.api.answer(begun["login"], bad).status_code == 422
    typed = f"{right[:3]} {right[3:]}".lower()
    assert alice.api.answer(begun["login"], typed).status_code == 200


def test_accepted_pairs_are_kept_and_a_card_without_any_left_is_refused(
    alice: Holder, verifier: Verifier, clock: ToldClock
) -> None:
    alice.log_in()
    card_id = alice.gets(PERMANENT)["id"]
    left = {tuple(sorted(alice.begin(PERMANENT)["prompt"]["indexes"]))}
    with verifier.database.writing() as connection:
        used = set(connection.execute(select(code_pairs.c.low, code_pairs.c.high)).all())
        assert len(used) == 1  # the one that activated it
        rest = sorted(set(combinations(range(1, 225), 2)) - left - {tuple(row) for row in used})
        left.add(rest.pop())
        rows = [
            {"device_id": card_id, "low": low, "high": high, "accepted_at": clock.now()}
            for low, high in rest
        ]
        connection.execute(insert(code_pairs), rows)
    asked = set()
    for _ in range(2):
        asked.add(tuple(sorted(alice.begin(PERMANENT)["prompt"]["indexes"])))
        alice.log_in(PERMANENT)
    assert asked == left
    assert "used up" in alice.begin(PERMANENT)["detail"]
    assert alice.log_in()["device_kind"] == "card"  # another device is asked instead


def test_of_two_who_draw_a_pair_at_once_one_is_asked(alice: Holder, verifier: Verifier) -> None:
    """The other looks again: `move` is a compare-and-set, on any database."""
    alice.log_in()
    card_id = alice.gets(PERMANENT)["id"]
    factor = verifier.factors[DeviceKind.CODE_CARD]
    with verifier.database.writing() as connection:
        seen = factor.load(connection, card_id)
        first, second = factor.offer(seen).state, factor.offer(seen).state
        assert factor.move(connection, card_id, seen, first)
        assert not factor.move(connection, card_id, seen, second)
        answered = replace(first, asked=None)
        assert factor.move(connection, card_id, first, answered)
        assert not factor.move(connection, card_id, first, answered)


# --- at rest


def test_the_database_and_the_audit_log_give_no_value_away(
    alice: Holder, verifier: Verifier
) -> None:
    alice.log_in()
    alice.gets(PERMANENT)
    values = "".join(alice.prints[PERMANENT].values[index] for index in range(1, 225))
    with verifier.database.reading() as connection:
        stored = connection.execute(select(code_cards.c.values_sealed)).scalar_one()
        written = connection.execute(select(audit_log.c.detail)).scalars().all()
    assert values.encode() not in stored
    assert all(values[:6] not in text for text in written)


# --- a permanent one


def test_a_newcomer_gets_one_with_the_password_alone_and_then_needs_it(newcomer: Holder) -> None:
    assert newcomer.log_in()["access"] == "portal_only"
    newcomer.gets(PERMANENT)
    assert newcomer.access() == "full"  # the session goes on under the card that has answered
    begun = newcomer.begin()
    assert [each["kind"] for each in begun["factors"]] == ["code_card"]


def test_a_card_counts_only_once_two_values_are_answered(alice: Holder) -> None:
    alice.log_in()
    made = alice.make(PERMANENT).json()
    assert made["state"] == "inactive"
    alice.prints_it(PERMANENT, made["id"])
    assert [each["kind"] for each in alice.begin()["factors"]] == ["card"]
    asked = alice.call("POST", "code-card/activation").json()
    bad = wrong(alice.prints[PERMANENT].answer(asked["prompt"]))
    path = f"code-card/activation/{asked['proof']}/answer"
    assert alice.call("POST", path, {"answer": bad}).status_code == 401
    assert len(alice.begin()["factors"]) == 1
    right = alice.prints[PERMANENT].answer(asked["prompt"])
    assert alice.call("POST", path, {"answer": right}).json()["state"] == "active"
    assert alice.call("POST", path, {"answer": right}).status_code == 409
    assert len(alice.begin()["factors"]) == 2


def test_wrong_answers_to_activate_count_toward_the_lock(alice: Holder) -> None:
    alice.log_in()
    made = alice.make(PERMANENT).json()
    alice.prints_it(PERMANENT, made["id"])
    seen = []
    while len(seen) < 12:
        asked = alice.call("POST", "code-card/activation").json()
        bad = wrong(alice.prints[PERMANENT].answer(asked["prompt"]))
        path = f"code-card/activation/{asked['proof']}/answer"
        seen += [alice.call("POST", path, {"answer": bad}).status_code for _ in range(3)]
    assert seen == [401] * 10 + [423] * 2


def test_its_values_are_printed_until_it_is_active_and_never_after(alice: Holder) -> None:
    alice.log_in()
    made = alice.make(PERMANENT).json()
    first = alice.prints_it(PERMANENT, made["id"])
    assert first.headers["content-type"] == "application/pdf"
    assert "no-store" in first.headers["cache-control"]
    values = alice.prints[PERMANENT].values
    assert alice.prints_it(PERMANENT, made["id"], "wallet").status_code == 200
    assert alice.prints[PERMANENT].values == values
    alice.activate(PERMANENT)
    assert alice.prints_it(PERMANENT, made["id"]).status_code == 409
    alice.log_in(PERMANENT)
    assert alice.prints_it(PERMANENT, made["id"]).status_code == 409


def test_printing_is_written_down(alice: Holder, verifier: Verifier) -> None:
    alice.log_in()
    made = alice.make(PERMANENT).json()
    alice.prints_it(PERMANENT, made["id"])
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(audit_log).where(audit_log.c.event == "code-card.printed")
        ).all()
    assert [row.actor for row in rows] == ["user:alice"]
    assert made["serial"] in rows[0].detail


def test_asking_twice_makes_one_card_and_other_values_are_made_on_demand(alice: Holder) -> None:
    alice.log_in()
    first = alice.make(PERMANENT).json()
    assert alice.make(PERMANENT).json() == first
    alice.prints_it(PERMANENT, first["id"])
    values = alice.prints[PERMANENT].values
    second = alice.make(PERMANENT, instead_of=first["id"]).json()
    assert second["id"] != first["id"]
    assert alice.prints_it(PERMANENT, first["id"]).status_code == 409
    alice.prints_it(PERMANENT, second["id"])
    assert alice.prints[PERMANENT].values != values
    # A form sent a second time ends nothing more.
    assert alice.make(PERMANENT, instead_of=first["id"]).json() == second


def test_a_new_card_ends_the_old_one_when_it_is_activated(alice: Holder) -> None:
    alice.log_in()
    old = alice.gets(PERMANENT)
    print_of_old = alice.prints[PERMANENT]
    alice.log_in()
    new = alice.make(PERMANENT).json()
    assert {each["serial"] for each in alice.devices()} >= {old["serial"], new["serial"]}
    alice.prints_it(PERMANENT, new["id"])
    alice.activate(PERMANENT)
    listed = [each["serial"] for each in alice.devices() if each["kind"] == "code_card"]
    assert listed == [new["serial"]]
    begun = alice.begin("code-card-2")
    typed = print_of_old.answer(begun["prompt"])
    assert alice.api.answer(begun["login"], typed).status_code == 401


def test_a_lost_card_is_over_when_another_is_in_use(alice: Holder, verifier: Verifier) -> None:
    """Else two would be, once the lost one has turned up and was reactivated."""
    alice.log_in()
    lost = alice.gets(PERMANENT)
    with verifier.database.writing() as connection:
        now = verifier.clock.now()
        suspension.suspend(connection, life.get(connection, lost["id"], now), now)
    alice.log_in("card")
    alice.gets(PERMANENT)
    assert alice.call("POST", f"devices/{lost['id']}/reactivate").status_code == 409
    listed = [each["state"] for each in alice.devices() if each["kind"] == "code_card"]
    assert listed == ["active"]


def test_a_session_from_before_the_first_device_gets_no_card(
    newcomer: Holder, verifier: Verifier
) -> None:
    """Whoever knew the password then is not given a device of his own now."""
    newcomer.log_in()
    old = newcomer.token
    newcomer.log_in()
    newcomer.gets(PERMANENT)
    newcomer.token = old
    assert newcomer.make(PERMANENT).status_code == 401
    assert newcomer.make(ONLINE).status_code == 401


def test_a_card_of_somebody_else_is_not_there(
    alice: Holder, verifier: Verifier, newcomer: Holder
) -> None:
    add_user(verifier, "bob")
    bob = Holder(verifier, Card(number=2), "bob")
    bob.log_in()
    alice.log_in()
    made = alice.make(PERMANENT).json()
    for card_id in (made["id"], 10_000, -1, "x", "1e3", "٣"):
        assert bob.call("GET", f"code-card/{card_id}/a4.pdf").status_code == 404
    assert bob.call("GET", f"code-card/{made['id']}/a3.pdf").status_code == 422
    asked = alice.call("POST", "code-card/activation").json()
    path = f"code-card/activation/{asked['proof']}/answer"
    assert bob.call("POST", path, {"answer": "333333"}).status_code == 404
    alice.log_in()  # another session of hers
    assert alice.call("POST", path, {"answer": "333333"}).status_code == 404
    # One kind's card is not the other kind's.
    assert alice.call("GET", f"online-code-card/{made['id']}/a4.pdf").status_code == 404


def test_there_is_nothing_to_activate_before_one_is_made(alice: Holder) -> None:
    alice.log_in()
    assert alice.call("POST", "code-card/activation").status_code == 409


@pytest.mark.parametrize(
    "body", [{"instead_of": "1"}, {"instead_of": 0}, {"instead_of": True}, {"x": 1}, [], "x"]
)
def test_bodies_that_are_none_are_refused(alice: Holder, body: object) -> None:
    alice.log_in()
    assert alice.call("POST", "code-card", body).status_code == 422
    assert len(alice.devices()) == 1


# --- an online one


def test_from_a_temporary_code_to_the_online_code_card(alice: Holder, clock: ToldClock) -> None:
    alice.is_given_a_code()
    clock.advance(2 * DAY)
    assert alice.log_in("temporary-code")["access"] == "online_code_card_only"
    activated = alice.gets(ONLINE)
    assert activated["valid_until"] == "2026-03-24T12:00:00Z"  # 21 days after 3 March
    assert alice.access() == "full"
    opened = alice.log_in(ONLINE)
    assert (opened["access"], opened["device_kind"]) == ("full", "online_code_card")
    assert opened["limits"] == {"per_day": 200_000, "per_five_business_days": 600_000}


def test_an_online_code_card_is_valid_for_21_days_to_the_second(
    alice: Holder, clock: ToldClock
) -> None:
    alice.is_given_a_code()
    alice.log_in("temporary-code")
    alice.gets(ONLINE)
    clock.advance(21 * DAY - 1)
    assert alice.log_in(ONLINE)["access"] == "full"
    clock.advance(1)
    assert alice.access() == "401"
    assert [each["kind"] for each in alice.begin()["factors"]] == ["card"]


def test_the_temporary_code_lives_on_beside_it(alice: Holder, clock: ToldClock) -> None:
    alice.is_given_a_code()
    alice.log_in("temporary-code")
    alice.gets(ONLINE)
    assert alice.log_in("temporary-code")["access"] == "full"
    clock.advance(2 * DAY)
    assert alice.log_in("temporary-code")["access"] == "online_code_card_only"


def test_it_is_printed_again_as_long_as_it_is_valid(alice: Holder, clock: ToldClock) -> None:
    alice.is_given_a_code()
    alice.log_in("temporary-code")
    card_id = alice.gets(ONLINE)["id"]
    clock.advance(3 * DAY)
    alice.log_in("temporary-code")  # limited by now: printing is what it is for
    assert alice.prints_it(ONLINE, card_id).status_code == 200
    clock.advance(18 * DAY)
    alice.log_in()
    assert alice.prints_it(ONLINE, card_id).status_code == 409


def test_a_second_one_is_refused_while_one_is_valid_and_from_itself(
    alice: Holder, clock: ToldClock
) -> None:
    alice.is_given_a_code()
    alice.log_in("temporary-code")
    alice.gets(ONLINE)
    assert alice.make(ONLINE).status_code == 409
    alice.log_in(ONLINE)
    assert alice.make(ONLINE).status_code == 409


def test_with_a_permanent_device_one_is_had_for_a_time_without_it(alice: Holder) -> None:
    alice.log_in()
    alice.gets(ONLINE)
    assert alice.log_in(ONLINE)["access"] == "full"


def test_the_password_alone_gets_none(newcomer: Holder) -> None:
    newcomer.log_in()
    assert newcomer.make(ONLINE).status_code == 403


def test_activating_a_permanent_code_card_ends_the_temporary_devices(alice: Holder) -> None:
    alice.is_given_a_code()
    alice.log_in("temporary-code")
    alice.gets(ONLINE)
    alice.gets(PERMANENT)
    assert alice.access() == "full"
    assert sorted(each["kind"] for each in alice.devices()) == ["card", "code_card"]
    assert sorted(each["kind"] for each in alice.begin()["factors"]) == ["card", "code_card"]


def test_a_limited_temporary_code_gets_no_permanent_code_card(
    alice: Holder, clock: ToldClock
) -> None:
    alice.is_given_a_code()
    clock.advance(2 * DAY)
    alice.log_in("temporary-code")
    assert alice.make(PERMANENT).status_code == 403
    assert alice.call("GET", "devices").status_code == 403


def test_whoever_has_the_permanent_device_again_ends_the_temporary_ones(alice: Holder) -> None:
    alice.is_given_a_code()
    alice.log_in("temporary-code")
    alice.gets(ONLINE)
    temporary = alice.token
    assert alice.call("POST", f"{ONLINE}/end").status_code == 403
    alice.log_in("card")
    assert alice.call("POST", f"{ONLINE}/end").json() == {"ended": 2}
    assert alice.call("POST", f"{ONLINE}/end").json() == {"ended": 0}
    assert [each["kind"] for each in alice.devices()] == ["card"]
    assert alice.access() == "full"
    alice.token = temporary
    assert alice.access() == "401"
