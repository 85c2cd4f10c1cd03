"""The clients' table: adding, a new secret, ending; each is written down."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..accounts.groups import is_name as is_group
from ..accounts.names import is_plain
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..db.tables import openid_clients as table
from ..db.tables import openid_grants
from ..errors import IllegalMove, NotTaken, NotThere
from ..login.access import Access
from ..words import N_
from .client import ACCESS, SCOPES, Client, check_address, secret_hash

PREFIX = "cho_"
"""So that a person, or a scanner of files, sees what a secret is."""
_SECRET_BYTES = 32
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST_NAME = 64
_MOST = 16

_BAD_ID = N_(
    "A client's id has 1 to 64 of the letters a to z, digits, and . _ - and begins with a letter "
    "or a digit. Choose another."
)
_TAKEN = N_("There is, or was, a client of this id, and the audit log names it. Choose another.")
_BAD_NAME = N_("A name has 1 to 64 characters: it is what users are shown.")
_NO_ADDRESS = N_("Give at least one address to come back to, and at most 16.")
_BAD_SCOPE = N_("A scope is not known here, or openid is missing. Correct it.")
_BAD_GROUP = N_("This cannot be the name of a group. Correct it.")
_BAD_ACCESS = N_("This access level opens no application. Choose full, restricted, or both.")
_NO_CLIENT = N_("There is no such client in use.")
_IS_PUBLIC = N_("A public client has no secret: nothing was changed.")


class Clients:
    """Keeps the clients."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def add(self, client: Client, actor: str, *, public: bool = False) -> str | None:
        """Add a client; returns its secret, told this once, or None for a public one.

        Raises NotTaken, with the field that is wrong.
        """
        with self._database.writing() as connection:
            return self.add_in(connection, client, actor, public=public)

    def add_in(
        self, connection: Connection, client: Client, actor: str, *, public: bool = False
    ) -> str | None:
        """Do that within a transaction."""
        client = _checked(client)
        if connection.execute(select(table.c.id).where(table.c.id == client.client_id)).first():
            raise NotTaken(_TAKEN, field="id")
        secret = None if public else _new_secret()
        now = self._clock.now()
        connection.execute(
            insert(table).values(
                id=client.client_id,
                name=client.name,
                secret_hash=None if secret is None else secret_hash(secret),
                redirect_uris=json.dumps(client.redirect_uris),
                logout_uris=json.dumps(client.logout_uris),
                scopes=json.dumps(client.scopes),
                groups=json.dumps(client.groups),
                access=json.dumps(client.access),
                first_party=client.first_party,
                added_at=now,
            )
        )
        self._note(
            connection,
            now,
            Event.OPENID_CLIENT_ADDED,
            actor,
            client.client_id,
            redirect_uris=" ".join(client.redirect_uris),
            public=public,
            first_party=client.first_party,
        )
        return secret

    def renew_secret(self, connection: Connection, client_id: str, actor: str) -> str:
        """Give a client another secret; the old one is worth nothing from then on.

        Raises NotThere, or IllegalMove for a public client.
        """
        found = _get(connection, client_id)
        if found.public:
            raise IllegalMove(_IS_PUBLIC)
        secret = _new_secret()
        connection.execute(
            update(table)
            .where(table.c.id == client_id, table.c.ended_at.is_(None))
            .values(secret_hash=secret_hash(secret))
        )
        now = self._clock.now()
        self._note(connection, now, Event.OPENID_SECRET_SET, actor, client_id)
        return secret

    def end(self, client_id: str, actor: str, reason: str | None = None) -> None:
        """End a client, and with it every code and token of it; raises NotThere."""
        with self._database.writing() as connection:
            now = self._clock.now()
            ended = connection.execute(
                update(table)
                .where(table.c.id == client_id, table.c.ended_at.is_(None))
                .values(ended_at=now, secret_hash=None)
            )
            if ended.rowcount != 1:
                raise NotThere(_NO_CLIENT)
            gone = connection.execute(
                delete(openid_grants).where(openid_grants.c.client_id == client_id)
            ).rowcount
            self._note(
                *(connection, now, Event.OPENID_CLIENT_ENDED, actor, client_id),
                grants=gone,
                reason=reason,
            )

    def find(self, client_id: str | None) -> Client | None:
        """Return a client in use, or None."""
        if client_id is None or not _ID.fullmatch(client_id):
            return None
        with self._database.reading() as connection:
            row = connection.execute(
                select(table).where(table.c.id == client_id, table.c.ended_at.is_(None))
            ).one_or_none()
        return None if row is None else _of(row)

    def all_of_them(self) -> list[Client]:
        """Return all clients by id, the ended ones too."""
        with self._database.reading() as connection:
            return [_of(row) for row in connection.execute(select(table).order_by(table.c.id))]

    def _note(
        self,
        connection: Connection,
        now: datetime,
        event: Event,
        actor: str,
        client_id: str,
        **detail: str | int | bool | None,
    ) -> None:
        self._audit.write(connection, now, event, actor, client_id, **detail)


def _get(connection: Connection, client_id: str) -> Client:
    row = connection.execute(
        select(table).where(table.c.id == client_id, table.c.ended_at.is_(None)).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotThere(_NO_CLIENT)
    return _of(row)


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def _checked(client: Client) -> Client:
    if not _ID.fullmatch(client.client_id):
        raise NotTaken(_BAD_ID, field="id")
    name = client.name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not is_plain(name):
        raise NotTaken(_BAD_NAME, field="name")
    if not 1 <= len(client.redirect_uris) <= _MOST or len(client.logout_uris) > _MOST:
        raise NotTaken(_NO_ADDRESS, field="redirect_uris")
    for address in client.redirect_uris:
        check_address(address, "redirect_uris")
    for address in client.logout_uris:
        check_address(address, "logout_uris")
    if "openid" not in client.scopes or not set(client.scopes) <= set(SCOPES):
        raise NotTaken(_BAD_SCOPE, field="scopes")
    if len(client.groups) > _MOST or not all(map(is_group, client.groups)):
        raise NotTaken(_BAD_GROUP, field="groups")
    if not client.access or not set(client.access) <= set(ACCESS):
        raise NotTaken(_BAD_ACCESS, field="access")
    return replace(client, name=name, scopes=_in_order(client.scopes))


def _in_order(scopes: Sequence[str]) -> tuple[str, ...]:
    return tuple(scope for scope in SCOPES if scope in scopes)


def _of(row: Row[Any]) -> Client:
    return Client(
        client_id=row.id,
        name=row.name,
        redirect_uris=tuple(json.loads(row.redirect_uris)),
        logout_uris=tuple(json.loads(row.logout_uris)),
        scopes=tuple(json.loads(row.scopes)),
        groups=tuple(json.loads(row.groups)),
        access=tuple(Access(value) for value in json.loads(row.access)),
        first_party=row.first_party,
        ended=row.ended_at is not None,
        secret_hash=row.secret_hash,
    )
