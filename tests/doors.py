"""A verifier and a card, worked from outside by their commands alone.

The demo, the end-to-end tests and the figures use these; nothing here imports a package of ours.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

BIN = Path(sys.executable).parent


class DoorError(RuntimeError):
    """A command did not do what it should; the text is what it printed."""


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    code: int
    out: str
    errors: str


Runner = Callable[[str, Sequence[str], str | None], Done]
"""Runs a console script: its name, its arguments, its standard input."""


def process(command: str, arguments: Sequence[str], stdin: str | None) -> Done:
    """Run a console script as anybody does."""
    done = subprocess.run(
        [str(BIN / command), *arguments], input=stdin, capture_output=True, text=True, timeout=120
    )
    return Done(done.returncode, done.stdout, done.stderr)


runner: Runner = process
"""How commands are run; the tests put `tests.warm` here."""


def run(command: str, *arguments: object, stdin: str | None = None) -> str:
    """Run one of the console scripts; return what it printed, or raise DoorError."""
    done = runner(command, [str(each) for each in arguments], stdin)
    if done.code:
        raise DoorError(f"{command} exited with {done.code}: {done.out}{done.errors}")
    return done.out


def free_port() -> int:
    """A TCP port of the loopback that nobody uses at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def secret_file(path: Path, text: str) -> Path:
    """Write a secret where only its owner can read it."""
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return path


class Card:
    """A card in a store directory; its keys are pressed by scripts."""

    def __init__(self, store: Path) -> None:
        self.store = store

    def provision(self, out: Path, passphrase_file: Path) -> str:
        """Put a new key on the card and its record into `out`; return the card's serial."""
        printed = run(
            "challng-provision",
            *("new", "--store", self.store, "--out", out, "--passphrase-file", passphrase_file),
        )
        found = re.search(r"CH[0-9]{8}", printed)
        assert found, printed
        return found[0]

    def play(self, lines: Sequence[str]) -> str:
        """Press a key script; return what `show` printed."""
        return run("challng-card", "--store", self.store, "play", "-", stdin="\n".join(lines))

    def response(self, pin: str, challenge: str) -> str:
        """The response to a challenge, read off the glass."""
        shown = self.play(["press", pin, "ok", challenge, "ok", "show", "off"])
        found = re.search(r"\b([0-9]{4}) ([0-9]{4})\b", shown)
        if not found:
            raise DoorError(f"no response on the glass: {shown!r}")
        return found[1] + found[2]


class Verifier:
    """A verifier in a data directory of its own, served on a port of the loopback."""

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        workers: int = 1,
        host: str = "127.0.0.1",
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.data = data
        self.host = host
        self.environment = dict(environment or {})
        self.port = port or free_port()
        self.workers = workers
        self.log = log or data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def command(self, *arguments: object) -> str:
        """Run `challng-server` on this data directory."""
        return run("challng-server", "--data", self.data, *arguments)

    def start(self) -> None:
        """Serve, and return when it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(BIN / "challng-server"), "--data", str(self.data), "serve"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                    *("--workers", str(self.workers)),
                ],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )
        with httpx.Client(base_url=self.url, verify=False) as client:
            for _ in range(2_400):  # a busy machine takes its time
                if self._process.poll() is not None:
                    raise DoorError(f"the verifier ended: {self.log.read_text()}")
                try:
                    if client.get("/readyz").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        raise DoorError(f"the verifier does not answer: {self.log.read_text()}")

    @property
    def pid(self) -> int:
        """The process that was started; its workers are its children."""
        assert self._process
        return self._process.pid

    def stop(self) -> int:
        """End it as a service manager does; return its exit code."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=30)


class Household:
    """A served verifier with one user and one card, as the demo has it."""

    def __init__(self, folder: Path, *, port: int | None = None, workers: int = 1) -> None:
        self.folder = folder
        self.user, self.pin = "ada", f"{secrets.choice(['7305', '4926', '8152', '2694'])}"
        self.password = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        self.card = Card(folder / "card")
        self.verifier = Verifier(folder / "verifier", port=port, workers=workers)
        self.serial = ""

    def set_up(self) -> None:
        """Make the verifier, the user and the card, and join them; the key file is removed."""
        passphrase = secret_file(self.folder / "passphrase", secrets.token_hex(16))
        password = secret_file(self.folder / "password", self.password)
        pin = secret_file(self.folder / "pin", self.pin)
        record = self.folder / "card.pskc"
        self.verifier.command("init")
        self.verifier.command("user", "add", self.user, "--password-file", password)
        self.serial = self.card.provision(record, passphrase)
        self.verifier.command(
            *("card", "import", record, "--passphrase-file", passphrase),
            *("--user", self.user, "--pin-file", pin),
        )
        for file in (passphrase, password, pin, record):
            file.unlink()
