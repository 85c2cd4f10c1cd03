"""`account`, `user contact` and `staff`: people recorded from files, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts import people, records, users
from server.db import tables
from server.errors import PersonRefused
from server.settings import Settings
from server.verifier import Verifier, open_verifier

from .people import ALICE, BOB, CONTACT, text
from .test_commands import Operator, empty, fast_and_alone, operator  # noqa: F401

TODAY = date(2026, 3, 1)


def opened(operator: Operator) -> Verifier:  # noqa: F811
    return open_verifier(Settings(data=operator.data))


def open_account(operator: Operator, number: str = "U100", **more: Any) -> int:  # noqa: F811
    person = operator.file("person.json", text(ALICE | more))
    return operator("account", "open", number, "--person", person, "--equity", "750000")


def test_an_account_is_opened_and_joined(operator: Operator) -> None:  # noqa: F811
    assert open_account(operator) == 0
    assert operator("account", "join", "U100", "--user", "alice", "--primary") == 0
    operator("user", "add", "bob", "--password-file", operator.file("pw", "another good one\n"))
    assert operator("account", "join", "U100", "--user", "bob", "--no-security") == 0
    assert operator("account", "list") == 0
    assert operator.out == "U100\topen\talice,bob\n"
    verifier = opened(operator)
    with verifier.database.reading() as connection:
        bob = users.get(connection, "bob")
        account = people.account_of(connection, bob.id)
        assert account
        assert (account.number, account.equity_cents) == ("U100", 75_000_000)
        assert people.primary_user(connection, account.id) == "alice"
        assert people.entity_name(connection, verifier.keyring, account.entity_id) == "Alice Doe"
        held = people.identification(connection, verifier.keyring, account.entity_id)
        assert held.ssn == ALICE["ssn"]
    verifier.close()


def test_nothing_that_identifies_stands_in_the_clear(operator: Operator) -> None:  # noqa: F811
    open_account(operator)
    operator("user", "contact", "alice", "--file", operator.file("c.json", text(CONTACT)))
    verifier = opened(operator)
    with verifier.database.reading() as connection:
        log = connection.execute(select(tables.audit_log)).all()
    verifier.close()
    kept = b"".join(path.read_bytes() for path in operator.data.iterdir())
    kept += "".join(f"{row.actor}{row.subject}{row.detail}" for row in log).encode()
    for secret in ("Alice Doe", ALICE["ssn"], "X1234567", "1980-02-29", "alice@example.net"):
        assert secret.encode() not in kept
    assert [row.event for row in log][-2:] == ["account.opened", "contact.set"]


def test_a_second_account_of_the_same_entity(operator: Operator) -> None:  # noqa: F811
    open_account(operator)
    assert operator("account", "open", "U200", "--same-as", "U100", "--equity", "0") == 0
    assert "no account" in operator.refused(
        "account", "open", "U300", "--same-as", "U999", "--equity", "0"
    )
    verifier = opened(operator)
    with verifier.database.reading() as connection:
        assert len(set(connection.execute(select(tables.accounts.c.entity_id)).scalars())) == 1
    verifier.close()


def test_how_a_user_is_reached(operator: Operator) -> None:  # noqa: F811
    assert operator("user", "contact", "alice", "--file", operator.file("c", text(CONTACT))) == 0
    verifier = opened(operator)
    with verifier.database.reading() as connection:
        alice = users.get(connection, "alice")
        contact = people.contact(connection, verifier.keyring, alice.id)
    assert contact.phone == "+12025550123"
    assert contact.address
    assert contact.address.lines()[-2:] == ["01101 Springfield MA", "US"]
    verifier.close()


def test_what_cannot_be_is_refused_and_changes_nothing(operator: Operator) -> None:  # noqa: F811
    open_account(operator)
    join = ("account", "join", "U100", "--user")
    assert "already" in operator.refused(
        *("account", "open", "U100", "--same-as", "U100", "--equity", "1")
    )
    assert "4 to 16" in operator.refused(
        *("account", "open", "u-1", "--same-as", "U100", "--equity", "1")
    )
    for equity in ("-1", "1e6", "1.5", "plenty", "١٢"):
        said = operator.refused(
            "account", "open", "U200", "--same-as", "U100", f"--equity={equity}"
        )
        assert "USD" in said
    assert "no user" in operator.refused(*join, "nobody")
    assert "no account" in operator.refused("account", "join", "U999", "--user", "alice")
    assert "primary" in operator.refused(*join, "alice", "--primary", "--no-security")
    assert operator(*join, "alice", "--primary") == 0
    assert "already" in operator.refused(*join, "alice")
    operator("user", "add", "bob", "--password-file", operator.file("pw", "another good one\n"))
    assert "primary user already" in operator.refused(*join, "bob", "--primary")
    secret = operator.file("pw", "another good one\n")
    assert operator("staff", "add", "carol", "--role", "support", "--password-file", secret) == 0
    assert "staff" in operator.refused(*join, "carol")


def test_a_closed_account_is_told_to_its_users_once(operator: Operator) -> None:  # noqa: F811
    open_account(operator)
    operator("account", "join", "U100", "--user", "alice", "--primary")
    assert operator("account", "close", "U100") == 0
    assert operator("account", "close", "U100") == 0
    assert "already" in operator.out
    assert "closed" in operator.refused("account", "join", "U100", "--user", "alice")
    verifier = opened(operator)
    with verifier.database.reading() as connection:
        assert connection.execute(select(tables.outbox.c.notice)).scalars().all() == [
            "account_closed"
        ]
        events = connection.execute(select(tables.audit_log.c.event)).scalars().all()
        assert events.count("account.closed") == 1
    verifier.close()


def test_staff_have_one_of_the_roles_of_the_desk(operator: Operator) -> None:  # noqa: F811
    secret = operator.file("pw", "another good one\n")
    for role in ("customer", "boss"):
        add = ("staff", "add", "carol", "--role", role, "--password-file", secret)
        assert operator(*add) == 2
    add = ("staff", "add", "carol", "--role", "auditor", "--password-file", secret)
    assert operator(*add) == 0
    verifier = opened(operator)
    with verifier.database.reading() as connection:
        users_table = tables.users
        role = connection.execute(
            select(users_table.c.role).where(users_table.c.name == "carol")
        ).scalar_one()
        event = connection.execute(
            select(tables.audit_log).order_by(tables.audit_log.c.seq.desc())
        ).first()
    assert role == "auditor"
    assert event
    assert (event.event, event.subject) == ("staff.added", "carol")
    assert json.loads(event.detail) == {"role": "auditor"}
    verifier.close()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"date_of_birth": "1980-02-30"}, "date_of_birth"),
        ({"date_of_birth": "29.02.1980"}, "date_of_birth"),
        ({"date_of_birth": 320630400}, "date_of_birth"),
        ({"date_of_birth": "1899-12-31"}, "date_of_birth"),
        ({"date_of_birth": "2026-03-02"}, "date_of_birth"),
        ({"citizenship": "USA"}, "citizenship"),
        ({"citizenship": "us"}, "citizenship"),
        ({"residence": "EU"}, "residence"),
        ({"residence": "XX"}, "residence"),
        ({"document_type": "library_card"}, "document_type"),
        ({"document_number": ""}, "document_number"),
        ({"document_number": "x1234567"}, "document_number"),
        ({"ssn": "21909999"}, "ssn"),
        ({"ssn": "219-09-9999"}, "ssn"),
        ({"ssn": "٢١٩٠٩٩٩٩٩"}, "ssn"),
        ({"ssn": "000099999"}, "ssn"),
        ({"citizenship": "JP"}, "ssn"),
        ({"name": ""}, "name"),
        ({"name": "Alice\x07Doe"}, "name"),
        ({"name": ["Alice"]}, "name"),
        ({"name": "A" * 129}, "name"),
        ({"nickname": "Al"}, "nickname"),
    ],
)
def test_a_person_that_cannot_be_is_refused_by_its_field(change: Any, field: str) -> None:
    with pytest.raises(PersonRefused) as refused:
        records.read_person(text(ALICE | change), TODAY)
    assert field in str(refused.value)
    for value in ("Alice", "1980", "X1234567", "21909", *map(str, change.values())):
        assert not value or value not in str(refused.value)


def test_people_that_can_be() -> None:
    assert records.read_person(text(BOB), TODAY).identification.ssn is None
    assert records.read_person(text(ALICE | {"ssn": None}), TODAY).identification.ssn is None
    assert records.read_person(text(BOB | {"residence": "US", "ssn": "219099999"}), TODAY)


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "12025550123"},
        {"phone": "+02025550123"},
        {"phone": "+1 202 555 0123"},
        {"phone": "+1202555012345678"},
        {"mail": "alice"},
        {"mail": "alice@example.net\nBcc: bob@example.net"},
        {"mail": "alice@example.net,bob@example.net"},
        {"targets": ["not a url"]},
        {"targets": "json://host"},
        {"targets": ["json://host"] * 9},
        {"address": {}},
        {"address": CONTACT["address"] | {"country": "Japan"}},  # type: ignore[operator]
        {"fax": "1"},
    ],
)
def test_a_contact_that_cannot_be_is_refused(change: Any) -> None:
    with pytest.raises(PersonRefused):
        records.read_contact(text(CONTACT | change))


@pytest.mark.parametrize(
    "given", ["", "[]", "null", "{", '"x"', '{"name": "a", "name": "b"}', "[" * 100_000, "NaN"]
)
def test_what_is_no_object_is_refused(given: str) -> None:
    with pytest.raises(PersonRefused):
        records.read_person(given, TODAY)
    if given != '{"name": "a", "name": "b"}':
        with pytest.raises(PersonRefused):
            records.read_contact(given)


def test_a_missing_file_is_named(operator: Operator, tmp_path: Path) -> None:  # noqa: F811
    missing = tmp_path / "missing.json"
    said = operator.refused("account", "open", "U100", "--person", missing, "--equity", "1")
    assert "missing.json" in said


def test_groups_are_set_whole_listed_and_taken_away(operator: Operator) -> None:  # noqa: F811
    assert operator("user", "groups", "alice", "ops", "vpn", "ops") == 0
    assert operator.out == "alice is in the groups ops,vpn.\n"
    assert operator("user", "groups", "alice") == 0
    assert operator.out == "ops\nvpn\n"
    assert operator("user", "groups", "alice", "night") == 0
    assert operator("user", "groups", "alice") == 0
    assert operator.out == "night\n"
    assert operator("user", "groups", "alice", "--none") == 0
    assert operator("user", "groups", "alice") == 0
    assert operator.out == ""


@pytest.mark.parametrize(
    "given", [("ops", "--none"), ("two words",), ("a\nb",), ("-x" * 40,), ("",), ("x" * 65,)]
)
def test_what_is_no_group_changes_nothing(operator: Operator, given: tuple[str, ...]) -> None:  # noqa: F811
    operator("user", "groups", "alice", "ops")
    assert operator("user", "groups", "alice", *given) in {1, 2}
    operator("user", "groups", "alice")
    assert operator.out == "ops\n"
