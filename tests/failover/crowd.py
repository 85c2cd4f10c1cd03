"""A crowd that logs in, everybody with a card, and keeps the books on what it was told.

Each answer is sent to every door at the same moment. What must hold, whatever failed meanwhile: of
one login one answer at most was accepted, and what was acknowledged is still so afterwards.
"""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
from sqlalchemy import func, select

from server import setup
from server.audit.events import Event
from server.audit.verify import verify
from server.clock import SystemClock
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_log, cards, devices, logins, sessions, users
from server.settings import Settings
from server.verifier import Verifier, open_verifier
from tests import doors
from tests.server.support import PASSWORD, Card, add_card, add_user

ENVIRONMENT = {
    "CHALLNG_ARGON2_TIME": "1",
    "CHALLNG_ARGON2_MEMORY_KIB": "8",
    "CHALLNG_LOG_REQUESTS": "false",
    "CHALLNG_DATABASE_CONNECT_SECONDS": "2",
}
PEOPLE = 6


@dataclass
class Books:
    """What the crowd was told."""

    statuses: Counter[int] = field(default_factory=Counter)
    cut: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    """By login."""
    tokens: list[str] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    """By serial: the count after the last one that was acknowledged."""
    enrolled: list[str] = field(default_factory=list)
    """Serials of cards whose enrolment was acknowledged while all this went on."""
    times: list[float] = field(default_factory=list)
    """When each was accepted."""

    @property
    def failures(self) -> dict[int, int]:
        """Answers with a 5xx."""
        return {status: count for status, count in self.statuses.items() if status >= 500}

    def longest_pause(self, since: float) -> float:
        """Return the longest time without an accepted answer, from a moment on."""
        times = [since, *(each for each in self.times if each > since)]
        return max((after - before for before, after in pairwise(times)), default=0.0)


class Crowd:
    """Its people work from `begin` to `end`."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        self.cards = {f"user{n}": Card(n, key=os.urandom(32)) for n in range(1, PEOPLE + 1)}
        self.books = Books()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def enrol(self, verifier: Verifier) -> None:
        """Make everybody a user with a card."""
        for name, card in self.cards.items():
            add_user(verifier, name)
            add_card(verifier, card, name)

    def begin(self) -> None:
        """Have everybody log in over and over."""
        self._threads = [
            threading.Thread(target=self._live, args=each, daemon=True)
            for each in self.cards.items()
        ]
        for each in self._threads:
            each.start()

    def end(self) -> Books:
        """Have everybody stop; returns the books."""
        self._over.set()
        for each in self._threads:
            each.join(120)
            assert not each.is_alive()
        self.books.times.sort()
        return self.books

    def accepted(self, more: int, seconds: float = 240) -> None:
        """Wait until so many more answers were accepted."""
        wanted = len(self.books.tokens) + more
        until = time.monotonic() + seconds
        while len(self.books.tokens) < wanted:
            assert time.monotonic() < until, self.books
            time.sleep(0.05)

    def enrols(self, verifier: Verifier, number: int) -> None:
        """Add one more user with a card; it is in the books once that was acknowledged."""
        card = Card(number, key=os.urandom(32))
        add_user(verifier, f"late{number}")
        add_card(verifier, card, f"late{number}")
        self.books.enrolled.append(card.serial)

    def _live(self, name: str, card: Card) -> None:
        doors_ = ThreadPoolExecutor(len(self.ports))
        with doors_, httpx.Client(timeout=60) as client:
            while not self._over.is_set():
                self._once(client, doors_, name, card)

    def _once(
        self, client: httpx.Client, doors_: ThreadPoolExecutor, name: str, card: Card
    ) -> None:
        body = {"username": name, "password": PASSWORD}
        begun = self._post(client, random.choice(self.ports), "/api/v1/login", body)
        if begun is None or begun.status_code != 200:
            time.sleep(0.05)
            return
        login, challenge = begun.json()["login"], begun.json()["prompt"]["challenge"]
        shown = {"answer": card.shows(challenge)}
        counter = card.counter
        path = f"/api/v1/login/{login}/answer"
        for each in doors_.map(lambda port: self._post(client, port, path, shown), self.ports):
            if each is not None and each.status_code == 200:
                with self._lock:
                    self.books.accepted[login] += 1
                    self.books.tokens.append(each.json()["session"])
                    self.books.counters[card.serial] = counter
                    self.books.times.append(time.monotonic())

    def _post(
        self, client: httpx.Client, port: int, path: str, body: Mapping[str, str]
    ) -> httpx.Response | None:
        try:
            answer = client.post(f"http://127.0.0.1:{port}{path}", json=body)
        except httpx.TransportError:
            with self._lock:
                self.books.cut += 1
            return None
        with self._lock:
            self.books.statuses[answer.status_code] += 1
        return answer


def make(folder: Path, url: str | None) -> Verifier:
    """Make a verifier, on a server where a URL is given."""
    settings = Settings(
        data=folder / "data",
        database_url=url,  # type: ignore[arg-type]
        argon2_time=1,
        argon2_memory_kib=8,
    )
    setup.make(settings, SystemClock(), "cli:test")
    return open_verifier(settings)


def stop(machines: Sequence[doors.Verifier]) -> list[int]:
    """End those that were started; returns their exit codes."""
    return [each.stop() for each in machines if each.log.exists()]


def machine(folder: Path, name: str, url: str, workers: int = 2) -> doors.Verifier:
    """Return another machine of a verifier: the same master key, a data directory of its own."""
    data = folder / name
    data.mkdir(mode=0o700)
    for file in ("master.key", "audit.anchor"):
        shutil.copy(folder / "data" / file, data / file)
    return doors.Verifier(
        data, workers=workers, environment=ENVIRONMENT | {"CHALLNG_DATABASE_URL": url}
    )


def balance(books: Books, verifier: Verifier) -> None:
    """Hold the books against the database."""
    assert books.accepted
    assert set(books.accepted.values()) == {1}  # no answer twice
    assert len(set(books.tokens)) == len(books.tokens)
    with verifier.database.reading() as connection:
        accepted = set(
            connection.execute(select(logins.c.id).where(logins.c.state == "accepted")).scalars()
        )
        opened = connection.execute(select(sessions.c.login_id)).scalars().all()
        of_devices = select(devices.c.serial, cards.c.counter).join(
            cards, cards.c.device_id == devices.c.id
        )
        counters = {row.serial: row.counter for row in connection.execute(of_devices)}
        written = connection.execute(
            select(func.count())
            .select_from(audit_log)
            .where(audit_log.c.event == Event.LOGIN_ACCEPTED.value)
        ).scalar_one()
        people = connection.execute(select(func.count()).select_from(users)).scalar_one()
    assert set(books.accepted) <= accepted  # none that was acknowledged is lost
    assert sorted(opened) == sorted(accepted)  # and each has just one session
    assert written == len(accepted)
    for serial, counter in books.counters.items():
        assert counters[serial] >= counter
    assert set(books.enrolled) <= set(counters)
    assert people >= PEOPLE + len(books.enrolled)
    now = verifier.clock.now()
    for token in books.tokens:
        assert verifier.sessions.find(token, now).user in {f"user{n}" for n in range(1, PEOPLE + 1)}
    verifier.audit.seal(now)
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None
