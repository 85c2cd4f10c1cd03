"""A verifier that registers phones, and alice, who has given her password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.verifier import Verifier

from ..post import Hook, hook
from ..support import ToldClock
from . import Run, make, start


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
