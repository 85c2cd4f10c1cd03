"""Guessing passwords is slowed down, and nobody is locked out by strangers."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import PasswordRefused, SlowDown
from server.login.offers import Offered
from server.verifier import Verifier

from .support import PASSWORD, Api, Card, ToldClock

HERE = "192.0.2.1"


def guess(verifier: Verifier, name: str = "alice", address: str = HERE, times: int = 1) -> None:
    async def run() -> None:
        for _ in range(times):
            with pytest.raises(PasswordRefused):
                await verifier.passwords.begin(name, "wrong", address)

    asyncio.run(run())


def log_in(verifier: Verifier, address: str = HERE) -> None:
    asyncio.run(verifier.passwords.begin("alice", PASSWORD, address))


def test_after_ten_failures_each_attempt_waits_longer(verifier: Verifier, clock: ToldClock) -> None:
    guess(verifier, times=10)
    assert clock.slept == []
    guess(verifier, times=6)
    assert clock.slept == [1, 2, 4, 8, 8, 8]


def test_an_unknown_name_is_slowed_down_alike(verifier: Verifier, clock: ToldClock) -> None:
    guess(verifier, "nobody", times=12)
    assert clock.slept == [1, 2]


def test_the_api_answers_401_to_whoever_waits(api: Api, card: Card, clock: ToldClock) -> None:
    assert {api.password(password="wrong").status_code for _ in range(15)} == {401}
    assert clock.slept == [1, 2, 4, 8, 8]
    assert api.password().status_code == 200


def test_a_right_password_ends_the_waiting(
    card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    guess(verifier, times=12)
    log_in(verifier)
    clock.slept.clear()
    guess(verifier, times=10)
    assert clock.slept == []


def test_after_the_window_the_failures_are_forgotten(verifier: Verifier, clock: ToldClock) -> None:
    guess(verifier, times=10)
    clock.advance(900)
    guess(verifier, times=10)
    assert clock.slept == []


def test_another_address_is_not_slowed_down(
    card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    guess(verifier, times=20)
    clock.slept.clear()
    log_in(verifier, "192.0.2.2")
    assert clock.slept == []


def test_one_address_over_many_users_is_slowed_down(verifier: Verifier, clock: ToldClock) -> None:
    for number in range(100):
        guess(verifier, f"user{number}")
    assert clock.slept == []
    guess(verifier, "user-100")
    guess(verifier, "user-101")
    assert clock.slept == [1, 2]


def test_strangers_cost_the_user_one_second_and_no_queue(
    card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    for number in range(110):
        guess(verifier, "alice", f"198.51.100.{number}")
    assert set(clock.slept) == {1}
    clock.slept.clear()
    log_in(verifier, "192.0.2.77")
    assert clock.slept == [1]


def test_ipv6_addresses_of_one_customer_are_one(verifier: Verifier, clock: ToldClock) -> None:
    for number in range(11):
        guess(verifier, "alice", f"2001:db8::{number:x}")
    assert clock.slept == [1]


class PatientClock(ToldClock):
    """Whoever sleeps waits until the test says so: many can wait side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.go.wait()


def test_attempts_at_once_queue_and_the_last_are_turned_away(
    verifier: Verifier, card: Card
) -> None:
    guess(verifier, times=13)
    patient = PatientClock()
    patient.time = verifier.clock.now()
    verifier.passwords._clock = patient

    async def run() -> list[object]:
        many = [
            asyncio.create_task(verifier.passwords.begin("alice", "wrong", HERE)) for _ in range(8)
        ]
        while sum(task.done() for task in many) + len(patient.slept) < 8:
            await asyncio.sleep(0)
        patient.go.set()
        return await asyncio.gather(*many, return_exceptions=True)

    ended = asyncio.run(run())
    assert sorted(patient.slept) == [8, 16, 24]
    assert sum(isinstance(each, PasswordRefused) for each in ended) == 3
    turned_away = [each for each in ended if isinstance(each, SlowDown)]
    assert len(turned_away) == 5
    assert all(each.retry_after > 30 for each in turned_away)


def test_a_turned_away_attempt_takes_no_place_in_the_queue(
    verifier: Verifier, card: Card, clock: ToldClock
) -> None:
    guess(verifier, times=13)
    brake = verifier.passwords._brake
    keys = brake.keys("alice", HERE)

    def reserve() -> float | None:
        try:
            with verifier.database.writing() as connection:
                return brake.reserve(connection, keys, clock.now())
        except SlowDown:
            return None

    assert [reserve() for _ in range(5)] == [8, 16, 24, None, None]
    clock.advance(8)
    assert reserve() == 24


def test_a_burst_cannot_pass_before_it_is_counted(verifier: Verifier, clock: ToldClock) -> None:
    """40 wrong passwords at once: hashes at the same time are few, and the rest have to wait."""

    async def run() -> list[object]:
        many = [verifier.passwords.begin("alice", "wrong", HERE) for _ in range(40)]
        return await asyncio.gather(*many, return_exceptions=True)

    ended = asyncio.run(run())
    assert not any(isinstance(each, Offered) for each in ended)
    at_once = verifier.passwords._hashes._value
    assert len(clock.slept) + sum(isinstance(each, SlowDown) for each in ended) >= 30 - at_once
