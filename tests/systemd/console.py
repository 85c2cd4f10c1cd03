"""Run in the booted machine: sudo and login themselves, set up as docs/ssh.md says.

Standard library alone; `Terminal` is the person in front of the machine.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.pam.terminal import Terminal

SOURCE = Path(__file__).resolve().parents[2]
SHARED = "a-secret-of-sudo-and-login"
ON_PAPER = "what-is-in-the-envelope"
PROMPT = r"(\[sudo\] p|P)assword[^:]*: "
CONF = Path("/etc/pam_radius_auth.conf")

Response = Callable[[str], str]
"""What ada's card shows for a challenge."""


def signs() -> bool:
    """Tell whether this Debian's pam_radius knows Message-Authenticator, as Debian 13's does."""
    version = subprocess.check_output(
        ["dpkg-query", "--show", "--showformat=${Version}", "libpam-radius-auth"], text=True
    )
    return int(version.split(".")[0]) >= 3


def client() -> list[str]:
    """The verifier's client for this machine, as options of `radius client add`."""
    options = ["ssh", "127.0.0.1", "--secret-file", "-", "--trust-calling-station"]
    return options if signs() else [*options, "--without-message-authenticator"]


def set_up(password: str) -> None:
    """Make the machine's users, and the files of docs/ssh.md.

    The machine has the same password for ada as the verifier: where PAM fell back to it, she would
    be let in by it alone.
    """
    for command in (
        ("groupadd", "breakglass"),
        ("useradd", "--create-home", "--shell", "/bin/bash", "ada"),
        (*("useradd", "--create-home", "--groups", "breakglass,sudo"), "firefighter"),
    ):
        subprocess.run(command, check=True)
    secrets = f"ada:{password}\nfirefighter:{ON_PAPER}\n"
    subprocess.run(["chpasswd"], input=secrets, text=True, check=True)
    Path("/etc/sudoers.d/ada").write_text("ada ALL=(ALL) ALL\n")
    CONF.touch(mode=0o600)
    CONF.chmod(0o600)
    CONF.write_text(f"127.0.0.1:1812 {SHARED} 30\n")
    (lines,) = re.findall(r"```pam\n(.*?)```", (SOURCE / "docs/ssh.md").read_text(), re.S)
    if signs():
        lines = lines.replace(" retry=1", " require_message_authenticator retry=1")
    Path("/etc/pam.d/challng").write_text(lines)
    for service in ("sudo", "login"):
        path = Path("/etc/pam.d") / service
        before = path.read_text()
        after = before.replace("@include common-auth", "@include challng")
        assert after != before, before
        path.write_text(after)


def sudo(user: str) -> Terminal:
    """Somebody types `sudo id -un` in a terminal of his own."""
    become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
    return Terminal([*become, "sudo", "-k", "id", "-un"], cwd="/")


def first_asked(terminal: Terminal, password: str) -> str:
    """Give the password; returns the challenge."""
    terminal.expect(PROMPT)
    terminal.type(password)
    return terminal.expect(r"Challenge ([0-9]{6}): give it to your card.*?Response: ")[1]


def with_the_verifier(password: str, response: Response) -> dict[str, object]:
    """What sudo and login do while RADIUS answers."""
    seen: dict[str, object] = {"signs": signs()}
    with closing(sudo("ada")) as terminal:
        terminal.type(response(first_asked(terminal, password)))
        seen["sudo"] = [terminal.end(), terminal.seen.split()[-1]]
    with closing(sudo("ada")) as terminal:
        challenge = first_asked(terminal, password)
        terminal.type(f"{(int(response(challenge)) + 1) % 10**8:08}")
        terminal.expect("not right")
        seen["wrong"] = "root" in terminal.seen
    with closing(Terminal(["login", "ada"], cwd="/")) as terminal:
        terminal.type(response(first_asked(terminal, password)))
        terminal.expect(r"ada@.*\$ ")
        terminal.type("id -un; exit")
        terminal.expect(r"\nada\r?\n")
        seen["login"] = terminal.end()
    return seen


def without_the_verifier(password: str) -> dict[str, object]:
    """What they do when nobody answers RADIUS."""
    CONF.write_text(f"127.0.0.1:1812 {SHARED} 3\n")
    seen: dict[str, object] = {}
    with closing(sudo("ada")) as terminal:
        for _ in range(3):  # sudo asks three times
            terminal.expect(PROMPT)
            terminal.type(password)
        seen["sudo"] = [terminal.end(), "root" in terminal.seen]
    with closing(sudo("firefighter")) as terminal:
        terminal.expect(PROMPT)
        terminal.type(ON_PAPER)
        seen["breakglass"] = [terminal.end(), terminal.seen.split()[-1]]
    return seen
