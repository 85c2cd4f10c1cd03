"""A verifier with one user and one card, served over RADIUS, and the PAM files of docs/ssh.md."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tests.doors import BIN, Household, secret_file
from tests.pam.terminal import Terminal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ssh.md"
SECRET = "one-secret-for-pam-and-verifier"
MODULE = next(
    (
        path
        for folder in ("/lib", "/usr/lib")
        for path in sorted(Path(folder).glob("*/security/pam_radius_auth.so"))
    ),
    None,
)
WRAPPER = next(iter(sorted(Path("/usr/lib").glob("*/libpam_wrapper.so"))), None)
MATRIX = next(iter(sorted(Path("/usr/lib").glob("*/pam_wrapper/pam_matrix.so"))), None)


def missing(*programs: str) -> list[str]:
    """What is not installed of programs and the PAM module."""
    found = [each for each in programs if shutil.which(each, path=_PATH) is None]
    return [*found, *([] if MODULE else ["pam_radius_auth.so"])]


_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """Where a program is, also one that ordinary users do not have on their path."""
    found = shutil.which(name, path=_PATH)
    assert found, name
    return found


def block(language: str) -> str:
    """One of the files that docs/ssh.md shows."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S)
    return str(text)


class House(Household):
    """A household whose verifier answers RADIUS on a free port of the loopback."""

    def __init__(self, folder: Path, user: str) -> None:
        super().__init__(folder)
        self.user = user
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.bind(("127.0.0.1", 0))
            self.radius_port = int(door.getsockname()[1])
        self._radius: subprocess.Popen[str] | None = None

    def set_up(self) -> None:
        """Make the verifier, and a client for PAM as docs/ssh.md does."""
        super().set_up()
        secret = secret_file(self.folder / "radius.secret", SECRET)
        self.verifier.command(
            *("radius", "client", "add", "ssh", "127.0.0.1", "--secret-file", secret),
            *("--trust-calling-station", "--without-message-authenticator"),
        )

    def serve(self) -> None:
        """Answer RADIUS, and return when it does."""
        log = (self.folder / "radius.log").open("a")
        with log:
            self._radius = subprocess.Popen(
                [
                    *(str(BIN / "challng-server"), "--data", str(self.verifier.data)),
                    *("radius", "serve", "--port", str(self.radius_port)),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._radius.stdout
        assert "served" in self._radius.stdout.readline()

    def stop(self) -> None:
        """Answer no more."""
        if self._radius is not None:
            self._radius.send_signal(signal.SIGTERM)
            self._radius.communicate(timeout=60)
            self._radius = None

    def conf(self, path: Path, seconds: int = 60) -> Path:
        """Write pam_radius's own file; it waits for 3 to 60 seconds, and reads it at each login."""
        return secret_file(path, f"127.0.0.1:{self.radius_port} {SECRET} {seconds}")

    def pam(self, conf: Path) -> str:
        """The lines of /etc/pam.d/challng, with another place for pam_radius's file."""
        text = block("pam")
        assert "conf=/etc/pam_radius_auth.conf" in text
        return text.replace("conf=/etc/pam_radius_auth.conf", f"conf={conf}")

    def answer(self, terminal: Terminal) -> str:
        """Read the challenge in a terminal, and press the card."""
        challenge = terminal.expect(r"Challenge ([0-9]{6}): give it to your card.*?Response: ")
        return self.card.response(self.pin, challenge[1])


def bad(response: str) -> str:
    """A response that is not right."""
    return f"{(int(response) + 1) % 10**8:08}"
