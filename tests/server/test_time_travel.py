"""Day by day over every rule of time, across a change of the clocks and a leap day.

All times are UTC inside, and a day is 24 hours: so neither a summer time nor a 29th of February
makes a device live longer or shorter, and what a page says is what the rules do.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from server import language
from server.db.tables import devices
from server.verifier import Verifier

from . import counter
from .browser import Browser
from .support import Api, Card, ToldClock

DAY = timedelta(days=1)
STARTS = {
    "summer time begins": datetime(2026, 3, 20, 1, 30, tzinfo=UTC),
    "summer time ends": datetime(2026, 10, 16, 0, 30, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 20, 23, 59, tzinfo=UTC),
}


@pytest.fixture(params=["Europe/Zurich", "America/New_York"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone that the verifier's machine happens to be in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(params=STARTS.values(), ids=STARTS.keys())
def clock(request: pytest.FixtureRequest) -> ToldClock:
    told = ToldClock()
    told.time = request.param
    return told


def test_a_temporary_code_is_two_days_full_ten_limited_and_then_over(
    verifier: Verifier, clock: ToldClock, api: Api, machine_zone: str
) -> None:
    began = clock.now()
    code = counter.issue(verifier)
    seen = []
    for day in range(13):
        clock.time = began + day * DAY
        begun = api.password().json()
        if "login" not in begun:
            seen.append("refused")
            continue
        seen.append(api.answer(begun["login"], code).json()["access"])
    assert seen == ["full"] * 2 + ["online_code_card_only"] * 10 + ["refused"]
    assert os.environ["TZ"] == machine_zone


@pytest.mark.parametrize("moment", ["limited", "over"])
def test_the_last_moment_of_a_temporary_code_is_to_the_second(
    verifier: Verifier, clock: ToldClock, api: Api, moment: str
) -> None:
    code = counter.issue(verifier)
    days, before, after = {
        "limited": (2, "full", "online_code_card_only"),
        "over": (12, "online_code_card_only", None),
    }[moment]
    clock.advance(days * 86_400 - 1)
    begun = api.password().json()
    assert api.answer(begun["login"], code).json()["access"] == before
    clock.advance(1)
    begun = api.password().json()
    if after is None:
        assert "login" not in begun
    else:
        assert api.answer(begun["login"], code).json()["access"] == after


def test_a_shipped_card_is_active_on_the_twenty_first_day_and_the_page_names_that_day(
    verifier: Verifier, clock: ToldClock, api: Api, card: Card, machine_zone: str
) -> None:
    began = clock.now()
    due = began + 21 * DAY
    with verifier.database.writing() as connection:
        connection.execute(
            update(devices).values(state="inactive", activated_at=None, auto_activates_at=due)
        )
    for day in range(21):
        clock.time = began + day * DAY
        assert api.password().json()["access"] == "portal_only"
        if day % 10:
            continue
        browser = Browser(verifier)
        browser.password()
        page = re.sub(r"\s+", " ", browser.get("/devices").text)
        assert f"active by itself on {language.moment(due)}" in page or (
            f"active by itself on {language.day(due)}" in page
        )
    clock.time = due - timedelta(seconds=1)
    assert api.password().json()["access"] == "portal_only"
    clock.time = due
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).json()["access"] == "full"


def test_a_session_ends_after_its_hours_whatever_the_clocks_do(
    verifier: Verifier, clock: ToldClock, api: Api, card: Card, machine_zone: str
) -> None:
    began = clock.now()
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    for quarter in range(1, 48):  # never idle for long
        clock.time = began + quarter * timedelta(minutes=15)
        assert api.session(token).status_code == 200
    clock.time = began + timedelta(hours=12)
    assert api.session(token).status_code == 401
