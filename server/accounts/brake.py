"""The brake on password guessing: slows down, never locks out.

Counted are failures within a window, by (user, address), by address, and by user:
- the pair: from the 10th on each attempt waits, 1 s doubling up to 8 s;
- one address over many users: the same from the 100th on;
- one user from many addresses: 1 s from the 100th on, and no queue, for strangers can fill it.

Attempts of a braked pair or address queue: each reserves the next free moment. An attempt that
could only start after more than 30 s of queue is turned away. All of it stands in the database,
so that every worker slows down the same, and names stand there only as keyed hashes.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, bindparam, case, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from ..crypto.secrets_table import LOOKUP, Secrets
from ..db.prepared import Prepared
from ..db.tables import brakes
from ..db.types import Moment
from ..errors import SlowDown
from ..settings import Settings

COUNTED = select(brakes.c.key, brakes.c.failures).where(
    brakes.c.key.in_((bindparam("pair"), bindparam("address"), bindparam("user"))),
    brakes.c.since_at > bindparam("since", type_=Moment),
)
"""The failures that stand against an attempt, for a statement that asks for more: give it
`Brake.asked`, and what it finds to `Brake.seen`.
"""

_READ = Prepared(COUNTED)
_FORGIVE = Prepared(delete(brakes).where(brakes.c.key == bindparam("pair")))


@dataclass(frozen=True)
class Keys:
    """The three things that an attempt counts against, as keyed hashes."""

    pair: bytes
    address: bytes
    user: bytes


@dataclass(frozen=True)
class Seen:
    """What stands against an attempt; `failed`: its pair has failures that can be forgiven."""

    is_on: bool
    failed: bool


_NOTHING = Seen(is_on=False, failed=False)


class Brake:
    """Counts failures and says how long the next attempt waits."""

    def __init__(self, secrets: Secrets, settings: Settings) -> None:
        self._secrets = secrets
        self._settings = settings

    def keys(self, name: str, address: str) -> Keys:
        """Return what an attempt on `name` from `address` counts against."""
        origin = _network(address)
        return Keys(
            pair=self._secrets.mac(LOOKUP, "pair", name, origin),
            address=self._secrets.mac(LOOKUP, "address", origin),
            user=self._secrets.mac(LOOKUP, "user", name),
        )

    def asked(self, keys: Keys, now: datetime) -> dict[str, object]:
        """Return the parameters of COUNTED."""
        return {
            "pair": keys.pair,
            "address": keys.address,
            "user": keys.user,
            "since": now - self._settings.slow_window,
        }

    def seen(self, keys: Keys, failures: Mapping[bytes, int]) -> Seen:
        """Tell whether an attempt must wait, and whether the pair has failed lately."""
        if not failures:
            return _NOTHING
        return Seen(any(self._delays(keys, failures).values()), keys.pair in failures)

    def is_on(self, connection: Connection, keys: Keys, now: datetime) -> bool:
        """Tell whether an attempt must wait."""
        return self.seen(keys, self._failures(connection, keys, now)).is_on

    def reserve(self, connection: Connection, keys: Keys, now: datetime) -> float:
        """Take the next free moment; returns the seconds until then, or raises SlowDown."""
        delays = self._delays(keys, self._failures(connection, keys, now))
        wait = delays.pop(keys.user)
        for key, delay in delays.items():
            if delay:
                wait = max(wait, self._take_slot(connection, key, delay, now))
        if wait > self._settings.slow_queue_seconds:
            raise SlowDown(math.ceil(wait))
        return wait

    def count(self, connection: Connection, keys: Keys, now: datetime) -> None:
        """Count one failure, and forget those that are older than the window."""
        horizon = now - self._settings.slow_window
        connection.execute(delete(brakes).where(brakes.c.since_at <= horizon))
        for key in (keys.pair, keys.address, keys.user):
            more = update(brakes).where(brakes.c.key == key).values(failures=brakes.c.failures + 1)
            if connection.execute(more).rowcount:
                continue
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(brakes).values(key=key, failures=1, since_at=now, not_before=now)
                    )
            except IntegrityError:  # another worker was first, where writers run side by side
                connection.execute(more)

    def forgive(self, connection: Connection, keys: Keys) -> None:
        """Forget the pair's failures after a right password."""
        _FORGIVE.count(connection, pair=keys.pair)

    def _failures(self, connection: Connection, keys: Keys, now: datetime) -> dict[bytes, int]:
        rows = _READ.all(connection, **self.asked(keys, now))
        return {row.key: row.failures for row in rows}

    def _delays(self, keys: Keys, failures: Mapping[bytes, int]) -> dict[bytes, float]:
        settings = self._settings
        return {
            keys.pair: self._doubling(failures.get(keys.pair, 0) - settings.slow_after),
            keys.address: self._doubling(
                failures.get(keys.address, 0) - settings.slow_widely_after
            ),
            keys.user: float(failures.get(keys.user, 0) >= settings.slow_widely_after),
        }

    def _doubling(self, beyond: int) -> float:
        if beyond < 0:
            return 0.0
        return float(min(2 ** min(beyond, 16), self._settings.slow_longest_seconds))

    def _take_slot(self, connection: Connection, key: bytes, delay: float, now: datetime) -> float:
        present = literal(now, Moment)
        step = int(delay * 1_000_000)
        free = case((brakes.c.not_before > present, brakes.c.not_before), else_=present)
        row = connection.execute(
            update(brakes)
            .where(brakes.c.key == key)
            .values(not_before=free + literal(step, brakes.c.failures.type))
            .returning(brakes.c.not_before)
        ).one()
        slot: datetime = row.not_before
        return (slot - now) / timedelta(seconds=1)


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    """Return what one customer of a provider has: an IPv4 address, an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
