"""What Prometheus reads at `/metrics`.

With PROMETHEUS_MULTIPROC_DIR set before this is imported (as `serve` does) each worker writes its
numbers into files there, and any worker answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from . import errors

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LOGINS = Counter("challng_login_answers", "Answers to challenges, by verdict.", ["verdict"])
PASSWORDS = Counter("challng_passwords", "Passwords given, by verdict.", ["verdict"])
LOCKS = Counter("challng_device_locks", "Devices locked by wrong answers.")
RADIUS = Counter(
    "challng_radius_requests", "RADIUS requests, by client and outcome.", ["client", "outcome"]
)
REPEATED = Counter("challng_requests_repeated", "Work done again after a deadlock or the like.")
DATABASE_AWAY = Counter("challng_database_away", "Requests answered 503 for want of the database.")
REQUESTS = Histogram(
    "challng_request_seconds",
    "Time to answer a request.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@cache
def login(verdict: str) -> Counter:
    """Return what counts the answers with a verdict."""
    return LOGINS.labels(verdict)


@cache
def password(verdict: str) -> Counter:
    """Return what counts the passwords with a verdict."""
    return PASSWORDS.labels(verdict)


@cache
def request(method: str, route: str, status: int) -> Histogram:
    """Return what a request is measured by; there are as many as routes and what they answer."""
    return REQUESTS.labels(method, route, str(status))


VERDICTS: dict[type[errors.LoginError], str] = {
    errors.NoSuchLogin: "unknown",
    errors.LoginDecided: "decided",
    errors.LoginDenied: "denied",
    errors.LoginExpired: "expired",
    errors.DeviceLocked: "locked",
    errors.AnswerMalformed: "malformed",
}


def exposition() -> bytes:
    """Return all numbers in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> bytes:
    """Return numbers read at this moment, which are the same whichever worker is asked."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    registry = CollectorRegistry()
    registry.register(_Read(family))
    return generate_latest(registry)


class _Read(Collector):
    """Numbers that were read elsewhere."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return [self._family]
