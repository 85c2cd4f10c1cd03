"""A blank card on a cable and the command that pairs it, each a process, worked from outside.

Beside `tests.doors`, and like it: nothing here imports a package of ours.
"""

from __future__ import annotations

import re
import secrets
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.doors import BIN, DoorError, Household, secret_file

NUMBER = re.compile(r"\b([0-9]{3}) ([0-9]{3})\b")


def _as_at_a_terminal() -> None:
    """Ctrl-C counts, also where the tests run in the background of a script, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class _Program:
    """One of the console scripts, with lines in and lines out."""

    def __init__(self, command: str, *arguments: object, errors: IO[str] | int) -> None:
        self.printed = ""
        self._process = subprocess.Popen(
            [str(BIN / command), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=_as_at_a_terminal,
        )

    def say(self, *lines: str) -> None:
        """Type lines."""
        assert self._process.stdin
        self._process.stdin.write("".join(f"{line}\n" for line in lines))
        self._process.stdin.flush()

    def line(self, wanted: Callable[[str], object]) -> str:
        """The next printed line that is as wanted; raises DoorError when the program ends first."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.printed += line
            if wanted(line):
                return line.strip()
        raise DoorError(f"the program ended: {self.printed}{self.end()[1]}")

    def end(self) -> tuple[int, str]:
        """Close its input, and wait for it; its exit code, and what else it printed."""
        out, errors = self._process.communicate(timeout=120)
        self.printed += out or ""
        return self._process.returncode, f"{out or ''}{errors or ''}"

    def interrupt(self, number: int) -> None:
        """What Ctrl-C does, or a power cut: its input stays open until it has ended."""
        self._process.send_signal(number)
        self._process.wait(120)

    def stop(self) -> None:
        """End it, in whatever state it is."""
        self._process.kill()
        self._process.communicate()


class CabledCard(_Program):
    """`challng-card play - --cable LINK` over a store; its keys are pressed line by line."""

    def __init__(self, store: Path, link: Path) -> None:
        self.store, self.link = store, link
        store.mkdir(mode=0o700, exist_ok=True)
        super().__init__(
            *("challng-card", "--store", store, "play", "-", "--cable", link),
            errors=subprocess.PIPE,
        )

    def begin_pairing(self) -> str:
        """The gesture; what the glass shows then."""
        self.say("press", "hold ok", "show")
        return self.line(lambda line: "PAIRING" in line)

    def number(self) -> str:
        """Wait for the six digits on the glass."""
        self.say("await HOLD OK", "show")
        found = NUMBER.search(self.line(NUMBER.search))
        assert found
        return found[1] + found[2]

    def consent(self, then: str = "PAIRED") -> str:
        """Hold OK, and wait for the glass to say how it ended."""
        self.say("hold ok", f"await {then}", "show")
        return self.line(lambda line: then in line)

    def ended(self) -> str:
        """The code that the glass shows after a while."""
        self.say("wait 2", "show")
        return self.line(lambda line: re.match(r"E[0-9]{2}$", line))


class PairCommand(_Program):
    """`challng-provision pair` at a terminal; answers are typed."""

    def __init__(self, port: Path, *options: object) -> None:
        super().__init__(
            *("challng-provision", "pair", "--port", port, *options), errors=subprocess.STDOUT
        )

    def number(self) -> str:
        """Wait for the six digits in the terminal."""
        found = NUMBER.search(self.line(lambda line: line.startswith("Number:")))
        assert found
        return found[1] + found[2]


class BlankHousehold(Household):
    """A verifier with one user, a provisioning credential, and a card without a key."""

    def lay_out(self) -> None:
        """A blank card and the secrets' files; no verifier yet."""
        self.out = self.folder / "card.pskc"
        self.link = self.folder / "ttyACM0"
        self.passphrase = secret_file(self.folder / "passphrase", secrets.token_hex(16))
        self.pin_file = secret_file(self.folder / "pin", self.pin)
        self.card.store.mkdir(mode=0o700)

    def set_up(self) -> None:
        """Make the verifier and the user; the card stays blank."""
        self.lay_out()
        self.token = self.folder / "token"
        password = secret_file(self.folder / "password", self.password)
        self.verifier.command("init")
        self.verifier.command("user", "add", self.user, "--password-file", password)
        self.verifier.command("provisioner", "add", "desk", "--out", self.token)
        password.unlink()

    def plug_in(self) -> CabledCard:
        """The card's firmware with its cable."""
        return CabledCard(self.card.store, self.link)

    def pair(self, *options: object) -> PairCommand:
        """The documented command line."""
        return PairCommand(
            self.link,
            *("--out", self.out, "--passphrase-file", self.passphrase, *options),
        )

    @property
    def enrolling(self) -> tuple[object, ...]:
        """The options that put the card into the verifier as well."""
        return (
            *("--enrol", self.verifier.url, "--token-file", self.token),
            *("--user", self.user, "--pin-file", self.pin_file),
        )
