"""A verifier with a public address, alice with her card, and one application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.verifier import Verifier
from tests.server.support import Card, ToldClock, add_card, add_user, make_verifier

from .party import ISSUER, Browser, Party, register


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=ISSUER)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def card(verifier: Verifier) -> Card:
    held = Card()
    add_card(verifier, held)
    return held


@pytest.fixture
def party(verifier: Verifier) -> Party:
    return register(verifier)


@pytest.fixture
def browser(verifier: Verifier, card: Card) -> Browser:
    return Browser(verifier, card)
