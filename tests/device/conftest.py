"""Cards with keys, and `--record` to take the golden pictures anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device.keystore import CardKey, FileKeyStore
from device.settings import Settings, parse
from device.simulated import SimulatedCard
from protocol.ocra import DEFAULT_SUITE

KEY = bytes(range(32))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record",
        action="store_true",
        help="write tests/device/golden anew; the run then fails, so that nobody leaves it on",
    )


def card_key(
    suite: str = DEFAULT_SUITE, key: bytes = KEY, counter: int = 0, issuer: str = "Example"
) -> CardKey:
    return CardKey("CH00000018", suite, key, counter, issuer)


@pytest.fixture
def store(tmp_path: Path) -> FileKeyStore:
    """A store with one key, in slot A."""
    store = FileKeyStore(tmp_path / "store")
    store.add("A", card_key())
    return store


@pytest.fixture
def settings() -> Settings:
    """The defaults, whatever lies in /etc."""
    return parse({}, "defaults")


@pytest.fixture
def card(store: FileKeyStore, settings: Settings) -> Iterator[SimulatedCard]:
    """A card with one key, powered on."""
    card = SimulatedCard(settings, store)
    yield card
    card.close()


@pytest.fixture
def powered(settings: Settings) -> Iterator[Callable[..., SimulatedCard]]:
    """Power on a card over any store; powered off at the end."""
    cards: list[SimulatedCard] = []

    def on(store: FileKeyStore, with_settings: Settings = settings) -> SimulatedCard:
        for before in cards:
            before.close()
        cards[:] = [SimulatedCard(with_settings, store)]
        return cards[0]

    yield on
    for card in cards:
        card.close()
