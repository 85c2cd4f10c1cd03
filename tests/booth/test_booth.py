"""A booth as a program: it ends cleanly, its card comes back, it refuses what it cannot be."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.booth.card_record import real
from server.booth.room import sweep
from server.cli import main
from server.errors import BoothRefused
from tests.booth.served import Booth, until
from tests.booth.visitors import Page, begins, comes_in_and_tries_the_theft, logs_in
from tests.doors import Card, secret_file


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    booth = Booth(tmp_path_factory.mktemp("booth"))
    booth.start()
    yield booth
    assert booth.stop() == 0, booth.log()
    assert booth.rooms == []


def test_a_visitor_comes_in_and_his_password_alone_does_not(booth: Booth) -> None:
    with Page(booth.url) as page:
        comes_in_and_tries_the_theft(page)


def test_of_a_visitor_nothing_is_left(booth: Booth) -> None:
    with Page(booth.url) as page:
        before = contents(booth)
        response = logs_in(page).replace(" ", "")
        challenge = page_challenge(booth)
        assert any(challenge.encode() in content for content in contents(booth).values())
        page.leaves()
        after = contents(booth)
    assert after.keys() == before.keys()
    for content in after.values():
        assert response.encode() not in content
        assert challenge.encode() not in content
    assert response not in booth.log()


def contents(booth: Booth) -> dict[str, bytes]:
    (room,) = booth.rooms
    return {
        str(each.relative_to(room)): each.read_bytes() for each in room.rglob("*") if each.is_file()
    }


def page_challenge(booth: Booth) -> str:
    """The challenge of the last login, out of the verifier's own database."""
    import json
    import sqlite3

    (room,) = booth.rooms
    with sqlite3.connect(room / "now" / "challng.db") as connection:
        (prompt,) = connection.execute("SELECT prompt FROM logins ORDER BY id DESC").fetchone()
    connection.close()
    return str(json.loads(prompt)["challenge"])


def test_a_card_that_dies_is_started_again_and_its_counter_goes_on(booth: Booth) -> None:
    with Page(booth.url) as page:
        logs_in(page)
        page.leaves()
        (card,) = booth.children()
        os.kill(card, signal.SIGKILL)
        page.until(lambda: not page._told["card"]["there"])
        page.until(lambda: bool(page._told["card"]["there"]))
        assert booth.children() != [card]
        logs_in(page)
        page.leaves()


def test_keys_pressed_at_the_wrong_time_or_that_are_none_do_nothing(booth: Booth) -> None:
    with Page(booth.url) as page:
        page.until_stage("attract")
        page.do("down", key="press")  # nobody has begun
        page.do("up", key="press")
        assert page.post("down", key="E") == 404
        assert page.post("down", key="12") == 404
        assert page.post("down") == 404
        assert page.post("nothing") == 404
        assert page.post("password") == 409
        begins(page)
        assert page.lines == []
        page.do("answer", answer="x" * 500)
        page.until(lambda: "8 digits" in page.html)
        page.leaves()


def test_strangers_can_press_nothing(booth: Booth) -> None:
    with httpx.Client(base_url=booth.url) as client:
        client.get("/")
        assert client.post("/do/begin", data={"form": "0" * 64}).status_code == 403
        assert client.post("/do/begin").status_code == 403
        headers = {"Sec-Fetch-Site": "cross-site"}
        assert client.post("/do/begin", headers=headers).status_code == 403
        assert client.post("/do/begin", content=b"x" * 5_000).status_code == 413
        policy = client.get("/").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        for secret in ("/api/v1/login", "/login", "/metrics", "/booth/../fresh.py"):
            assert client.get(secret).status_code == 404


def test_a_killed_booth_leaves_no_process_and_the_next_one_no_files(tmp_path: Path) -> None:
    booth = Booth(tmp_path)
    booth.start()
    (card,) = booth.children()
    (left,) = booth.rooms
    sweep(booth.memory)
    assert left.exists(), "one that runs is left alone"
    booth.kill()
    until(lambda: not Path(f"/proc/{card}").exists(), "the card ends with its booth")
    assert left.exists()
    sweep(booth.memory)  # the first thing that every booth does
    assert booth.rooms == []


def test_a_booth_ends_without_taking_the_interpreter_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its server's threads may want the interpreter then, and end the process by SIGABRT."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, os, pathlib\n"
        f"atexit.register(lambda: pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Booth(tmp_path) as booth:
        pid = booth.pid
        assert booth.stop() == 0
    assert "Today:" in booth.said
    assert booth.rooms == []
    assert not (tmp_path / str(pid)).exists()


def test_a_real_card_beside_the_screen(tmp_path: Path) -> None:
    """The page sees no glass; what is kept is the card's counter, for the next day."""
    passphrase = secret_file(tmp_path / "passphrase", "a long passphrase")
    record, counter = tmp_path / "card.pskc", tmp_path / "card.pskc.counter"
    card = Card(tmp_path / "store")
    card.provision(record, passphrase)
    options = ("--card", str(record), "--passphrase-file", str(passphrase))
    with Booth(tmp_path, *options, quick=False) as booth:
        assert booth.children() == []
        with Page(booth.url) as page:
            begins_with_a_real_card(page)
            page.do("answer", answer=card.response("7305", page.challenge))
            page.until_stage("in")
            assert page.post("down", key="press") == 404
            page.do("leave")
            page.until_stage("attract")
        assert booth.stop() == 0
    assert counter.read_text() == "1\n"
    assert real(record, "a long passphrase", counter).counter == 1
    counter.write_text("many\n")
    with pytest.raises(BoothRefused, match="challng-card info"):
        real(record, "a long passphrase", counter)
    with pytest.raises(BoothRefused, match="passphrase"):
        real(record, "another passphrase", counter)


def begins_with_a_real_card(page: Page) -> None:
    page.do("begin")
    page.do("password")
    page.until_stage("challenge")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--passphrase-file", "x"], "--card"),
        (["--card", "x"], "--passphrase-file"),
        (["--card", "x", "--passphrase-file", "y", "--card-config", "z"], "own settings"),
    ],
)
def test_a_booth_that_cannot_be_is_refused_in_one_sentence(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["booth", *options]) == 1
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
