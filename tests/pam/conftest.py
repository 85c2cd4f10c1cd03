"""One verifier with a user and a card for all that speaks PAM here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.warm import warm

from .house import House

__all__ = ["house", "warm"]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, warm: None) -> Iterator[House]:
    """The user is root, whom every machine knows: sshd lets in nobody else without changing it."""
    made = House(tmp_path_factory.mktemp("house"), "root")
    made.set_up()
    made.serve()
    yield made
    made.stop()
