"""Who may ask by RADIUS: a table, and the list that the server looks senders up in."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from ..accounts import names
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import radius_clients
from ..errors import NoSuchRadiusClient, RadiusClientRefused
from ..login.access import Access
from . import attributes

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SHORTEST_SECRET = 16
"""Octets (RFC 2865 section 3): a packet that was overheard lets anybody try secrets at leisure."""
LONGEST_SECRET = 128
_SEPARATORS = frozenset("!#$%&*+,./:;=?@^_|~-")


@dataclass(frozen=True)
class Rules:
    """How a client is treated; the defaults are the safe ones.

    `signed`: requests without Message-Authenticator are dropped. `names_caller`: the
    Calling-Station-Id is believed, so passwords are slowed down by it. `separator`: the client
    cannot be challenged, and sends password and answer in one with this between them. `accepts`:
    access levels that are let in. `attributes`: JSON, see `attributes`.
    """

    signed: bool = True
    names_caller: bool = False
    separator: str | None = None
    accepts: frozenset[Access] = frozenset({Access.FULL})
    attributes: str = "{}"


@dataclass(frozen=True)
class Client:
    """One client; its secret is kept out of every print."""

    id: int
    name: str
    network: Network
    rules: Rules
    secret: bytes = field(default=b"", repr=False)


def network(text: str) -> Network:
    """Return the network of an address or CIDR notation, or raise RadiusClientRefused."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise RadiusClientRefused(
            "A client's address is one such as 192.0.2.10, or a network such as 192.0.2.0/24 with "
            "no bits set beyond its length: correct it."
        ) from None


def check_secret(secret: str) -> str:
    """Return a secret that is long enough, or raise RadiusClientRefused."""
    if not SHORTEST_SECRET <= len(secret.encode()) <= LONGEST_SECRET or not (
        secret.isascii() and secret.isprintable() and " " not in secret
    ):
        raise RadiusClientRefused(
            f"A client's secret has {SHORTEST_SECRET} to {LONGEST_SECRET} printable characters of "
            "ASCII and no space: make one with `openssl rand -base64 24`."
        )
    return secret


def check_separator(text: str) -> str:
    """Return a separator that is in no answer, or raise RadiusClientRefused."""
    if text not in _SEPARATORS:
        raise RadiusClientRefused(
            f"A separator is one of {' '.join(sorted(_SEPARATORS))}: no answer has any of them."
        )
    return text


def add(
    connection: Connection,
    keyring: Keyring,
    name: str,
    where: Network,
    secret: str,
    rules: Rules,
    now: datetime,
) -> None:
    """Add a client under a name and a network that are not taken; raises RadiusClientRefused."""
    if names.spelled(name) != name:
        raise RadiusClientRefused(
            "A client's name has 1 to 64 of the letters a to z, digits, and . _ @ - : "
            "choose another."
        )
    for column, value, what in (
        (radius_clients.c.name, name, f"of the name {name}"),
        (radius_clients.c.network, str(where), f"at {where}"),
    ):
        if connection.execute(select(radius_clients.c.id).where(column == value)).first():
            raise RadiusClientRefused(
                f"There is a client {what} already: remove that one first, or choose another."
            )
    row_id: int = connection.execute(
        insert(radius_clients)
        .values(
            name=name,
            network=str(where),
            secret_sealed=b"",
            signed=rules.signed,
            names_caller=rules.names_caller,
            separator=rules.separator,
            accepts=",".join(sorted(rules.accepts)),
            attributes=attributes.check(rules.attributes),
            added_at=now,
        )
        .returning(radius_clients.c.id)
    ).scalar_one()
    _seal(connection, keyring, row_id, secret)


def set_secret(connection: Connection, keyring: Keyring, name: str, secret: str) -> None:
    """Give a client another secret; raises NoSuchRadiusClient."""
    found = select(radius_clients.c.id).where(radius_clients.c.name == name)
    row_id = connection.execute(found).scalar_one_or_none()
    if row_id is None:
        raise NoSuchRadiusClient(_unknown(name))
    _seal(connection, keyring, row_id, secret)


def remove(connection: Connection, name: str) -> None:
    """Forget a client and its secret; raises NoSuchRadiusClient."""
    gone = connection.execute(delete(radius_clients).where(radius_clients.c.name == name))
    if gone.rowcount != 1:
        raise NoSuchRadiusClient(_unknown(name))


def all_of_them(connection: Connection, keyring: Keyring | None = None) -> list[Client]:
    """Return all clients by name; with `keyring` their secrets too."""
    rows = connection.execute(select(radius_clients).order_by(radius_clients.c.name))
    return [
        Client(
            row.id,
            row.name,
            ipaddress.ip_network(row.network),
            Rules(
                signed=row.signed,
                names_caller=row.names_caller,
                separator=row.separator,
                accepts=frozenset(Access(each) for each in row.accepts.split(",")),
                attributes=row.attributes,
            ),
            b"" if keyring is None else keyring.open(row.secret_sealed, _place(row.id)),
        )
        for row in rows
    ]


def nearest(clients: Collection[Client], address: str) -> Client | None:
    """Return the client at an address: of several networks that hold it, the smallest."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    fitting = [each for each in clients if found in each.network]
    return max(fitting, key=lambda each: each.network.prefixlen, default=None)


class Directory:
    """The clients as they were a few seconds ago at most: read anew by whoever asks after that."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, lifetime: timedelta
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._lifetime = lifetime
        self._known: tuple[Sequence[Client], datetime] | None = None

    @property
    def fresh(self) -> bool:
        """Whether `find` answers without the database."""
        now, known = self._clock.now(), self._known
        # A clock that was set back must not keep a removed client for as long.
        return known is not None and now < known[1] <= now + self._lifetime

    def read(self) -> None:
        """Read the clients; where that fails there are none, until it does not."""
        try:
            with self._database.reading() as connection:
                clients = all_of_them(connection, self._keyring)
        except BaseException:
            self._known = None
            raise
        self._known = (clients, self._clock.now() + self._lifetime)

    def find(self, address: str, name: str | None = None) -> Client | None:
        """Return the client at an address; with `name` the one of that name, if it is there."""
        clients = self._known[0] if self._known else ()
        if name is not None:
            clients = [each for each in clients if each.name == name]
        return nearest(clients, address)


def _seal(connection: Connection, keyring: Keyring, row_id: int, secret: str) -> None:
    sealed = keyring.seal(check_secret(secret).encode("ascii"), _place(row_id))
    connection.execute(
        update(radius_clients).where(radius_clients.c.id == row_id).values(secret_sealed=sealed)
    )


def _place(row_id: int) -> str:
    return f"radius_clients.secret_sealed:{row_id}"


def _unknown(name: str) -> str:
    return (
        f"There is no RADIUS client {name}: `challng-server radius client list` shows which "
        "there are."
    )
