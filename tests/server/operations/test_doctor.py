"""The doctor finds the usual mistakes, each with what to do; a sound installation has none."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from server import cli
from server.accounts import users
from server.accounts.roles import Role
from server.audit.events import Event
from server.db.tables import outbox
from server.doctor import checks, gathering
from server.doctor.facts import DatabaseFacts, Facts, FileFact, Level, Reached
from server.settings import Settings
from server.verifier import Verifier

from ..support import FAST, ToldClock, add_user, commands_find

NOW = ToldClock().now()
SOUND = Facts(
    now=NOW,
    synchronised=True,
    files=(FileFact("/data", 0o40700, 99), FileFact("/data/challng.db", 0o100600, 99)),
    key_error=None,
    key_beside_database=False,
    default_password=False,
    free=64 << 30,
    database_error=None,
    database=DatabaseFacts(
        size=1 << 20, wal=4 << 20, newest_row=NOW, backup_at=NOW, made_at=NOW - timedelta(days=99)
    ),
    public_url="https://login.example.com",
    https=True,
    trusted_proxies=("127.0.0.1",),
    tls=False,
    tls_error=None,
    certificate_until=None,
    reached=(Reached("CHALLNG_MAIL_URL"),),
)


def inside(**more: object) -> dict[str, object]:
    assert SOUND.database
    return {"database": replace(SOUND.database, **more)}  # type: ignore[arg-type]


def test_a_sound_installation_has_no_finding() -> None:
    assert checks.findings(SOUND) == []


WRONG = [
    (inside(newest_row=NOW + timedelta(hours=1)), "The clock is behind"),
    ({"files": (FileFact("/data", 0o40755, 99),)}, "Others may open /data (mode 755)"),
    (
        {"files": (*SOUND.files, FileFact("/etc/master.key", 0o100644, 0))},
        "Others may open /etc/master.key (mode 644)",
    ),
    (
        {"files": (*SOUND.files, FileFact("/data/audit.anchor", 0o100600, 7))},
        "/data/audit.anchor belongs to another user",
    ),
    ({"key_error": "The master key cannot be read."}, "The master key cannot be read"),
    ({"default_password": True}, "CHALLNG_DATABASE_URL"),
    (inside(guessable=("boss",)), "The password of boss"),
    ({"tls": True, "tls_error": "They do not belong together."}, "They do not belong together"),
    ({"tls": True, "certificate_until": NOW - timedelta(days=1)}, "has run out on 2026-02-28"),
    ({"https": False}, "CHALLNG_HTTPS is not set"),
    ({"trusted_proxies": ()}, "neither TLS files nor a trusted proxy"),
    ({"database": None, "database_error": "It does not answer."}, "It does not answer"),
    ({"free": 1 << 20}, "1 MiB are free"),
    (inside(migrated=False), "another version"),
    (inside(damage="row 3 missing from index"), "row 3 missing from index"),
    (inside(unsealed=9, unsealed_since=NOW - timedelta(hours=2)), "9 rows of the audit log"),
    (inside(overdue=4), "4 notices are overdue"),
    (inside(backup_at=NOW - timedelta(days=3)), "The last backup is of 2026-02-26"),
    (inside(backup_at=None), "No backup yet"),
    ({"reached": (Reached("CHALLNG_SMS_URL", "it is gone"),)}, "CHALLNG_SMS_URL: it is gone"),
]
ADVICE = [
    ({"synchronised": False}, "not synchronised"),
    ({"key_beside_database": True}, "The master key lies beside the database"),
    ({"tls": True, "certificate_until": NOW + timedelta(days=9)}, "runs out on 2026-03-10"),
    ({"public_url": None}, "CHALLNG_PUBLIC_URL is not set"),
    ({"free": 1 << 30}, "1024 MiB are free"),
    (inside(wal=2 << 30), "write-ahead log has 2048 MiB"),
    ({"reached": ()}, "nobody gets a notice"),
]


@pytest.mark.parametrize(
    ("change", "words", "level"),
    [(*each, Level.WRONG) for each in WRONG] + [(*each, Level.ADVICE) for each in ADVICE],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_mistake_is_found_alone(change: dict[str, object], words: str, level: Level) -> None:
    (found,) = checks.findings(replace(SOUND, **change))  # type: ignore[arg-type]
    assert words in found.what
    assert found.level is level
    assert found.do


def test_every_finding_that_there_is_was_tried() -> None:
    source = Path(checks.__file__).read_text()
    made = len(re.findall(r"yield _(?:wrong|advice)\(", source))
    assert made == len(WRONG) + len(ADVICE) - 2  # two texts each: a mode, no backup yet


def test_what_is_wrong_comes_first() -> None:
    found = checks.findings(replace(SOUND, synchronised=False, free=0))
    assert [each.level for each in found] == [Level.WRONG, Level.ADVICE]


# --- looking at a real one


def look(verifier: Verifier, **more: object) -> Facts:
    where = {"data": verifier.settings.data, "database_url": verifier.settings.database_url}
    given = Settings(**(where | FAST | more))  # type: ignore[arg-type]
    return gathering.gather(given, verifier.clock, {})


def test_what_is_there_is_seen(verifier: Verifier, clock: ToldClock) -> None:
    facts = look(verifier)
    assert facts.database
    in_a_file = verifier.database.is_sqlite
    assert facts.key_beside_database is in_a_file
    names = {Path(each.path).name for each in facts.files}
    assert names >= {"data", "master.key", "audit.anchor"}
    assert ("challng.db" in names) is in_a_file
    assert all(each.mode & 0o077 == 0 for each in facts.files)
    assert facts.free > 0
    assert (facts.database.damage, facts.database.migrated) == (None, True)
    assert facts.database.newest_row == clock.now()
    assert facts.database.backup_at is None


def test_mistakes_that_were_made_are_seen(verifier: Verifier, clock: ToldClock) -> None:
    data = verifier.settings.data
    (data / "master.key").chmod(0o644)
    add_user(verifier, "boss", "changeme")
    with verifier.database.writing() as connection:
        boss = users.get(connection, "boss")
        connection.execute(update(users.users).values(role=Role.ADMIN.value))
        connection.execute(
            insert(outbox).values(
                user_id=boss.id, notice="pin_changed", once="x", values="{}",
                made_at=clock.now(), due_at=clock.now(), tries=0,
            )
        )  # fmt: skip
        verifier.audit.write(connection, clock.now(), Event.USER_ADDED, "cli:test")
    clock.advance(7_200)
    facts = look(verifier)
    assert facts.database
    assert facts.database.overdue == 1
    assert facts.database.guessable == ("boss",)
    assert facts.database.unsealed_since == clock.now() - timedelta(hours=2)
    assert [each.mode & 0o777 for each in facts.files if each.path.endswith(".key")] == [0o644]
    (data / "master.key").unlink()
    assert "cannot be read" in str(look(verifier).key_error)
    with verifier.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert look(verifier).database == DatabaseFacts(migrated=False)


def test_a_database_that_is_none_is_said_to_be(verifier: Verifier, tmp_path: Path) -> None:
    facts = gathering.gather(Settings(data=tmp_path / "nothing"), verifier.clock, {})
    assert "There is no verifier" in str(facts.database_error)
    url = "postgresql+psycopg://challng:challng@127.0.0.1:1/challng"
    facts = look(verifier, database_url=url)
    assert "does not answer" in str(facts.database_error)
    assert facts.default_password
    # Several hosts with their ports, as a verifier has them that follows a primary.
    facts = look(verifier, database_url="postgresql://challng@127.0.0.1:1,127.0.0.1:2/challng")
    assert "does not answer" in str(facts.database_error)
    assert not facts.default_password


def test_a_mail_server_is_connected_to_and_told_nothing(verifier: Verifier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"mailto://user:secret@127.0.0.1:{port}?from=a@example.com&to={{mail}}"
        assert look(verifier, mail_url=url).reached == (Reached("CHALLNG_MAIL_URL"),)
        listener.settimeout(60)
        caller, _ = listener.accept()
        with caller:
            caller.settimeout(60)
            assert caller.recv(1) == b""
    (refused,) = look(verifier, mail_url=url).reached
    assert "cannot be reached" in str(refused.error)
    assert "secret" not in str(refused.error)
    (unread,) = look(verifier, sms_url="nothing-known://x/{phone}").reached
    assert unread.error == "it is not an Apprise URL"


def test_the_command_says_what_to_do_and_fails(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands_find(verifier, monkeypatch)
    (verifier.settings.data / "audit.anchor").chmod(0o666)
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert re.search(r"^wrong: Others may open .*audit\.anchor \(mode 666\)\.$", said, re.M)
    assert "    chmod 600 " in said
