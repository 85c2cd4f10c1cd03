"""A verifier with one user, alice, and one card of hers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server import logs
from server.verifier import Verifier

from .apps import seats
from .lent import lent_databases
from .support import Api, Card, ToldClock, add_card, add_user, make_verifier

__all__ = ["api", "card", "clock", "lent_databases", "seats", "verifier"]


@pytest.fixture(autouse=True)
def logs_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is run in this process does not set up logging for all tests after it."""
    monkeypatch.setattr(logs, "configure", lambda: None)


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def card(verifier: Verifier) -> Card:
    held = Card()
    add_card(verifier, held)
    return held


@pytest.fixture
def api(verifier: Verifier) -> Api:
    return Api(verifier)
