"""An action's digest and its challenge."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import ocra
from server.confirmations.action import Action, Bound, Line, challenge, is_readable
from server.factors import card
from server.factors.card import CardState

BOUND = Bound(
    verifier="https://login.example.com",
    application="bank",
    user="alice",
    action=Action("Pay 250.00 EUR", (Line("To", "DE89"), Line("For", "rent"))),
    nonce=bytes(16),
    expires_at=datetime(2026, 3, 1, 12, 5, tzinfo=UTC),
)
DIGEST = st.binary(min_size=32, max_size=32)


def test_the_spelling_is_the_documented_one() -> None:
    assert BOUND.canonical() == (
        b'{"action":{"lines":[{"label":"To","value":"DE89"},{"label":"For","value":"rent"}],'
        b'"title":"Pay 250.00 EUR"},"application":"bank","expires":"2026-03-01T12:05:00Z",'
        b'"kind":"challng confirmation 1","nonce":"AAAAAAAAAAAAAAAAAAAAAA","user":"alice",'
        b'"verifier":"https://login.example.com"}'
    )
    assert BOUND.digest == hashlib.sha256(BOUND.canonical()).digest()


@pytest.mark.parametrize(
    "other",
    [
        replace(BOUND, verifier="https://login.example.org"),
        replace(BOUND, application="shop"),
        replace(BOUND, user="bob"),
        replace(BOUND, nonce=b"\x01" + bytes(15)),
        replace(BOUND, expires_at=BOUND.expires_at + timedelta(seconds=1)),
        replace(BOUND, action=replace(BOUND.action, title="Pay 2500.0 EUR")),
        replace(BOUND, action=replace(BOUND.action, lines=BOUND.action.lines[::-1])),
        replace(BOUND, action=Action("Pay 250.00 EUR", (Line("T", "oDE89"), Line("For", "rent")))),
    ],
)
def test_whatever_is_changed_changes_the_digest(other: Bound) -> None:
    assert other.digest != BOUND.digest


def test_what_is_kept_is_read_again() -> None:
    assert Action.read(BOUND.action.written()) == BOUND.action


# --- the challenge


@given(DIGEST, st.integers(6, 10))
def test_a_challenge_has_the_suites_length_and_begins_with_a_zero(
    digest: bytes, digits: int
) -> None:
    text = challenge(digest, digits)
    assert len(text) == digits
    assert text[0] == "0"


def test_every_challenge_of_the_range_comes_about() -> None:
    lowest, end = 62_500, 100_000
    for number in (0, 1, end - lowest - 1):
        assert challenge(number.to_bytes(32, "big"), 6) == f"{lowest + number:06}"
    assert challenge((end - lowest).to_bytes(32, "big"), 6) == "062500"


def test_no_challenge_has_the_input_of_another_or_of_a_logins() -> None:
    """RFC 6287 pads the hexadecimal number to the right: 16 and 1 are the same question."""
    actions = {f"{number:x}".rstrip("0") for number in range(62_500, 100_000)}
    assert len(actions) == 37_500
    logins = {f"{number:x}".rstrip("0") for number in range(100_000, 1_000_000)}
    assert not actions & logins


def test_the_algorithm_tells_them_apart_too() -> None:
    key = bytes(range(32))
    state = CardState(ocra.DEFAULT_SUITE, 0, key, "7305")

    def shown(question: str) -> str:
        return ocra.response(ocra.DEFAULT_SUITE, key, question=question, counter=0, pin="7305")

    for _ in range(50):
        login = str(card.offer(state)["challenge"])
        assert login[0] != "0"
    assert shown("062500") != shown("625000") != shown("100000")
    assert shown("000001") == shown("000016")  # why the range is what it is


@pytest.mark.parametrize(
    "text", ["a\nb", "a\u202eb", "\u200b", "\x00", "\u2028", "\ud800", "\ue000"]
)
def test_what_does_not_show_as_what_it_is_is_no_action(text: str) -> None:
    assert not is_readable(text)


def test_every_alphabet_is_readable() -> None:
    assert all(is_readable(each) for each in ("Zoë Müller", "付款 250 元", "€ 12,50 – now!", "🙂"))
