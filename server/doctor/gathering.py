"""Looking at an installation; nothing is changed, and nothing is sent."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from .. import tls
from ..accounts.passwords import Hasher
from ..accounts.roles import Role
from ..audit.events import Event
from ..clock import Clock
from ..crypto.keyring import Keyring, KeySource, find_source
from ..db import migrate
from ..db.engine import Database
from ..db.tables import audit_head, audit_log, users
from ..errors import SettingsRefused
from ..notify import due
from ..settings import Settings
from .facts import DatabaseFacts, Facts, FileFact, Reached

_CONNECT_SECONDS = 5
_TIME_ERROR = 5
_TIMEX_BYTES = 512
_FIRST_TRIED = ("password", "passw0rd", "changeme", "postgres", "challng", "12345678", "admin")
_PORTS = {"mailto": 25, "mailtos": 587, "json": 80, "xml": 80, "form": 80}
_PORTS |= {"jsons": 443, "xmls": 443, "forms": 443}
_FILES = ("challng.db", "challng.db-wal", "master.key", "audit.anchor")


def gather(settings: Settings, clock: Clock, environment: Mapping[str, str] = os.environ) -> Facts:
    """Look at the installation of `settings`."""
    source = find_source(settings.data, environment)
    error, inside = _look_inside(settings, clock)
    pair_error, until = _certificate(settings)
    return Facts(
        now=clock.now(),
        synchronised=synchronised(),
        files=tuple(_files(settings.data, source)),
        key_error=_key_error(source),
        key_beside_database=(
            settings.database_url is None
            and source.path is not None
            and source.path.parent == settings.data
        ),
        default_password=_is_first_tried(settings),
        free=shutil.disk_usage(settings.data).free if settings.data.is_dir() else 0,
        database_error=error,
        database=inside,
        public_url=settings.public_url,
        https=settings.https,
        trusted_proxies=settings.trusted_proxies,
        tls=settings.tls_cert is not None,
        tls_error=pair_error,
        certificate_until=until,
        reached=tuple(_reached(settings)),
    )


def synchronised() -> bool | None:
    """Ask the kernel whether its clock is kept by a time service (adjtimex(2)); None: unknown."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def _files(data: Path, source: KeySource) -> Iterator[FileFact]:
    paths = [data, *(data / name for name in _FILES)]
    if source.path is not None and source.path not in paths:
        paths.append(source.path)
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        yield FileFact(str(path), status.st_mode, status.st_uid)


def _key_error(source: KeySource) -> str | None:
    try:
        Keyring(source)
    except SettingsRefused as error:
        return str(error)
    return None


def _is_first_tried(settings: Settings) -> bool:
    if settings.database_url is None:
        return False
    from ..db import postgres  # loads slowly, and is not needed without a server

    user, password = postgres.account(settings.database)
    return password is not None and password in {*_FIRST_TRIED, user, ""}


def _certificate(settings: Settings) -> tuple[str | None, datetime | None]:
    try:
        pair = tls.pair(settings)
        return None, None if pair is None else tls.expiry(pair.certificate)
    except SettingsRefused as error:
        return str(error), None


def _look_inside(settings: Settings, clock: Clock) -> tuple[str | None, DatabaseFacts | None]:
    file = None if settings.database_url else settings.data / "challng.db"
    if file is not None and not file.is_file():
        return f"There is no verifier in {settings.data}.", None
    database = Database(settings.database)
    try:
        with database.reading() as connection:
            if not migrate.has_tables(connection):
                return "The database is not a verifier's.", None
            if not migrate.is_current(connection):
                return None, DatabaseFacts(migrated=False)
            return None, _read(connection, settings, clock, file)
    except SQLAlchemyError as error:
        return f"The database does not answer ({type(error).__name__}).", None
    finally:
        database.close()


def _read(
    connection: Connection, settings: Settings, clock: Clock, file: Path | None
) -> DatabaseFacts:
    head = connection.execute(select(audit_head)).one()
    newest = select(func.max(audit_log.c.at))
    backups = newest.where(
        audit_log.c.event.in_([Event.BACKUP_MADE.value, Event.BACKUP_RESTORED.value])
    )
    unsealed = select(func.min(audit_log.c.at)).where(audit_log.c.seq > head.sealed_seq)
    damage = None
    if file is not None:
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        damage = None if said == "ok" else str(said)
    return DatabaseFacts(
        damage=damage,
        size=None if file is None else file.stat().st_size,
        wal=None if file is None else _size(file.with_name(f"{file.name}-wal")),
        newest_row=connection.execute(newest).scalar_one(),
        unsealed=head.seq - head.sealed_seq,
        unsealed_since=connection.execute(unsealed).scalar_one(),
        overdue=due.overdue(connection, clock.now()),
        backup_at=connection.execute(backups).scalar_one(),
        made_at=connection.execute(select(func.min(audit_log.c.at))).scalar_one(),
        guessable=tuple(_guessable(connection, settings)),
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _guessable(connection: Connection, settings: Settings) -> Iterator[str]:
    """Name who works at the desk by a password that everybody tries first."""
    hasher = Hasher(settings)
    staff = select(users.c.name, users.c.password_hash).where(
        users.c.role != Role.CUSTOMER.value, users.c.locked_at.is_(None)
    )
    for row in connection.execute(staff.order_by(users.c.name)):
        tried = (each for each in (*_FIRST_TRIED, row.name) if len(each) >= settings.password_min)
        if any(hasher.verify(row.password_hash, each) for each in tried):
            yield row.name


def _reached(settings: Settings) -> Iterator[Reached]:
    for name, url in (
        ("CHALLNG_MAIL_URL", settings.mail_url),
        ("CHALLNG_SMS_URL", settings.sms_url),
    ):
        if url is not None:
            yield Reached(name, _unreachable(url))


def _unreachable(url: SecretStr) -> str | None:
    """Say why a notice would not get away, as far as connecting shows it."""
    from apprise import Apprise  # loads slowly

    text = (
        url.get_secret_value().replace("{mail}", "a@example.com").replace("{phone}", "12025550123")
    )
    service = Apprise.instantiate(text, suppress_exceptions=True)
    if service is None:
        return "it is not an Apprise URL"
    host = getattr(service, "smtp_host", None) or getattr(service, "host", None)
    port = getattr(service, "port", None) or _PORTS.get(text.partition("://")[0])
    if not host or not port:
        return None  # a gateway of its own: its library knows where
    try:
        socket.create_connection((str(host), int(port)), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        return f"{host} port {port} cannot be reached ({error.strerror or error})"
    return None
