"""Opting out of the device and back in, and the documents of a closed account, over the API."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from server.accounts.roles import Role
from server.db import tables
from server.documents import shelf
from server.lifecycle import accounts
from server.verifier import Verifier

from .desk_support import Caller, customer, events, staff
from .people import ALICE, BOB, join
from .support import Api, Card, ToldClock, add_card, add_user, wrong


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Caller:
    return customer(verifier, api, "alice", "U100")


def opt(user: Caller, way: str, *, right: bool = True) -> Any:
    asked = user.post(f"/opt-{way}")
    assert asked.status_code == 201, asked.text
    assert user.card
    response = user.card.shows(asked.json()["prompt"]["challenge"])
    answer = {"answer": response if right else wrong(response)}
    return user.post(f"/opt-{way}/{asked.json()['proof']}", answer)


def close(verifier: Verifier, number: str = "U100") -> None:
    with verifier.database.writing() as connection:
        now = verifier.clock.now()
        assert accounts.close(connection, verifier.keyring, verifier.audit, number, now, "cli:test")


def test_who_opts_out_logs_in_with_the_password_alone_and_is_restricted(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    assert opt(alice, "out").json() == {"opted_out": True}
    assert alice.get("/session").json()["access"] == "restricted"
    again = api.password("alice").json()
    assert again["access"] == "restricted"
    assert again["limits"] == {"per_day": 50_000, "per_five_business_days": 100_000}
    assert alice.get("/shares").status_code == 403
    assert "security.opted-out" in events(verifier)


def test_opting_back_in_is_proved_by_the_device_and_ends_the_other_sessions(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    opt(alice, "out")
    other = Caller(api, "alice").log_in()
    here = Caller(api, "alice", token=api.password("alice").json()["session"], card=alice.card)
    assert opt(here, "in").json() == {"opted_out": False}
    assert here.get("/session").json()["access"] == "full"
    assert other.get("/session").status_code == 401
    assert alice.get("/session").status_code == 401
    assert "prompt" in api.password("alice").json()
    with verifier.database.reading() as connection:
        told = connection.execute(select(tables.outbox.c.notice)).scalars().all()
    assert told == ["opted_out", "opted_in"]


@pytest.mark.parametrize("way", ["out", "in"])
def test_a_wrong_answer_changes_nothing_but_is_counted(
    verifier: Verifier, api: Api, alice: Caller, way: str
) -> None:
    if way == "in":
        opt(alice, "out")
    before = alice.get("/session").json()["access"]
    assert opt(alice, way, right=False).status_code == 401
    assert alice.get("/session").json()["access"] == before
    assert events(verifier)[-1] == "proof.wrong"


def test_out_twice_or_in_twice_is_refused(alice: Caller) -> None:
    assert alice.post("/opt-in").status_code == 409
    first, second = alice.post("/opt-out").json(), alice.post("/opt-out").json()
    assert alice.card
    for asked, status in ((first, 200), (second, 403)):  # restricted by then
        response = {"answer": alice.card.shows(asked["prompt"]["challenge"])}
        assert alice.post(f"/opt-out/{asked['proof']}", response).status_code == status
    assert alice.post("/opt-out").status_code == 403


def test_an_answer_for_the_one_is_none_for_the_other(alice: Caller) -> None:
    asked = alice.post("/opt-out").json()
    assert alice.card
    response = {"answer": alice.card.shows(asked["prompt"]["challenge"])}
    assert alice.post(f"/opt-in/{asked['proof']}", response).status_code == 404
    assert alice.post(f"/shares/proofs/{asked['proof']}", response).status_code == 404


def test_without_a_device_there_is_nothing_to_opt_out_of(verifier: Verifier, api: Api) -> None:
    bob = customer(verifier, api, "bob", "U200", BOB, card=False)
    assert bob.post("/opt-out").status_code == 409


def test_without_the_right_the_primary_user_is_named(
    verifier: Verifier, api: Api, alice: Caller
) -> None:
    add_user(verifier, "dan")
    join(verifier, "U100", "dan", security=False)
    card = Card(number=31)
    add_card(verifier, card, "dan")
    dan = Caller(api, "dan", card).log_in()
    refused = dan.post("/opt-out")
    assert refused.status_code == 403
    assert "alice, has it" in refused.json()["detail"]
    assert events(verifier)[-1] == "access.refused"


def test_staff_do_not_opt_out(verifier: Verifier, api: Api) -> None:
    assert staff(verifier, api, "carol", Role.SUPPORT).post("/opt-out").status_code == 403


def test_a_closed_account_has_nothing_to_opt(verifier: Verifier, alice: Caller) -> None:
    close(verifier)
    assert alice.post("/opt-out").status_code == 403


# --- documents


def test_a_closed_account_is_read_only_with_statements_and_tax_forms(
    verifier: Verifier, api: Api, alice: Caller, clock: ToldClock
) -> None:
    close(verifier)
    reader = Caller(api, "alice").log_in()
    assert reader.access == "read_only"
    listed = reader.get("/documents").json()["documents"]
    assert listed == [
        {"id": "statement-2026-03", "kind": "statement"},
        {"id": "tax-form-2026", "kind": "tax-form"},
    ]
    for each in listed:
        answer = reader.get(f"/documents/{each['id']}")
        assert answer.headers["content-type"] == "application/pdf"
        (page,) = PdfReader(BytesIO(answer.content)).pages
        text = page.extract_text()
        assert "Alice Doe" in text
        assert "U100" in text
        assert "SAMPLE" in text
        assert "219099999" not in text
        assert ("•••9999" in text) is (each["kind"] == "tax-form")


def test_a_period_has_its_document_when_it_is_over() -> None:
    opened = date(2025, 11, 15)
    found = [
        each.id
        for each in shelf.over(shelf.of_account(opened, date(2026, 2, 28)), date(2026, 2, 28))
    ]
    assert found == ["statement-2026-01", "statement-2025-12", "statement-2025-11", "tax-form-2025"]
    leap = shelf.of_account(date(2024, 2, 1), date(2024, 2, 29))
    assert leap[0].last == date(2024, 2, 29)
    assert len(shelf.of_account(date(2000, 1, 1), date(2026, 1, 1))) == 24 + 27


def test_a_document_that_is_not_there(verifier: Verifier, api: Api, alice: Caller) -> None:
    close(verifier)
    for name in (
        "statement-2026-04",
        "statement-2025-12",
        "statement-2026-13",
        "tax-form-0000",
        "..%2f..%2fmaster.key",
        "x" * 300,
        "statement-٢٠٢٦-٠٣",
    ):
        assert alice.get(f"/documents/{name}").status_code == 404, name
    assert Caller(api, "nobody").get("/documents").status_code == 401


def test_names_beyond_latin_stand_in_the_document(verifier: Verifier, api: Api) -> None:
    dan = customer(verifier, api, "dan", "U300", ALICE | {"name": "陳大文"})
    close(verifier, "U300")
    answer = dan.get("/documents/statement-2026-03")
    assert answer.status_code == 200
    (page,) = PdfReader(BytesIO(answer.content)).pages
    assert "陳大文" in page.extract_text()
