"""Any program that speaks PAM, as an ordinary user sees it: pamtester, and the stock pam_radius."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .house import MATRIX, WRAPPER, House, bad, missing, program
from .terminal import Terminal

_MISSING = [*missing("pamtester"), *([] if WRAPPER else ["libpam_wrapper.so"])]
pytestmark = pytest.mark.skipif(
    bool(_MISSING),
    reason=f"not installed: {_MISSING}; "
    "apt-get install pamtester libpam-wrapper libpam-radius-auth",
)
SERVICES = ("challng", "sudo", "login")


class Pam:
    """pamtester over a folder of PAM files, run by somebody who is not root."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.services = folder / "pam.d"
        self.services.mkdir()
        self.conf = house.conf(folder / "pam_radius_auth.conf")
        self.lines = house.pam(self.conf)
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self.write(self.lines)

    def write(self, lines: str) -> None:
        """Give every service the same lines."""
        for each in SERVICES:
            # pam_wrapper looks in its own folder for services, and not for what they include.
            included = f"@include {self.services / 'challng'}\n"
            (self.services / each).write_text(lines if each == "challng" else included)
        for path in (self.folder, *self.folder.rglob("*")):
            if os.geteuid() == 0:
                shutil.chown(path, "nobody", "nogroup")

    def log_in(self, service: str = "challng", user: str | None = None) -> Terminal:
        assert WRAPPER
        wrapper = {
            "LD_PRELOAD": str(WRAPPER),
            "PAM_WRAPPER": "1",
            "PAM_WRAPPER_SERVICE_DIR": str(self.services),
            "TMPDIR": str(self.folder),
        }
        command = [program("pamtester"), service, user or self.house.user, "authenticate"]
        return Terminal(command, wrapper, cwd=self.folder, **self._who)


@pytest.fixture
def pam(house: House) -> Iterator[Pam]:
    # Not under pytest's own folder, which is closed to others.
    folder = Path(tempfile.mkdtemp(prefix="challng-pam-"))
    yield Pam(house, folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("service", SERVICES)
def test_password_and_card_open_ssh_sudo_and_the_console_by_the_same_file(
    pam: Pam, service: str
) -> None:
    with closing(pam.log_in(service)) as terminal:
        terminal.expect("Password: ")
        terminal.type(pam.house.password)
        terminal.type(pam.house.answer(terminal))
        terminal.expect("successfully authenticated")
        assert terminal.end() == 0


def test_after_a_wrong_password_no_challenge_is_shown(pam: Pam) -> None:
    with closing(pam.log_in()) as terminal:
        terminal.expect("Password: ")
        terminal.type("not the password")
        terminal.expect("Authentication failure")
        assert terminal.end() == 1
    assert "Challenge" not in terminal.seen


def test_a_wrong_answer_is_asked_again_and_three_are_the_end(pam: Pam) -> None:
    with closing(pam.log_in()) as terminal:
        terminal.expect("Password: ")
        terminal.type(pam.house.password)
        response = pam.house.answer(terminal)
        for left in ("2 more tries", "1 more try"):
            terminal.type(bad(response))
            terminal.expect(f"not right. {left}")
            terminal.expect("Response: ")
        terminal.type(bad(response))
        terminal.expect("Authentication failure")
        assert terminal.end() == 1
    with closing(pam.log_in()) as terminal:  # the run of wrong answers ends with a right one
        terminal.expect("Password: ")
        terminal.type(pam.house.password)
        terminal.type(pam.house.answer(terminal))
        assert terminal.end() == 0


def test_an_answer_that_was_accepted_is_not_accepted_again(pam: Pam) -> None:
    with closing(pam.log_in()) as terminal:
        terminal.expect("Password: ")
        terminal.type(pam.house.password)
        response = pam.house.answer(terminal)
        terminal.type(response)
        assert terminal.end() == 0
    with closing(pam.log_in()) as terminal:
        terminal.expect("Password: ")
        terminal.type(pam.house.password)
        terminal.expect("Response: ")
        terminal.type(response)
        terminal.expect("not right")
        terminal.type(pam.house.answer(terminal))
        assert terminal.end() == 0


def test_without_the_verifier_nobody_gets_in_but_by_breaking_the_glass(
    pam: Pam, house: House
) -> None:
    house.stop()
    house.conf(pam.conf, 3)
    try:
        with closing(pam.log_in()) as terminal:
            terminal.expect("Password: ")
            terminal.type(house.password)
            terminal.expect("cannot retrieve authentication info|Authentication failure")
            assert terminal.end() == 1
        # nobody is in nogroup on every machine; pam_matrix stands in for the Unix password.
        passwords = pam.folder / "passwords"
        for service in SERVICES:
            with passwords.open("a") as file:
                file.write(f"nobody:on-paper:{service}\n")
        pam.write(
            pam.lines.replace("ingroup breakglass", "ingroup nogroup").replace(
                "pam_unix.so", f"{MATRIX} passdb={passwords}"
            )
        )
        with closing(pam.log_in(user="nobody")) as terminal:
            terminal.expect("Password: ")
            terminal.type("on-paper")
            terminal.expect("successfully authenticated")
            assert terminal.end() == 0
    finally:
        house.serve()
