"""What the verifier tells systemd, heard at a real socket: fed only while the workers answer."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from server.sdnotify import Notifier
from server.supervision import Supervision
from tests.doors import free_port, run


class Manager:
    """The socket that systemd listens at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def next(self, seconds: float = 60.0) -> str | None:
        """What is said next; None when nothing is within `seconds`."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        return self.socket.recv(4096).decode()

    def environment(self, seconds: float) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(int(seconds * 1e6))}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


class Workers:
    """Something that answers over HTTP, or lets the asker wait while it is `hung`."""

    def __init__(self) -> None:
        self.hung = Event()
        self.asked: list[str] = []
        self._released = Event()
        workers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                workers.asked.append(self.path)
                if workers.hung.is_set():
                    workers._released.wait(60)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.close()


def test_ready_is_said_once_the_workers_are_and_then_the_watchdog_is_fed(
    manager: Manager, workers: Workers
) -> None:
    told: list[str] = []
    supervision = Supervision(
        workers.url, 2, Notifier(manager.environment(0.2)), lambda: told.append("ready")
    )
    supervision.start()
    assert [manager.next() for _ in range(3)] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert told == ["ready"]
    supervision.end()
    supervision.join(60)
    assert not supervision.is_alive()
    # Each feeding asked every worker's share of questions.
    assert workers.asked.count("/healthz") >= 2 * 4


def test_workers_that_hang_are_not_spoken_for(manager: Manager, workers: Workers) -> None:
    supervision = Supervision(workers.url, 1, Notifier(manager.environment(0.2)), lambda: None)
    assert supervision.all_answer(0.1)
    workers.hung.set()
    assert not supervision.all_answer(0.1)


def test_workers_that_are_gone_are_not_spoken_for(manager: Manager) -> None:
    supervision = Supervision(
        f"http://127.0.0.1:{free_port()}", 1, Notifier(manager.environment(1)), lambda: None
    )
    assert not supervision.all_answer(0.1)


def test_without_a_watchdog_nobody_is_asked_again(manager: Manager, workers: Workers) -> None:
    supervision = Supervision(
        workers.url, 2, Notifier({"NOTIFY_SOCKET": str(manager.path)}), lambda: None
    )
    supervision.start()
    supervision.join(60)
    assert manager.next() == "READY=1"
    assert workers.asked == ["/readyz"]


def test_a_served_verifier_says_ready_alive_and_stopping(manager: Manager, tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    run("challng-server", "--data", data, "init")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "server", "--data", data, "serve"),
            *("--port", str(port), "--workers", "2"),
        ],
        env={**os.environ, **manager.environment(0.5)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        said = [manager.next() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
    while (word := manager.next(0)) is not None:
        said.append(word)
    assert said[:3] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert said[-1] == "STOPPING=1"
