"""Every page and every call against every access level.

What a page or call asks for is read off its route, so that none is left out; what the levels mean
is written down here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select, update

from server.accounts import people, users
from server.accounts.roles import Duty
from server.app import create_app
from server.db.tables import accounts, audit_log, devices
from server.db.tables import users as users_table
from server.factors.kinds import DeviceKind
from server.lifecycle import accounts as account_life
from server.login.access import RIGHTS, Access, Right
from server.portal.cookies import Cookies, new_mark
from server.portal.forms import FIELD, Forms
from server.verifier import Verifier

from . import counter
from .apps import client_of
from .support import Card, add_card, add_user

OPEN = re.compile(
    r"/login.*|/api/v1/login.*|/api/v1/session|/api/v1/provisioning.*|/healthz|/readyz|/metrics"
    r"|/language|/help.*|/openid/.*|/\.well-known/openid-configuration"
    r"|/api/v1/confirmations.*|/validate/.*|/token/.*|/auth"
)
"""What needs no session, or reads it for itself."""

LEVELS = {
    "/": set(Access),
    "/devices": {Access.FULL, Access.PORTAL_ONLY},
    "/code-card": {Access.FULL, Access.PORTAL_ONLY},
    "/online-code-card": {Access.FULL, Access.ONLINE_CODE_CARD_ONLY},
    "/api/v1/devices": {Access.FULL, Access.PORTAL_ONLY},
    "/api/v1/code-card": {Access.FULL, Access.PORTAL_ONLY},
    "/api/v1/online-code-card": {Access.FULL, Access.ONLINE_CODE_CARD_ONLY},
}


@dataclass(frozen=True)
class Door:
    """A page or call: how it is asked, and what it asks for."""

    method: str
    path: str
    right: Right
    duty: Duty | None

    @property
    def is_call(self) -> bool:
        return self.path.startswith("/api/")

    def opens(self, access: Access) -> bool:
        """Tell whether a customer's session of this level passes."""
        return self.right in RIGHTS[access] and self.duty is None


def routes_of(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            inner = getattr(route, "original_router", None)
            yield from routes_of(inner.routes if inner is not None else ())


def asked(route: APIRoute) -> dict[str, Any] | None:
    """Return the right and duty in the closure of a page, or of a call's `caller`."""
    calls: list[Callable[..., Any]] = [route.endpoint]
    calls += [each.call for each in route.dependant.dependencies if each.call is not None]
    for call in calls:
        if inspect.isfunction(call):
            held = inspect.getclosurevars(call).nonlocals
            if isinstance(held.get("right"), Right):
                return dict(held)
    return None


def doors(verifier: Verifier) -> list[Door]:
    found = []
    for route in routes_of(create_app(verifier).routes):
        held = asked(route)
        if held is None:
            assert OPEN.fullmatch(route.path), f"{route.path} asks for no right"
            continue
        for method in sorted(route.methods):
            found.append(Door(method, route.path, held["right"], held["duty"]))
    return found


class Visitor:
    """A customer with a session of one access level."""

    def __init__(self, verifier: Verifier, access: Access) -> None:
        self.verifier = verifier
        self.access = access
        self.name = f"at-{access.value.replace('_', '-')}"
        self.client = client_of(verifier, follow_redirects=False)
        self.cookies = Cookies(verifier.settings.https)
        self.kind, self.device_id = DeviceKind.NONE, None
        add_user(verifier, self.name)
        _ARRANGE[access](self)

    def token(self) -> str:
        """Open a session: one request may end it."""
        with self.verifier.database.writing() as connection:
            user = users.get(connection, self.name)
            opened = self.verifier.sessions.open(
                connection,
                self.verifier.clock.now(),
                user.id,
                user.name,
                self.kind,
                self.device_id,
            )
        assert opened.access is self.access
        return opened.token

    def knock(self, door: Door) -> Any:
        """Ask for a page or call, with a body that is well-formed for none."""
        path = re.sub(r"\{\w+\}", "1", door.path)
        if door.is_call:
            headers = {"Authorization": f"Bearer {self.token()}"}
            body = None if door.method == "GET" else {}
            return self.client.request(door.method, path, json=body, headers=headers)
        mark = new_mark()
        jar = {self.cookies.session_name: self.token(), self.cookies.browser_name: mark}
        self.client.cookies.clear()
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()),
        }
        if door.method == "GET":
            return self.client.get(path, headers=headers)
        form = Forms(self.verifier.secrets).token(mark)
        return self.client.post(path, data={FIELD: form}, headers=headers)

    # --- how one comes by a level

    def has_a_card(self) -> None:
        add_card(self.verifier, Card(number=40), self.name)
        self._use("card")

    def has_nothing(self) -> None:
        pass

    def has_an_old_code(self) -> None:
        counter.issue(self.verifier, self.name)
        with self.verifier.database.writing() as connection:
            connection.execute(
                update(devices)
                .where(devices.c.kind == "temporary_code")
                .values(limited_from=self.verifier.clock.now() - timedelta(hours=1))
            )
        self._use("temporary_code")

    def opted_out(self) -> None:
        self._note(users_table, opted_out_at=self.verifier.clock.now())

    def closed_the_account(self) -> None:
        with self.verifier.database.writing() as connection:
            now = self.verifier.clock.now()
            told = people.Identification(now.date(), "CH", "CH", "passport", "X1")
            entity = people.add_entity(connection, self.verifier.keyring, "A.", told, now)
            account_life.open_(connection, "U1000009", entity, 0, now)
            account_life.join(connection, "U1000009", self.name, is_primary=True)
            connection.execute(update(accounts).values(closed_at=now))

    def _use(self, kind: str) -> None:
        with self.verifier.database.reading() as connection:
            user = users.get(connection, self.name)
            self.device_id = connection.execute(
                select(devices.c.id).where(devices.c.owner_id == user.id, devices.c.kind == kind)
            ).scalar_one()
        self.kind = DeviceKind(kind)

    def _note(self, table: Any, **values: object) -> None:
        with self.verifier.database.writing() as connection:
            connection.execute(update(table).where(table.c.name == self.name).values(**values))


_ARRANGE: dict[Access, Callable[[Visitor], None]] = {
    Access.FULL: Visitor.has_a_card,
    Access.PORTAL_ONLY: Visitor.has_nothing,
    Access.ONLINE_CODE_CARD_ONLY: Visitor.has_an_old_code,
    Access.RESTRICTED: Visitor.opted_out,
    Access.READ_ONLY: Visitor.closed_the_account,
}


def test_the_levels_open_these_pages_and_calls(verifier: Verifier) -> None:
    by_path = {door.path: door for door in doors(verifier) if door.method == "GET"}
    for path, levels in LEVELS.items():
        assert {access for access in Access if by_path[path].opens(access)} == levels, path


@pytest.mark.parametrize("access", Access)
def test_every_page_and_call_opens_to_its_levels_and_to_no_other(
    verifier: Verifier, access: Access
) -> None:
    visitor = Visitor(verifier, access)
    found = doors(verifier)
    assert len(found) > 20
    for door in found:
        answered = visitor.knock(door)
        if door.opens(access):
            assert answered.status_code not in {401, 405, 500}, door
            assert "does not open this page" not in answered.text, door
            assert "does not reach this call" not in answered.text, door
        else:
            assert answered.status_code == 403, (door, answered.status_code)


@pytest.mark.parametrize("access", Access)
def test_what_is_refused_is_written_down_and_changes_nothing(
    verifier: Verifier, access: Access
) -> None:
    visitor = Visitor(verifier, access)
    refused = [door for door in doors(verifier) if not door.opens(access)]
    counted = _rows(verifier)
    for door in refused:
        visitor.knock(door)
    assert _rows(verifier) == [*counted, *["access.refused"] * len(refused)]


def test_nothing_opens_without_a_session(verifier: Verifier) -> None:
    client = client_of(verifier, follow_redirects=False)
    for door in doors(verifier):
        path = re.sub(r"\{\w+\}", "1", door.path)
        answered = client.request(door.method, path, headers={"Accept": "text/html"})
        if door.is_call:
            assert answered.status_code == 401, door
        elif door.method == "GET":
            assert (answered.status_code, answered.headers["location"]) == (303, "/login"), door
        else:
            assert answered.status_code == 403, door  # not a form of ours


def _rows(verifier: Verifier) -> list[str]:
    with verifier.database.reading() as connection:
        return list(
            connection.execute(select(audit_log.c.event).order_by(audit_log.c.seq)).scalars()
        )
