"""A backup is the whole verifier in one encrypted file; what is not whole is not restored."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from server import cli
from server.audit.verify import verify
from server.backup import quarantine, restoring, rows, sealed
from server.backup.sealed import Passphrase
from server.crypto import keyring
from server.crypto.secrets_table import AUDIT
from server.db.tables import metadata
from server.errors import BackupRefused, DataDirRefused, ServerError
from server.verifier import Verifier
from tests.doors import secret_file

from ..support import PASSWORD, PIN, Api, Card, add_card, add_user, commands_find, environment_of
from .saved import KEY, WORDS, Saved


@pytest.fixture
def saved(verifier: Verifier, card: Card, api: Api, tmp_path: Path) -> Saved:
    """A backup of a verifier that one user has logged in to."""
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    return Saved(verifier, tmp_path).make()


def content(verifier: Verifier) -> dict[str, list[Any]]:
    with verifier.database.reading() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }


def in_the_file(saved: Saved) -> list[Any]:
    with saved.file.open("rb") as file:
        return list(restoring.lines(sealed.opened(file, saved.secret)))


CHANGED = {"sessions", "logins", "cards", "audit_log", "audit_head", "audit_seals"}
"""What a restore itself changes."""


def test_everything_comes_back(saved: Saved) -> None:
    before = content(saved.verifier)
    with saved.opened() as again:
        after = content(again)
        assert after["users"]
        for name in set(before) - CHANGED:
            assert after[name] == before[name], name
        # The row that tells of the backup is written when it is made; then the restore's.
        assert after["audit_log"][:-1] == before["audit_log"][:-1]
        assert verify(again.database, again.secrets.get(AUDIT), again.anchor).problem is None
        assert [row[2] for row in after["audit_log"]][-1] == "backup.restored"
        assert again.anchor.read() != saved.verifier.anchor.read()


def test_it_is_readable_by_its_owner_alone_and_holds_nothing_in_plain_sight(saved: Saved) -> None:
    assert saved.file.stat().st_mode & 0o777 == 0o600
    held = saved.file.read_bytes()
    for secret in (PASSWORD.encode(), saved.verifier.secrets.get(AUDIT), b"alice", b"argon2"):
        assert secret not in held
    assert [path.name for path in saved.folder.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("secret", [WORDS, KEY], ids=["passphrase", "key"])
def test_the_master_key_is_in_it_only_where_that_was_asked_for(
    verifier: Verifier, card: Card, tmp_path: Path, secret: sealed.Secret
) -> None:
    saved = Saved(verifier, tmp_path, secret).make()
    key = saved.master_key.splitlines()[-1]
    assert key not in str(in_the_file(saved))
    with pytest.raises(BackupRefused, match="--master-key"):
        saved.restore(master_key=None)
    saved.file.unlink()
    saved.with_key = True
    assert key in str(in_the_file(saved.make()))
    with saved.opened(master_key=None) as again:
        path = again.settings.data / "master.key"
        assert path.read_text() == saved.master_key
        assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_made_while_others_write_and_sees_one_moment(
    verifier: Verifier, card: Card, api: Api, tmp_path: Path
) -> None:
    done = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not done.is_set():
            add_user(verifier, f"user-{len(written)}")
            written.append("")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backups = []
        for number in range(2):
            (tmp_path / str(number)).mkdir()
            backups.append(Saved(verifier, tmp_path / str(number)).make())
    finally:
        done.set()
        writer.join()
    for saved in backups:
        with saved.opened() as again:
            users = [row[0] for row in content(again)["users"]]
            assert users == list(range(1, len(users) + 1))  # no gap: one moment
    assert written


def test_what_stands_is_not_overwritten(saved: Saved) -> None:
    before = saved.file.read_bytes()
    with pytest.raises(BackupRefused, match="there already"):
        saved.make()
    assert saved.file.read_bytes() == before


def test_a_backup_that_fails_leaves_no_file(
    verifier: Verifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows, "written", full)
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="space"):
        Saved(verifier, tmp_path / "there").make()
    assert list((tmp_path / "there").iterdir()) == []


# --- what is not whole


def refused(saved: Saved, reason: str | None = None, **more: Any) -> None:
    with pytest.raises(BackupRefused, match=reason):
        saved.restore(**more)
    assert not saved.settings.data.exists()


def test_a_backup_that_is_cut_anywhere_is_refused(saved: Saved) -> None:
    whole = saved.file.read_bytes()
    for length in {*range(0, 200, 7), *range(200, len(whole), len(whole) // 20), len(whole) - 1}:
        saved.file.write_bytes(whole[:length])
        refused(saved)


def test_a_backup_of_several_pieces_cannot_lose_or_swap_one(
    verifier: Verifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "_PIECE", 500)
    saved = Saved(verifier, tmp_path).make()
    whole = saved.file.read_bytes()
    first = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    step = 4 + 500 + 16
    head, pieces = whole[:first], [whole[at : at + step] for at in range(first, len(whole), step)]
    assert len(pieces) > 3
    saved.file.write_bytes(head + b"".join(pieces[:-1]))  # cut between two
    refused(saved, "cut off")
    saved.file.write_bytes(head + pieces[0] + b"".join(pieces[2:]))
    refused(saved, "after piece 1")
    saved.file.write_bytes(head + pieces[0] + pieces[2] + pieces[1] + b"".join(pieces[3:]))
    refused(saved, "after piece 1")
    saved.file.write_bytes(whole + pieces[-1])
    refused(saved)


def test_a_flipped_bit_anywhere_is_found(saved: Saved) -> None:
    whole = saved.file.read_bytes()
    for at in {*range(160), *range(160, len(whole), len(whole) // 20), len(whole) - 1}:
        bad = bytearray(whole)
        bad[at] ^= 1
        saved.file.write_bytes(bytes(bad))
        refused(saved)


def test_under_another_secret_it_does_not_open(saved: Saved) -> None:
    refused(saved, "passphrase or key", secret=Passphrase("another passphrase"))
    refused(saved, "--passphrase-file", secret=KEY)
    saved.file.unlink()
    saved.secret = KEY
    saved.make()
    refused(saved, "--key-file", secret=WORDS)


def test_another_format_and_other_files_are_told_apart(saved: Saved) -> None:
    whole = saved.file.read_bytes()
    saved.file.write_bytes(whole.replace(b"backup 1", b"backup 2", 1))
    refused(saved, "another format")
    saved.file.write_bytes(b"SQLite format 3\0")
    refused(saved, "not a backup")


def test_a_backup_of_a_newer_version_is_refused(saved: Saved) -> None:
    saved.file.unlink()
    with saved.verifier.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    refused(saved.make(), "newer version")


def test_a_backup_whose_audit_log_was_edited_is_refused(saved: Saved) -> None:
    saved.file.unlink()
    with saved.verifier.database.writing() as connection:
        connection.execute(text("UPDATE audit_log SET actor = 'user:mallory' WHERE seq = 2"))
    refused(saved.make(), "row 2 is not what was written")


def test_with_another_master_key_nothing_is_put_in_place(saved: Saved, tmp_path: Path) -> None:
    keyring.create_file(tmp_path / "other.key")
    with pytest.raises(ServerError, match="put that key back"):
        saved.restore(master_key=(tmp_path / "other.key").read_text())
    assert not saved.settings.data.exists()


def test_a_directory_that_is_not_empty_is_left_alone(saved: Saved) -> None:
    data = saved.settings.data
    data.mkdir()
    (data / "challng.db").write_text("somebody's")
    with pytest.raises(DataDirRefused, match="not empty"):
        saved.restore()
    assert (data / "challng.db").read_text() == "somebody's"


def test_an_empty_directory_is_filled_and_left_empty_by_a_failure(saved: Saved) -> None:
    data = saved.settings.data
    data.mkdir()
    with pytest.raises(BackupRefused):
        saved.restore(secret=Passphrase("another passphrase"))
    assert list(data.iterdir()) == []
    (data / ".restoring").mkdir()  # a restore that was killed
    saved.restore()
    assert {"challng.db", "master.key", "audit.anchor"} <= {each.name for each in data.iterdir()}


# --- so that nothing is forgotten


def test_somebody_has_decided_what_a_restore_does_to_each_table() -> None:
    assert set(quarantine.DECIDED) == set(metadata.tables)


def test_every_column_can_be_backed_up() -> None:
    for table in metadata.tables.values():
        assert {rows.kind_of(column) for column in table.columns} <= {
            "int",
            "text",
            "bool",
            "bytes",
            "date",
            "real",
        }


def test_pins_come_back_sealed(saved: Saved) -> None:
    saved.file.unlink()
    second = Card(number=2)
    add_card(saved.verifier, second, pin="8152")
    with saved.make().opened() as again:
        cards = content(again)["cards"]
        assert len(cards) == 2
        assert PIN not in str(cards)


# --- the commands


def run(*arguments: object) -> int:
    return cli.main([str(each) for each in arguments])


def test_the_two_commands(
    saved: Saved, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands_find(saved.verifier, monkeypatch)
    folder, data = saved.folder, saved.verifier.settings.data
    short = secret_file(folder / "short", "eleven char")
    words = secret_file(folder / "words", "twelve chars")
    file, again = folder / "file", folder / "again"
    assert run("backup", file, "--passphrase-file", short) == 1
    assert not file.exists()
    assert run("backup", file, "--passphrase-file", words) == 0
    assert run("backup", file, "--passphrase-file", words) == 1
    for name in environment_of(saved.verifier):
        monkeypatch.delenv(name)
    assert run("--data", again, "restore", file, "--passphrase-file", words) == 1
    assert "--master-key" in capsys.readouterr().err
    key = ("--master-key", data / "master.key")
    assert run("--data", again, "restore", file, "--key-file", words, *key) == 1
    assert run("--data", again, "restore", folder / "nothing", "--passphrase-file", words) == 1
    assert not again.exists()
    assert run("--data", again, "restore", file, "--passphrase-file", words, *key) == 0
    assert "1 cards and phones answer twice" in capsys.readouterr().out
    assert run("--data", again, "audit", "verify") == 0
    assert run("--data", again, "restore", file, "--passphrase-file", words, *key) == 1
    assert run("restore", file) == 2
