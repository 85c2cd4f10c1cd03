"""The card's screens in the manual: the key scripts of docs/screens, played on the real firmware.

    python -m tests.manual.screens docs/pictures/screens

A script's first line names the card that it is played on; every `shot` in it is one picture.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from device.keystore import CardKey, FileKeyStore
from device.play import commands_of, play
from device.script import Verb
from device.settings import parse
from device.simulated import SimulatedCard
from drivers.sim.cable import PtyCable
from protocol.ocra import DEFAULT_SUITE

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCRIPTS = DOCS / "screens"
PICTURES = DOCS / "pictures" / "screens"
_ON = re.compile(r"# On (.+)\.")
_GAUGE = {"battery": {"gauge": "max17048"}}


def _key(number: int = 0, suite: str = DEFAULT_SUITE, counter: int = 0) -> CardKey:
    """A key that everybody knows: the pictures are the same each time they are taken."""
    return CardKey("CH00000018", suite, bytes(range(number, number + 32)), counter, "Example")


def _loaded(store: FileKeyStore) -> None:
    store.add("A", _key())


def _for_two(store: FileKeyStore) -> None:
    store.add("A", _key())
    store.add("B", _key(1))


def _damaged(store: FileKeyStore) -> None:
    store.add("A", _key())
    file = store.directory / "slot-A"
    file.write_bytes(file.read_bytes()[:-1])


def _sealed_elsewhere(store: FileKeyStore) -> None:
    store.add("A", _key())
    (store.directory / "host.key").write_bytes(bytes(32))


def _of_another_suite(store: FileKeyStore) -> None:
    store.add("A", _key(suite="OCRA-1:HOTP-SHA1-6:QN08"))


def _blank(_: FileKeyStore) -> None:
    """Nothing is in it."""


CARDS: dict[str, tuple[Callable[[FileKeyStore], None], dict[str, object]]] = {
    "a card with one key": (_loaded, {}),
    "a card for two verifiers": (_for_two, {}),
    "a blank card": (_blank, {"cable": {"port": "/dev/ttyGS0"}}),
    "a card with a damaged store": (_damaged, {}),
    "a card whose sealing key was lost": (_sealed_elsewhere, {}),
    "a card with a key of another suite": (_of_another_suite, {}),
    "a card with key 5 held down": (_loaded, {}),
    "a card with press held down": (_loaded, {}),
    "a card with a full battery": (_loaded, _GAUGE),
    "a card with a low battery": (_loaded, _GAUGE),
    "a card with an empty battery": (_loaded, _GAUGE),
}
_HELD = {"a card with key 5 held down": ["5"], "a card with press held down": ["press"]}
_PERCENT = {
    "a card with a full battery": 96,
    "a card with a low battery": 14,
    "a card with an empty battery": 3,
}


def card_of(script: Path) -> str:
    """The card that a script names in its first line."""
    found = _ON.fullmatch(script.read_text().partition("\n")[0])
    assert found, f"{script.name}: expected its first line to be `# On ...`, with a full stop"
    assert found[1] in CARDS, f"{script.name}: expected one of {sorted(CARDS)}, got {found[1]!r}"
    return found[1]


@contextmanager
def powered(name: str) -> Iterator[SimulatedCard]:
    """The card of that name, powered on."""
    fill, settings = CARDS[name]
    with tempfile.TemporaryDirectory() as folder:
        store = FileKeyStore(Path(folder) / "store")
        fill(store)
        parsed = parse(settings, "the manual")
        cable = PtyCable(Path(folder) / "cable")
        card = SimulatedCard(
            parsed, store, held=_HELD.get(name, ()), cable=cable, sleep=lambda _, seconds: seconds
        )
        try:
            if name in _PERCENT:
                assert card.world.battery is not None
                card.world.battery.percent = _PERCENT[name]
            yield card
        finally:
            card.close()
            cable.unplug()


def take(script: Path, folder: Path) -> list[Path]:
    """Play a script, with its pictures going into `folder`; returns them."""
    commands, shots = [], []
    for command in commands_of(script):
        if command.verb is Verb.SHOT:
            shots.append(folder / command.text)
            command = replace(command, text=str(shots[-1]))
        commands.append(command)
    with powered(card_of(script)) as card:
        play(card, commands, io.StringIO())
    return shots


def scripts() -> list[Path]:
    """The key scripts of the manual."""
    return sorted(SCRIPTS.glob("*.keys"))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for each in scripts():
        take(each, target)
