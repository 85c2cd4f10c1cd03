"""The verifier with two workers on SQLite: a login's time, its CPU, and what a password costs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

import httpx
from argon2 import PasswordHasher
from argon2.low_level import Type

from device.keystore import FileKeyStore
from protocol import ocra
from server.settings import Settings
from tests.bench import Figure, Figures
from tests.bench.cpu import cpu_seconds
from tests.doors import Household

LOGINS, WARM = 300, 30


def figures() -> Figures:
    """One login after the other over one connection; the password's hash is made next to free."""
    os.environ |= {"CHALLNG_ARGON2_TIME": "1", "CHALLNG_ARGON2_MEMORY_KIB": "8"}
    with tempfile.TemporaryDirectory() as folder:
        household = Household(Path(folder), workers=2)
        household.set_up()
        record = FileKeyStore(household.card.store).load("A")
        household.verifier.start()
        try:
            yield from _logins(household, record.key)
        finally:
            household.verifier.stop()
    yield from _password()


def _logins(household: Household, key: bytes) -> Figures:
    whole, second = [], []
    api = f"{household.verifier.url}/api/v1/login"
    person = {"username": household.user, "password": household.password}
    with httpx.Client() as client:
        for counter in range(WARM + LOGINS):
            if counter == WARM:
                before = cpu_seconds(household.verifier.pid)
            begun = perf_counter()
            login = client.post(api, json=person).json()
            asked = perf_counter()
            answer = ocra.response(
                ocra.DEFAULT_SUITE,
                key,
                question=login["prompt"]["challenge"],
                counter=counter,
                pin=household.pin,
            )
            reply = client.post(f"{api}/{login['login']}/answer", json={"answer": answer})
            ended = perf_counter()
            assert reply.status_code == 200, reply.text
            if counter >= WARM:
                whole.append(ended - begun)
                second.append(ended - asked)
    spent = cpu_seconds(household.verifier.pid) - before
    name = "login (challenge + right answer), 2 workers, SQLite"
    yield Figure(f"{name}, CPU", 1000 * spent / LOGINS, "ms")
    yield Figure(f"{name}, p50", 1000 * median(whole), "ms")
    yield Figure(f"{name}, p95", 1000 * quantiles(whole, n=20)[-1], "ms")
    yield Figure("of it the answer alone, p50", 1000 * median(second), "ms")


def _password() -> Figures:
    settings = Settings.model_construct()
    hasher = PasswordHasher(
        time_cost=settings.argon2_time,
        memory_cost=settings.argon2_memory_kib,
        parallelism=settings.argon2_parallelism,
        type=Type.ID,
    )
    hashed = hasher.hash("correct horse battery staple")
    times = []
    for _ in range(10):
        begun = process_time()
        hasher.verify(hashed, "correct horse battery staple")
        times.append(process_time() - begun)
    yield Figure("argon2id password check, CPU", 1000 * median(times), "ms")
