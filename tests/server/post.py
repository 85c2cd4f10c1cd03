"""A post office on the loopback: a real SMTP server, and an HTTP endpoint for everything else."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What came in by mail; `refuses` makes the server turn everything away."""

    port: int = 0
    refuses: bool = False
    came: list[tuple[list[str], Message]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=desk@example.com&to={{mail}}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        self.came.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"

    def subjects(self) -> list[str]:
        return [str(message["subject"]) for _, message in self.came]

    def text(self) -> str:
        (only,) = self.came
        return str(only[1].get_content())  # type: ignore[attr-defined]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Hook:
    """What came in over HTTP."""

    port: int
    status: int = 200
    came: list[dict[str, Any]] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    taken: int = 0

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def sms_url(self) -> str:
        """The address for SMS, which repeats the number as `to`."""
        return f"{self.url}/sms?:to={{phone}}"

    def next(self) -> dict[str, Any]:
        """The next that came, waited for: what leaves from a thread arrives a little later."""
        assert self.arrived.acquire(timeout=60), "nothing came"
        self.taken += 1
        return self.came[self.taken - 1]


@contextmanager
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.status == 200:
                found.came.append(json.loads(body))
                found.arrived.release()
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Hook(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
