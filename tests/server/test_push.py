"""Notifications: a push service that the verifier reaches, and the browser that decrypts them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.crypto import secrets_table
from server.db.tables import mobile_keys
from server.lifecycle import revocation
from server.notify.webpush import Subscription, may_be_reached
from server.settings import Settings
from server.verifier import Verifier
from tests.phone import Phone

from .phones import PUBLIC_URL, give_phone
from .push_service import PushService, public_of, push_service
from .support import Api, ToldClock, add_user, make_verifier

PATH = "/api/v1/mobile/push"


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL, push_hosts=("127.0.0.1",))
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def phone(verifier: Verifier, api: Api, service: PushService) -> Phone:
    held = give_phone(verifier, api.client)
    assert held.sign(held.keys[0], "PUT", PATH, service.subscription()).status_code == 204
    return held


def subscribed(verifier: Verifier) -> bool:
    with verifier.database.reading() as connection:
        return connection.execute(select(mobile_keys.c.push_sealed)).scalar_one() is not None


def test_a_login_sends_a_notification_that_the_browser_can_read(
    api: Api, phone: Phone, verifier: Verifier, service: PushService, clock: ToldClock
) -> None:
    prompt = api.password().json()["prompt"]
    pushed = service.next()
    assert pushed.payload == {
        "kind": "login",
        "serial": phone.keys[0].serial,
        "user": "alice",
        "from": "testclient",
        "at": "2026-03-01T12:00:00Z",
    }
    assert prompt["number"] not in str(pushed.payload["from"])
    assert (pushed.headers["ttl"], pushed.headers["urgency"]) == ("120", "high")
    claims = pushed.token()
    assert claims["aud"] == service.origin
    assert claims["sub"] == PUBLIC_URL
    assert 0 < claims["exp"] - clock.now().timestamp() <= 86_400
    assert claims["k"] == public_of(verifier.secrets.get(secrets_table.VAPID))


def test_who_was_asked_too_often_gets_no_notification(
    api: Api, phone: Phone, verifier: Verifier, service: PushService, clock: ToldClock
) -> None:
    for _ in range(3):
        api.password()
        clock.advance(10)
    service.next()
    verifier.reach.close()
    assert service.came.empty()


@pytest.mark.parametrize("status", [404, 410])
def test_a_dead_address_is_forgotten(
    api: Api, phone: Phone, verifier: Verifier, service: PushService, status: int
) -> None:
    service.status = status
    api.password()
    verifier.reach.close()
    assert not subscribed(verifier)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_push_service_in_trouble_changes_nothing(
    api: Api,
    phone: Phone,
    verifier: Verifier,
    service: PushService,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service.status = status
    assert api.password().status_code == 200
    verifier.reach.close()
    assert subscribed(verifier)
    logged = capsys.readouterr().out
    assert "push.failed" in logged
    assert f"status {status}" in logged
    assert "secret-address" not in logged
    assert str(service.port) not in logged


def test_an_address_that_came_meanwhile_stays(
    api: Api, phone: Phone, verifier: Verifier, service: PushService
) -> None:
    service.status = 410
    service.holds = threading.Event()
    api.password()
    assert phone.sign(phone.keys[0], "PUT", PATH, service.subscription()).status_code == 204
    service.holds.set()
    verifier.reach.close()
    assert subscribed(verifier)


def test_a_slow_push_service_holds_up_no_login(
    api: Api, phone: Phone, service: PushService
) -> None:
    service.holds = threading.Event()
    assert api.password().status_code == 200  # answered, though the service has not
    assert service.came.empty()
    service.holds.set()
    service.next()


@pytest.mark.parametrize("status", [301, 307])
def test_nobody_is_sent_on_to_another_address(
    api: Api, phone: Phone, verifier: Verifier, service: PushService, status: int
) -> None:
    service.status = status
    api.password()
    verifier.reach.close()
    assert service.asked == ["/send/secret-address"]


def test_a_phone_can_be_left_alone(
    api: Api, phone: Phone, verifier: Verifier, service: PushService
) -> None:
    assert phone.sign(phone.keys[0], "DELETE", PATH).status_code == 204
    assert api.password().json()["prompt"]["push"]  # the open app still shows it
    verifier.reach.close()
    assert service.came.empty()


def test_a_password_that_is_wrong_sends_nothing(
    api: Api, phone: Phone, verifier: Verifier, service: PushService
) -> None:
    api.password(password="not the password")
    verifier.reach.close()
    assert service.came.empty()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"endpoint": "http://127.0.0.2/send"}, "endpoint"),
        ({"endpoint": "https://example.com/send"}, "endpoint"),
        ({"endpoint": "file:///etc/passwd"}, "endpoint"),
        ({"keys": {"p256dh": "A" * 87, "auth": "A" * 22}}, "keys"),
        ({"keys": {"p256dh": "A", "auth": "A" * 22}}, "keys"),
    ],
)
def test_what_is_no_subscription_is_not_taken(
    phone: Phone, verifier: Verifier, service: PushService, changed: dict[str, Any], field: str
) -> None:
    with verifier.database.reading() as connection:
        before = connection.execute(select(mobile_keys.c.push_sealed)).scalar_one()
    answer = phone.sign(phone.keys[0], "PUT", PATH, service.subscription() | changed)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    with verifier.database.reading() as connection:
        assert connection.execute(select(mobile_keys.c.push_sealed)).scalar_one() == before


def test_a_short_auth_secret_is_not_taken(phone: Phone, service: PushService) -> None:
    body = service.subscription()
    body["keys"]["auth"] = "AAAA"
    assert phone.sign(phone.keys[0], "PUT", PATH, body).status_code == 422


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc",
        "https://web.push.apple.com/abc",
    ],
)
def test_the_known_push_services_may_be_reached(endpoint: str) -> None:
    assert may_be_reached(endpoint, Settings().push_hosts)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:8443/abc",
        "https://fcm.googleapis.com.example.com/abc",
        "https://example.com/fcm.googleapis.com",
        "https://fcm.googleapis.com@127.0.0.1/abc",
        "https://user@fcm.googleapis.com/abc",
        "https://push.services.mozilla.com.example/abc",
        "https://evilpush.apple.com/abc",
        "https://127.0.0.1/abc",
        "https://[::1]/abc",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/abc",
        "https://fcm.googleapis.com:99999/abc",
        "https://fcm.googleapis.com/\nx",
        r"https://10.0.0.5\.push.apple.com/../internal/reload?x=1",
        r"https://example.com\.push.apple.com/x",
        r"https:\\10.0.0.5\.push.apple.com/x",
        "https://10.0.0.5%5c.push.apple.com/x",
        "https://10.0.0.5;.push.apple.com/x",
        "https://web.push.apple.com:/x",
        "",
        "abc",
    ],
)
def test_no_other_address_is_reached_for_a_phones_sake(endpoint: str) -> None:
    assert not may_be_reached(endpoint, Settings().push_hosts)


def test_a_loopback_is_reached_where_it_is_listed_alone() -> None:
    assert may_be_reached("http://127.0.0.1:8080/abc", ("127.0.0.1",))
    assert may_be_reached("http://localhost/abc", ("localhost",))
    assert not may_be_reached("http://127.0.0.1/abc", ("localhost",))
    assert not may_be_reached("http://example.com/abc", ("example.com",))


def test_a_key_that_has_ended_keeps_no_address(
    phone: Phone, verifier: Verifier, service: PushService
) -> None:
    """As where it ends while the request is under way."""
    with verifier.database.writing() as connection:
        device = connection.execute(select(mobile_keys.c.device_id)).scalar_one()
        revocation.end(connection, device, verifier.clock.now(), "deactivated")
    body = service.subscription()
    keys = body["keys"]
    verifier.notifications.subscribe(
        device, Subscription(body["endpoint"], keys["p256dh"], keys["auth"])
    )
    assert not subscribed(verifier)
