"""docs/ssh.md, done: a real sshd, the stock pam_radius, a real ssh, and the card pressed by script.

The machine's own sshd and its PAM are left alone: PAM's service is named after the program, so
sshd is started under another name, and the one file that is written is that name's, and removed.
Root is who logs in, to a command that only greets, over the loopback: no user has to be made.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.doors import free_port

from .house import House, bad, block, missing, program
from .terminal import Terminal

_MISSING = missing("sshd", "ssh", "ssh-keygen")
pytestmark = [
    pytest.mark.skipif(
        bool(_MISSING),
        reason=f"not installed: {_MISSING}; "
        "apt-get install openssh-server openssh-client libpam-radius-auth",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="an sshd that asks PAM is started by root alone"),
]
GREETING = "welcome behind the card"


class Sshd:
    """An sshd of the test's own."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.port = free_port()
        self.name = f"sshd-challng-{os.getpid()}"
        self.service = Path("/etc/pam.d") / self.name
        self.conf = folder / "pam_radius_auth.conf"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Write its files and start it; returns when it listens."""
        lines = self.house.pam(self.house.conf(self.conf))
        session = "account required pam_permit.so\nsession required pam_permit.so\n"
        self.service.write_text(lines + session)
        key = self.folder / "host_key"
        subprocess.run(
            [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
        )
        public = key.with_suffix(".pub").read_text()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}")
        config = self.folder / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\n"
            f"AllowUsers root\nPermitRootLogin yes\nForceCommand echo {GREETING}\n" + block("sshd")
        )
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd asks for it
        renamed = self.folder / self.name
        renamed.symlink_to(program("sshd"))
        log = (self.folder / "sshd.log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [str(renamed), "-D", "-e", "-f", str(config)], stdout=log, stderr=log
            )
        for _ in range(1200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as door:
                if door.recv(4).startswith(b"SSH"):
                    return
            assert self._process.poll() is None, self.log
        raise AssertionError(self.log)

    def stop(self) -> None:
        """End it, and remove its file."""
        self.service.unlink(missing_ok=True)
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "sshd.log").read_text()

    def ssh(self) -> Terminal:
        """Log in from a terminal."""
        options = {
            "UserKnownHostsFile": str(self.folder / "known_hosts"),
            "StrictHostKeyChecking": "yes",
            "NumberOfPasswordPrompts": "1",
            "IdentitiesOnly": "yes",
            "IdentityFile": "none",
        }
        given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        command = [program("ssh"), "-F", "none", *given, "-p", str(self.port), "root@127.0.0.1"]
        return Terminal(command)


@pytest.fixture(scope="module")
def sshd(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    made = Sshd(house, tmp_path_factory.mktemp("sshd"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_password_and_card_log_in(sshd: Sshd) -> None:
    with closing(sshd.ssh()) as terminal:
        terminal.expect("Password: ")
        terminal.type(sshd.house.password)
        terminal.type(sshd.house.answer(terminal))
        terminal.expect(GREETING)
        assert terminal.end() == 0
    assert "Accepted keyboard-interactive/pam for root" in sshd.log


def test_after_a_wrong_password_nobody_is_let_in_and_no_challenge_shown(sshd: Sshd) -> None:
    with closing(sshd.ssh()) as terminal:
        terminal.expect("Password: ")
        terminal.type("not the password")
        terminal.expect("Permission denied")
        assert terminal.end() == 255
    assert "Challenge" not in terminal.seen
    assert GREETING not in terminal.seen


def test_a_wrong_response_lets_nobody_in_and_may_be_given_again(sshd: Sshd) -> None:
    with closing(sshd.ssh()) as terminal:
        terminal.expect("Password: ")
        terminal.type(sshd.house.password)
        response = sshd.house.answer(terminal)
        for _ in range(2):
            terminal.type(bad(response))
            terminal.expect("The response is not right.*?Response: ")
        terminal.type(bad(response))
        terminal.expect("Permission denied")
        assert terminal.end() == 255
    assert GREETING not in terminal.seen


def test_a_response_that_has_opened_a_session_opens_no_other(sshd: Sshd) -> None:
    with closing(sshd.ssh()) as terminal:
        terminal.expect("Password: ")
        terminal.type(sshd.house.password)
        response = sshd.house.answer(terminal)
        terminal.type(response)
        terminal.expect(GREETING)
        assert terminal.end() == 0
    with closing(sshd.ssh()) as terminal:
        terminal.expect("Password: ")
        terminal.type(sshd.house.password)
        terminal.expect("Response: ")
        terminal.type(response)
        terminal.expect("The response is not right")
        terminal.type(sshd.house.answer(terminal))
        terminal.expect(GREETING)


def test_with_the_verifier_down_nobody_is_let_in(sshd: Sshd) -> None:
    sshd.house.stop()
    sshd.house.conf(sshd.conf, 3)
    try:
        with closing(sshd.ssh()) as terminal:
            terminal.expect("Password: ")
            terminal.type(sshd.house.password)
            terminal.expect("Permission denied")
            assert terminal.end() == 255
        assert GREETING not in terminal.seen
    finally:
        sshd.house.conf(sshd.conf)
        sshd.house.serve()
    test_password_and_card_log_in(sshd)
