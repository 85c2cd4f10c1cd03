"""Notices: each is sent once, tried again, given up after a day, and holds nothing secret."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.accounts import locales, people, users
from server.audit.events import Event
from server.cli import main
from server.db.tables import audit_log, outbox
from server.errors import SettingsRefused
from server.notify import due, texts
from server.notify.outbox import Notice, put
from server.notify.send import Report, Sender
from server.settings import read
from server.verifier import Verifier, open_verifier

from .post import Hook, Mailbox, hook, mailbox
from .support import Api, ToldClock, add_user, commands_find, make_verifier

SERVER = Path(__file__).resolve().parents[2] / "server"
PLACES = re.compile(r"%\((\w+)\)s")


def tick(verifier: Verifier) -> Report:
    """What `challng-server tick` does."""
    return Sender(verifier).send_due()


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def gateway() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock, post: Mailbox, gateway: Hook) -> Iterator[Verifier]:
    """Alice is reached by mail, over a gateway for SMS, and at a service of her own."""
    made = make_verifier(
        tmp_path, clock, mail_url=post.url, sms_url=f"{gateway.url}/sms?to={{phone}}"
    )
    add_user(made)
    yield made
    made.close()


def reach(verifier: Verifier, name: str = "alice", **ways: object) -> None:
    with verifier.database.writing() as connection:
        user = users.get(connection, name)
        contact = people.Contact(**ways)  # type: ignore[arg-type]
        people.set_contact(connection, verifier.keyring, user.id, contact)


def write(
    verifier: Verifier,
    once: str = "one",
    notice: Notice = Notice.PIN_CHANGED,
    later: timedelta = timedelta(0),
) -> bool:
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        alice = users.get(connection, "alice")
        return put(connection, alice.id, notice, once, now, due_at=now + later, serial="CH00000018")


def audited(verifier: Verifier, event: Event) -> list[str]:
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(audit_log.c.detail).where(audit_log.c.event == event.value)
        )
        return [row.detail for row in rows]


def test_a_notice_comes_by_mail_in_the_users_language(verifier: Verifier, post: Mailbox) -> None:
    reach(verifier, mail="alice@example.com")
    with verifier.database.writing() as connection:
        alice = users.get(connection, "alice").id
        locales.choose(connection, verifier.audit, verifier.clock.now(), alice, "zh_Hant")
    write(verifier)
    assert tick(verifier).sent == 1
    ((to, message),) = post.came
    assert to == ["alice@example.com"]
    assert "PIN 碼" in str(message["subject"])
    assert "CH00000018" in post.text()


def test_who_has_chosen_no_language_is_written_to_in_english(
    verifier: Verifier, post: Mailbox
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier)
    tick(verifier)
    assert post.subjects() == ["A PIN was changed"]
    assert "Was it not you?" in post.text()


def test_every_way_to_reach_a_user_is_taken(
    verifier: Verifier, post: Mailbox, gateway: Hook
) -> None:
    reach(verifier, mail="alice@example.com", phone="+15550100", targets=(gateway.url,))
    write(verifier)
    assert tick(verifier).sent == 1
    assert len(post.came) == 1
    assert [each["title"] for each in gateway.came] == ["A PIN was changed"] * 2


def test_an_address_cannot_change_where_the_mail_goes(verifier: Verifier, post: Mailbox) -> None:
    reach(verifier, mail="alice@example.com&to=mallory@example.com,eve@example.com")
    write(verifier)
    tick(verifier)
    sent_to = [address for to, _ in post.came for address in to]
    assert "mallory@example.com" not in sent_to


def test_nothing_is_sent_before_it_is_due(
    verifier: Verifier, post: Mailbox, clock: ToldClock
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier, later=timedelta(days=3))
    clock.advance(3 * 86_400 - 1)
    assert tick(verifier).sent == 0
    clock.advance(1)
    assert tick(verifier).sent == 1


def test_an_occasion_is_told_once(verifier: Verifier, post: Mailbox) -> None:
    reach(verifier, mail="alice@example.com")
    assert write(verifier)
    assert not write(verifier)
    assert [tick(verifier).sent for _ in range(3)] == [1, 0, 0]
    assert not write(verifier)
    assert tick(verifier).sent == 0
    assert len(post.came) == 1


def test_ticks_at_once_send_each_notice_once(verifier: Verifier, post: Mailbox) -> None:
    reach(verifier, mail="alice@example.com")
    for number in range(12):
        write(verifier, once=str(number))
    others = [open_verifier(verifier.settings, clock=verifier.clock) for _ in range(3)]
    begin = threading.Barrier(4)
    sent: list[int] = []

    def run(each: Verifier) -> None:
        begin.wait()
        sent.append(tick(each).sent)

    threads = [threading.Thread(target=run, args=(each,)) for each in [verifier, *others]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert sum(sent) == 12
    assert len(post.came) == 12


def test_what_could_not_be_sent_is_tried_again_after_ever_longer_waits(
    verifier: Verifier, post: Mailbox, clock: ToldClock
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier)
    post.refuses = True
    for minutes in (1, 2, 4, 8):
        assert tick(verifier).failed == 1
        clock.advance(60 * minutes - 1)
        assert tick(verifier).failed == 0
        clock.advance(1)
    post.refuses = False
    assert tick(verifier).sent == 1
    assert len(post.came) == 1


def test_after_a_day_of_trying_a_notice_is_given_up_and_that_is_written_down(
    verifier: Verifier, post: Mailbox, clock: ToldClock
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier)
    post.refuses = True
    began = clock.now()
    minutes = 0
    while not (report := tick(verifier)).given_up:
        assert report.sent == 0
        clock.advance(60)
        minutes += 1
    assert clock.now() - began == timedelta(days=1)
    assert minutes == 24 * 60
    (detail,) = audited(verifier, Event.NOTICE_GIVEN_UP)
    assert '"missed":"mail"' in detail.replace(" ", "")
    assert "example.com" not in detail
    post.refuses = False
    clock.advance(86_400)
    assert tick(verifier) == type(report)()
    assert post.came == []


def test_only_who_was_not_reached_is_tried_again(
    verifier: Verifier, post: Mailbox, gateway: Hook, clock: ToldClock
) -> None:
    reach(verifier, mail="alice@example.com", targets=(gateway.url,))
    write(verifier)
    gateway.status = 500
    assert tick(verifier).failed == 1
    clock.advance(60)
    gateway.status = 200
    assert tick(verifier).sent == 1
    assert (len(post.came), len(gateway.came)) == (1, 1)


def test_a_sender_that_died_leaves_the_notice_to_the_next(
    verifier: Verifier, post: Mailbox, clock: ToldClock
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier)
    with verifier.database.writing() as connection:
        taken = due.take(connection, clock.now())
    assert taken is not None
    assert tick(verifier).sent == 0  # the first may still be at it
    clock.advance(due.LEASE.total_seconds())
    assert tick(verifier).sent == 1
    with verifier.database.writing() as connection:
        assert not due.sent(connection, taken, clock.now())
    assert len(post.came) == 1


@pytest.mark.parametrize("ways", [{}, {"targets": ("nonsense://",)}], ids=["nowhere", "nonsense"])
def test_a_user_who_cannot_be_reached_holds_up_nobody(
    verifier: Verifier, post: Mailbox, ways: dict[str, object]
) -> None:
    add_user(verifier, "bob")
    reach(verifier, **ways)
    reach(verifier, "bob", mail="bob@example.com")
    write(verifier)
    with verifier.database.writing() as connection:
        bob = users.get(connection, "bob")
        put(connection, bob.id, Notice.OPTED_IN, "bob", verifier.clock.now())
    assert tick(verifier).sent == 1
    assert [to for to, _ in post.came] == [["bob@example.com"]]


def test_a_notice_without_its_values_holds_up_nobody(verifier: Verifier, post: Mailbox) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier, once="odd", notice=Notice.CARD_ORDERED)  # its day is missing
    write(verifier)
    report = tick(verifier)
    assert (report.sent, report.failed) == (1, 1)


def test_the_command_says_what_it_did(
    verifier: Verifier,
    post: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier)
    monkeypatch.setenv("CHALLNG_MAIL_URL", post.url)
    commands_find(verifier, monkeypatch)
    for said in ("1 notices sent", "0 notices sent"):
        assert main(["tick"]) == 0
        assert said in capsys.readouterr().out
    assert post.subjects() == ["A PIN was changed"]


@pytest.mark.parametrize("name", ["CHALLNG_MAIL_URL", "CHALLNG_SMS_URL"])
def test_a_gateway_without_a_place_for_the_address_is_refused_and_not_repeated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "mailtos://desk:hunter2@mail.example.com")
    with pytest.raises(SettingsRefused) as refused:
        read()
    assert name in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_gateways_password_is_in_no_print_of_the_settings(verifier: Verifier) -> None:
    assert "127.0.0.1" not in repr(verifier.settings.mail_url)


def test_the_metrics_count_notices_by_their_fate(
    verifier: Verifier, post: Mailbox, api: Api
) -> None:
    reach(verifier, mail="alice@example.com")
    write(verifier)
    write(verifier, once="two", later=timedelta(days=1))
    tick(verifier)
    told = api.client.get("/metrics").text
    for line in ('{fate="waiting"} 1.0', '{fate="sent"} 1.0', '{fate="given_up"} 0.0'):
        assert f"challng_notices{line}" in told


@pytest.mark.parametrize("notice", Notice)
def test_every_notice_has_its_text(notice: Notice) -> None:
    names = PLACES.findall(texts.TEXTS[notice].body)
    values = {name: "2028-02-29" if name == "ships_by" else f"<{name}>" for name in names}
    made = texts.made(notice, values, "zh_Hant")
    assert made.subject
    assert not set(made.subject) & set("\r\n")
    assert "://" not in made.body
    for name, value in values.items():
        assert (value if name != "ships_by" else "2028年2月29日") in made.body


def calls_of_put() -> list[tuple[str, Notice, set[str]]]:
    """Each place that writes a notice: where, which, and the values given."""
    found = []
    known = {"due_at"}
    for path in sorted(SERVER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("put")):
                continue
            for given in node.args:
                text = ast.unparse(given)
                if (
                    text.startswith("Notice.")
                    and text.removeprefix("Notice.") in Notice.__members__
                ):
                    names = {word.arg for word in node.keywords if word.arg} - known
                    place = f"{path.relative_to(SERVER)}:{node.lineno}"
                    found.append((place, Notice[text.removeprefix("Notice.")], names))
    return found


def test_every_notice_is_given_the_values_that_its_text_names() -> None:
    missing = [
        (place, notice.value, name)
        for place, notice, names in calls_of_put()
        for name in PLACES.findall(texts.TEXTS[notice].body)
        if name not in names
    ]
    assert missing == []


def test_no_notice_is_given_anything_secret() -> None:
    secret = {"pin", "code", "key", "password", "answer", "response", "value", "values", "token"}
    assert [call for call in calls_of_put() if call[2] & secret] == []


def test_what_waits_in_the_outbox_is_no_secret_of_a_service(
    verifier: Verifier, gateway: Hook
) -> None:
    reach(verifier, targets=(gateway.url,))
    write(verifier)
    gateway.status = 500
    tick(verifier)
    with verifier.database.reading() as connection:
        row = connection.execute(select(outbox)).one()
    assert str(gateway.port) not in str(row)
