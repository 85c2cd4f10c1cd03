"""Floods of wrong passwords, for one user and from one address; others log in meanwhile."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from statistics import median

from tests.bench.server.people import Client, Person
from tests.bench.server.stage import Side

TRIPS = int(os.environ.get("FLOOD", "60"))
STRANGERS = 6
_STRANGER, _OTHERS = "203.0.113.9", "198.51.100.7"


class Flood:
    """Strangers who send wrong passwords as fast as they are answered, until they are ended."""

    def __init__(self, port: int, victims: list[Person], address: str | None) -> None:
        self.answers: Counter[int] = Counter()
        self._port, self._victims, self._address = port, victims, address
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True)
            for number in range(STRANGERS)
        ]

    def __enter__(self) -> Flood:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        client, sent = Client(self._port), 0
        while not self._over.is_set():
            person = self._victims[(number + STRANGERS * sent) % len(self._victims)]
            address = self._address or f"192.0.{number}.{sent % 250 + 1}"
            sent += 1
            try:
                status, _ = client.begin(person, "wrong", {"X-Forwarded-For": address})
            except (OSError, HTTPException):
                client = Client(self._port)
                continue
            with self._lock:
                self.answers[status] += 1
        client.close()


def round_trips(port: int, people: list[Person], count: int) -> list[float]:
    """Others log in one after the other, from an address of their own: all of them can."""
    client = Client(port)
    headers = {"X-Forwarded-For": _OTHERS}
    taken = [client.round_trip(people[n % len(people)], headers) for n in range(count)]
    client.close()
    return taken


def figures(name: str, quiet: list[float], flooded: list[float], flood: Flood) -> str:
    answers = ", ".join(f"{count}x {status}" for status, count in sorted(flood.answers.items()))
    return (
        f"{name}: others' round trip, median {1000 * median(quiet):.0f} ms before and "
        f"{1000 * median(flooded):.0f} ms during the flood; the flood got {answers}"
    )


def test_a_flood_for_one_user_harms_no_other(
    served: Side, people: list[Person], told: Callable[[str], None]
) -> None:
    victim, others = people[0], people[1:100]
    quiet = round_trips(served.port, others, TRIPS)
    with Flood(served.port, [victim], address=None) as flood:
        flooded = round_trips(served.port, others, TRIPS)
    assert len(flooded) == TRIPS  # each was a 200, and none waited for the brake
    assert set(flood.answers) <= {401, 429}
    told(figures("one user, many addresses", quiet, flooded, flood))

    # A stranger does not lock him out: he waits a moment, and is let in.
    client = Client(served.port)
    client.round_trip(victim, {"X-Forwarded-For": _OTHERS})
    client.close()


def test_a_flood_of_one_address_over_many_users_harms_none_of_them(
    served: Side, people: list[Person], told: Callable[[str], None]
) -> None:
    others = people[100:200]
    quiet = round_trips(served.port, others, TRIPS)
    with Flood(served.port, people[100:], address=_STRANGER) as flood:
        flooded = round_trips(served.port, others, TRIPS)
    assert len(flooded) == TRIPS
    assert set(flood.answers) <= {401, 429}
    told(figures("one address, many users", quiet, flooded, flood))
