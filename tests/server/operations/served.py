"""A verifier that the real program serves, with settings of its own."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from server.clock import SystemClock
from server.verifier import Verifier
from tests.doors import free_port

from ..support import Card, add_card, add_user, environment_of, make_verifier

QUICK = {"CHALLNG_ARGON2_TIME": "1", "CHALLNG_ARGON2_MEMORY_KIB": "8"}


@dataclass
class Served:
    """A verifier with alice and her card, at a port of the loopback."""

    verifier: Verifier
    card: Card
    port: int
    log: Path
    process: subprocess.Popen[bytes]


@contextmanager
def serving(
    folder: Path,
    *options: object,
    environment: Mapping[str, str] | None = None,
    trusting: ssl.SSLContext | None = None,
) -> Iterator[Served]:
    """Serve until the end of the block; `trusting` is for one that speaks TLS."""
    verifier = make_verifier(folder, SystemClock())
    add_user(verifier)
    card = Card()
    add_card(verifier, card)
    port, log = free_port(), folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "server"),
                *("serve", "--port", str(port), *(str(each) for each in options)),
            ],
            env=os.environ | environment_of(verifier) | QUICK | dict(environment or {}),
            stdout=out,
            stderr=out,
        )
    served = Served(verifier, card, port, log, process)
    try:
        _until_ready(served, trusting)
        yield served
    finally:
        process.terminate()
        code = process.wait(120)
        verifier.close()
    assert code == 0, log.read_text()


def _until_ready(served: Served, trusting: ssl.SSLContext | None) -> None:
    url = f"http{'s' if trusting else ''}://localhost:{served.port}"
    with httpx.Client(base_url=url, verify=trusting or False, timeout=60) as client:
        for _ in range(3_600):
            assert served.process.poll() is None, served.log.read_text()
            try:
                if client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise AssertionError(served.log.read_text())
