"""What is wrong, decided over facts alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from .facts import DatabaseFacts, Facts, Finding, Level

_SLACK = timedelta(minutes=5)
_SEAL_AGE = timedelta(hours=1)
_CERTIFICATE = timedelta(days=21)
_BACKUP = timedelta(days=2)
_LEAST_FREE = 256 << 20
_LOW_FREE = 2 << 30
_LARGE_WAL = 1 << 30


def findings(facts: Facts) -> list[Finding]:
    """Return what was found, the worst first."""
    found = [each for check in _CHECKS for each in check(facts)]
    return sorted(found, key=lambda each: each.level is not Level.WRONG)


def _clock(facts: Facts) -> Iterator[Finding]:
    newest = facts.database.newest_row if facts.database else None
    if newest is not None and newest > facts.now + _SLACK:
        yield _wrong(
            f"The clock is behind: the audit log has a row of {newest:%Y-%m-%d %H:%M} UTC.",
            "Set the clock (timedatectl set-ntp true). Until then challenges and sessions live "
            "longer than they should.",
        )
    if facts.synchronised is False:
        yield _advice(
            "The kernel says that the clock is not synchronised.",
            "Have a time service run (systemd-timesyncd or chrony).",
        )


def _files(facts: Facts) -> Iterator[Finding]:
    for file in facts.files:
        if file.mode & 0o077:
            yield _wrong(
                f"Others may open {file.path} (mode {file.mode & 0o777:o}).",
                f"chmod {'700' if file.mode & 0o111 else '600'} {file.path}. If others had "
                "accounts here, rotate the master key (challng-server key rotate).",
            )
    owners = {file.owner for file in facts.files[:1]}
    for file in facts.files[1:]:
        if file.owner not in owners | {0}:
            yield _wrong(
                f"{file.path} belongs to another user than the data directory.",
                "chown it to the user that the verifier runs as.",
            )


def _secrets(facts: Facts) -> Iterator[Finding]:
    if facts.key_error:
        yield _wrong(facts.key_error, "Nothing opens without it.")
    if facts.key_beside_database:
        yield _advice(
            "The master key lies beside the database: a copy of the directory opens everything.",
            "Give it as a systemd credential or in CHALLNG_MASTER_KEY_FILE, and keep it off "
            "whatever copies the data directory.",
        )
    if facts.default_password:
        yield _wrong(
            "The password in CHALLNG_DATABASE_URL is one that everybody tries first.",
            "Give the database's user a password of its own.",
        )
    for name in facts.database.guessable if facts.database else ():
        yield _wrong(
            f"The password of {name}, who works at the desk, is one that everybody tries first.",
            f"challng-server user passwd {name}",
        )


def _web(facts: Facts) -> Iterator[Finding]:
    public = facts.public_url or ""
    if facts.tls_error:
        yield _wrong(facts.tls_error, "The verifier does not start with it.")
    if facts.certificate_until is not None:
        left = facts.certificate_until - facts.now
        if left <= timedelta(0):
            yield _wrong(
                f"The certificate has run out on {facts.certificate_until:%Y-%m-%d}.",
                "Renew it, and restart the verifier.",
            )
        elif left < _CERTIFICATE:
            yield _advice(
                f"The certificate runs out on {facts.certificate_until:%Y-%m-%d}.",
                "Renew it, and restart the verifier: it is read at the start.",
            )
    if public.startswith("https:") and not (facts.https or facts.tls):
        yield _wrong(
            "CHALLNG_PUBLIC_URL is https, and CHALLNG_HTTPS is not set.",
            "Set CHALLNG_HTTPS=true: cookies are not kept to https otherwise.",
        )
    if facts.https and not facts.tls and not facts.trusted_proxies:
        yield _wrong(
            "CHALLNG_HTTPS is set, but neither TLS files nor a trusted proxy.",
            "Name the proxy's address in CHALLNG_TRUSTED_PROXIES: without it everybody's wrong "
            "passwords are counted as one address's.",
        )
    if not public:
        yield _advice(
            "CHALLNG_PUBLIC_URL is not set: there are no mobile keys.",
            "Set it to the address that people open, such as https://login.example.com.",
        )


def _database(facts: Facts) -> Iterator[Finding]:
    if facts.database_error:
        yield _wrong(
            facts.database_error, "Start the database, or correct CHALLNG_DATABASE_URL or --data."
        )
    if facts.free < _LEAST_FREE:
        yield _wrong(
            f"{facts.free >> 20} MiB are free on the disk of the data directory.",
            "Make room: when it is full nobody can log in.",
        )
    elif facts.free < _LOW_FREE:
        yield _advice(
            f"{facts.free >> 20} MiB are free on the disk of the data directory.", "Make room."
        )
    if facts.database is not None:
        yield from _within(facts, facts.database)


def _within(facts: Facts, database: DatabaseFacts) -> Iterator[Finding]:
    if not database.migrated:
        yield _wrong(
            "The database is of another version than this program.", "challng-server upgrade"
        )
    if database.damage:
        yield _wrong(
            f"The database is damaged: {database.damage}.",
            "Stop the verifier, keep the directory as it is, and restore a backup beside it.",
        )
    if database.wal is not None and database.wal > _LARGE_WAL:
        yield _advice(
            f"The database's write-ahead log has {database.wal >> 20} MiB.",
            "Something reads for hours: end it, or restart the verifier.",
        )
    since = database.unsealed_since
    if since is not None and facts.now - since > _SEAL_AGE:
        yield _wrong(
            f"{database.unsealed} rows of the audit log are not sealed, the oldest of "
            f"{since:%Y-%m-%d %H:%M} UTC.",
            "Run challng-server audit seal by a timer (challng-server-seal.timer).",
        )
    if database.overdue:
        yield _wrong(
            f"{database.overdue} notices are overdue.",
            "Run challng-server tick by a timer (challng-server-tick.timer), and read its log.",
        )
    last = database.backup_at or database.made_at
    if last is not None and facts.now - last > _BACKUP:
        told = f"The last backup is of {last:%Y-%m-%d}" if database.backup_at else "No backup yet"
        yield _wrong(f"{told}.", "Run challng-server backup by a timer (docs/backup.md).")


def _notices(facts: Facts) -> Iterator[Finding]:
    for each in facts.reached:
        if each.error:
            yield _wrong(f"{each.setting}: {each.error}.", "Correct it, or start what is there.")
    if not facts.reached:
        yield _advice(
            "Neither CHALLNG_MAIL_URL nor CHALLNG_SMS_URL is set: nobody gets a notice.",
            "Set one (docs/verifier.md#notices).",
        )


def _wrong(what: str, do: str) -> Finding:
    return Finding(Level.WRONG, what, do)


def _advice(what: str, do: str) -> Finding:
    return Finding(Level.ADVICE, what, do)


_CHECKS = (_clock, _files, _secrets, _web, _database, _notices)
