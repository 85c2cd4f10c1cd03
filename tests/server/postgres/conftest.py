"""A real PostgreSQL server, whatever database the other tests run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.verifier import Verifier
from tests.postgres import Server, running

from .. import lent
from ..support import Card, ToldClock, add_card, add_user, make_verifier
from .stumbling import Stumbles


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that these tests may stop and start."""
    yield from running(synchronous_commit="on")  # one that is killed has lost nothing


@pytest.fixture
def verifier(
    tmp_path: Path, clock: ToldClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Verifier]:
    """A verifier on PostgreSQL, with alice."""
    monkeypatch.setattr(lent, "IN_USE", True)
    made = make_verifier(tmp_path, clock, audit_chapter_rows=50, login_keep_days=30)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def stumbles(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> Stumbles:
    return Stumbles(verifier, monkeypatch)


@pytest.fixture
def card(verifier: Verifier) -> Card:
    held = Card()
    add_card(verifier, held)
    return held
