"""Secrets at rest: sealed under master keys that can be changed while answering."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, LargeBinary, func, select, update

from server.crypto import keyring, rotation
from server.crypto.keyring import Keyring, KeySource, find_source
from server.db import tables
from server.errors import MasterKeyMissing, SealBroken, SettingsRefused
from server.verifier import Verifier

from .support import PASSWORD, PIN, Api, Card, add_card

PLACE = "cards.pin_sealed:1"


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    keyring.create_file(tmp_path / "master.key")
    return Keyring(KeySource("master.key", path=tmp_path / "master.key"))


def add_key(keys: Keyring) -> None:
    assert keys.source.path is not None
    keyring.add_key(keys.source.path)


def test_what_is_sealed_opens_again_in_its_own_place_alone(keys: Keyring) -> None:
    sealed = keys.seal(b"7305", PLACE)
    assert keys.open(sealed, PLACE) == b"7305"
    assert sealed != keys.seal(b"7305", PLACE)
    for place in ("cards.pin_sealed:2", "cards.key_sealed:1"):
        with pytest.raises(SealBroken, match="moved"):
            keys.open(sealed, place)


def test_a_flipped_bit_anywhere_is_found(keys: Keyring) -> None:
    sealed = keys.seal(b"7305", PLACE)
    for index in range(len(sealed)):
        bad = bytearray(sealed)
        bad[index] ^= 1
        with pytest.raises(SealBroken):
            keys.open(bytes(bad), PLACE)
    with pytest.raises(SealBroken):
        keys.open(b"", PLACE)


def test_the_newest_key_seals_and_every_key_opens(keys: Keyring) -> None:
    old = keys.seal(b"old", PLACE)
    add_key(keys)
    new = keys.seal(b"new", PLACE)  # without being told: the file is looked at
    assert not keys.is_newest(old)
    assert keys.is_newest(new)
    assert (keys.open(old, PLACE), keys.open(new, PLACE)) == (b"old", b"new")


def test_a_worker_learns_of_a_key_when_it_meets_it(keys: Keyring) -> None:
    worker = Keyring(keys.source)
    add_key(keys)
    assert worker.open(keys.seal(b"new", PLACE), PLACE) == b"new"


def test_another_verifiers_key_opens_nothing(keys: Keyring, tmp_path: Path) -> None:
    keyring.create_file(tmp_path / "other.key")
    other = Keyring(KeySource("other.key", path=tmp_path / "other.key"))
    with pytest.raises(MasterKeyMissing, match="put that key back"):
        other.open(keys.seal(b"7305", PLACE), PLACE)


@pytest.mark.parametrize("text", ["", "# nothing\n", "short\n", "A" * 44 + "\n", "é\n"])
def test_a_wrong_master_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Keyring(KeySource("CHALLNG_MASTER_KEY", text=text))
    assert "CHALLNG_MASTER_KEY" in str(refused.value)
    assert not text.strip() or text.strip() not in str(refused.value)


def test_where_the_master_key_comes_from(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert find_source(data, {}).path == data / "master.key"
    (tmp_path / "challng-master-key").touch()
    credential = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert find_source(data, credential).path == tmp_path / "challng-master-key"
    named = credential | {"CHALLNG_MASTER_KEY_FILE": "k"}
    assert find_source(data, named).path == Path("k")
    text = base64.b64encode(bytes(32)).decode()
    source = find_source(data, named | {"CHALLNG_MASTER_KEY": text})
    assert source.path is None
    assert Keyring(source).newest


def test_every_sealed_column_is_part_of_a_rotation() -> None:
    named = {f"{column.table.name}.{column.name}" for column, _ in rotation.SEALED_COLUMNS}
    assert named >= {
        "cards.key_sealed",
        "cards.pin_sealed",
        "code_cards.values_sealed",
        "entities.identification_sealed",
        "entities.name_sealed",
        "logins.detail_sealed",
        "orders.address_sealed",
        "orders.pin_sealed",
        "radius_clients.secret_sealed",
        "secrets.value_sealed",
        "users.contact_sealed",
    }
    assert all(isinstance(column.type, LargeBinary) for column, _ in rotation.SEALED_COLUMNS)
    assert all(len(column.table.primary_key) == 1 for column, _ in rotation.SEALED_COLUMNS)


def test_a_rotation_reseals_everything_between_two_answers(
    api: Api, card: Card, verifier: Verifier, tmp_path: Path
) -> None:
    login, challenge = api.login()
    path = tmp_path / "data" / "master.key"
    keyring.add_key(path)
    operator = Keyring(KeySource("master.key", path=path))
    with verifier.database.reading() as connection:
        own = connection.execute(select(func.count()).select_from(tables.secrets)).scalar_one()
    count = rotation.reseal_all(verifier.database, operator)
    assert count == 2 + own  # the card's key and PIN; the verifier's own
    assert rotation.reseal_all(verifier.database, operator) == 0
    assert api.answer(login, card.shows(challenge)).status_code == 200

    lines = path.read_text().splitlines(keepends=True)
    keys = [line for line in lines if not line.startswith("#")]
    path.write_text(keys[-1])  # the old key is no longer needed
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200


def test_a_rotation_does_not_undo_what_changed_meanwhile(
    card: Card, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading a value and writing it back, somebody seals another one there."""
    keys = verifier.keyring
    assert keys.source.path is not None
    keyring.add_key(keys.source.path)
    keys.reload()
    fresh = keys.seal(b"4926", PLACE)
    reseal = rotation._reseal

    def meanwhile(connection: Connection, *given: Any) -> None:
        if given[1] is tables.cards.c.pin_sealed:  # it was read as sealed under the old key
            connection.execute(update(tables.cards).values(pin_sealed=fresh))
        reseal(connection, *given)

    monkeypatch.setattr(rotation, "_reseal", meanwhile)
    rotation.reseal_all(verifier.database, keys)
    with verifier.database.reading() as connection:
        assert connection.execute(select(tables.cards.c.pin_sealed)).scalar_one() == fresh


@pytest.mark.sqlite
def test_the_files_of_a_verifier_hold_no_secret(
    api: Api, card: Card, verifier: Verifier, tmp_path: Path
) -> None:
    second = Card(number=2, key=b"\xa5second card's key, 32 bytes\x5a..")
    add_card(verifier, second, pin="8152")
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    files = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    secrets = [card.key, second.key, PASSWORD.encode(), token.encode(), b"8152", PIN.encode()]
    for name, content in files.items():
        for secret in secrets:
            if len(secret) > 4:  # four digits may stand in any number
                assert secret not in content, name
                assert secret.hex().encode() not in content, name
    assert {"challng.db", "master.key"} <= set(files)
    for path in (tmp_path / "data").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
