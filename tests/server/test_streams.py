"""Server-sent events: the phone is told what waits, the page is told when it was answered."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.clock import SystemClock
from server.db.tables import devices
from server.verifier import Verifier
from server.web.stream import Streams
from tests.phone import Phone

from .approving import begin
from .browser import Browser
from .phones import PUBLIC_URL, approve, deny, give_phone, pending
from .support import PASSWORD, Api, ToldClock, add_user, make_verifier
from .test_races import Served, serve

EVENTS = "/api/v1/mobile/events"


class Listener:
    """What comes over a stream, event by event."""

    def __init__(self, response: httpx.Response) -> None:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        self._lines = response.iter_lines()

    def next(self) -> tuple[str, Any]:
        """The next event's name and data; what is only there to keep the line open is left out."""
        name = ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise AssertionError("the stream is over")

    def is_over(self) -> bool:
        return all(not line for line in self._lines)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHALLNG_PUBLIC_URL", PUBLIC_URL)
        folder = tmp_path_factory.mktemp("streams")
        yield from serve(folder, "server", "serve", "--port", "{port}", "--workers", "2")


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as opened:
        yield opened


@pytest.fixture
def phone(served: Served, client: httpx.Client) -> Iterator[Phone]:
    held = give_phone(served.verifier, client, clock=SystemClock())
    yield held
    with served.verifier.database.writing() as connection:
        connection.execute(
            devices.update().where(devices.c.kind == "mobile_key").values(state="revoked")
        )


def signed(phone: Phone) -> dict[str, str]:
    return phone.keys[0].header("GET", EVENTS, b"", SystemClock())


def page_login(client: httpx.Client) -> str:
    """Give the password on the pages; returns the address of the page that waits."""
    page = client.get("/login", headers={"Accept": "text/html"})
    token = re.search(r'name="form" value="([^"]+)"', page.text)
    assert token
    fields = {"form": token[1], "username": "alice", "password": PASSWORD}
    answer = client.post("/login", data=fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_an_open_app_is_told_at_once_what_waits(
    served: Served, client: httpx.Client, phone: Phone
) -> None:
    with client.stream("GET", EVENTS, headers=signed(phone)) as response:
        stream = Listener(response)
        assert stream.next() == ("pending", pending(phone))
        begun = client.post(
            "/api/v1/login", json={"username": "alice", "password": PASSWORD}
        ).json()
        name, told = stream.next()
        assert name == "pending"
        assert begun["prompt"]["number"] in told["logins"][0]["numbers"]
        assert told == pending(phone)
        deny(phone)
        assert stream.next() == ("pending", {**told, "logins": []})


def test_the_page_is_told_when_the_phone_has_answered(
    served: Served, client: httpx.Client, phone: Phone
) -> None:
    place = page_login(client)
    page = client.get(place)
    number = re.search(r'id="number">([0-9]{2})<', page.text)
    assert number
    with client.stream("GET", f"{place}/events") as response:
        stream = Listener(response)
        assert stream.next() == ("state", {"state": "open"})
        approve(phone, number[1])
        assert stream.next() == ("state", {"state": "approved"})
        assert stream.is_over()
    done = client.get(place)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_another_browser_is_told_nothing(
    served: Served, client: httpx.Client, phone: Phone
) -> None:
    place = page_login(client)
    base = f"http://127.0.0.1:{served.port}"
    with httpx.Client(base_url=base, timeout=60) as other:
        other.get("/login")  # has a mark of its own
        assert other.get(f"{place}/events").status_code == 404
        assert other.get(place).status_code == 404


def test_a_key_has_three_streams_in_a_worker_and_logins_go_on(
    served: Served, client: httpx.Client, phone: Phone
) -> None:
    header = signed(phone)  # one, sent again and again
    with ExitStack() as opened:
        answers = [
            opened.enter_context(client.stream("GET", EVENTS, headers=header)) for _ in range(9)
        ]
        found = Counter(each.status_code for each in answers)
        assert set(found) == {200, 429}
        assert 3 <= found[200] <= 6  # there are two workers
        refused = next(each for each in answers if each.status_code == 429)
        assert refused.headers["Retry-After"] == "30"
        body = {"username": "alice", "password": PASSWORD}
        assert client.post("/api/v1/login", json=body).status_code == 200


def test_a_login_has_three_streams_in_a_worker(
    served: Served, client: httpx.Client, phone: Phone
) -> None:
    place = page_login(client)
    with ExitStack() as opened:
        answers = [opened.enter_context(client.stream("GET", f"{place}/events")) for _ in range(9)]
        found = Counter(each.status_code for each in answers)
        assert 3 <= found[200] <= 6
        assert found[200] + found[429] == 9


def test_a_verifier_that_ends_takes_its_streams_with_it(tmp_path: Path) -> None:
    """`serve` looks that the program ends in order, with a stream open."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHALLNG_PUBLIC_URL", PUBLIC_URL)
        running = serve(tmp_path, "server", "serve", "--port", "{port}", "--workers", "1")
        served = next(running)
        base = f"http://127.0.0.1:{served.port}"
        with httpx.Client(base_url=base, timeout=60) as client:
            phone = give_phone(served.verifier, client, clock=SystemClock())
            with client.stream("GET", EVENTS, headers=signed(phone)) as response:
                Listener(response).next()
                assert next(running, None) is None


def test_there_is_room_again_when_a_stream_has_ended() -> None:
    streams = Streams(SystemClock(), most_for_one=1, most=2)
    assert streams.begin("MK1")
    assert not streams.begin("MK1")
    assert streams.begin("MK2")
    assert not streams.begin("MK3")
    streams.end("MK1")
    assert streams.begin("MK3")


# --- told time


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


def test_a_stream_ends_after_five_minutes(api: Api, verifier: Verifier, clock: ToldClock) -> None:
    phone = give_phone(verifier, api.client)
    text = phone.sign(phone.keys[0], "GET", EVENTS).text
    assert text.count("event: pending") == 1
    assert text.count(": ping") == 19
    assert sum(clock.slept) == 300


def test_a_login_that_expires_leaves_the_stream(
    api: Api, verifier: Verifier, clock: ToldClock
) -> None:
    phone = give_phone(verifier, api.client)
    begin(api)
    found = re.findall(r"^data: (.*)$", phone.sign(phone.keys[0], "GET", EVENTS).text, re.M)
    assert [len(json.loads(each)["logins"]) for each in found] == [1, 0]


def test_the_stream_of_a_page_ends_with_its_login(verifier: Verifier, clock: ToldClock) -> None:
    browser = Browser(verifier)
    give_phone(verifier, browser.client)
    browser.password()
    stream = browser.get(f"{browser.page.url.path}/events")
    assert re.findall(r"^data: (.*)$", stream.text, re.M) == [
        '{"state": "open"}',
        '{"state": "expired"}',
    ]
    assert sum(clock.slept) == 120
