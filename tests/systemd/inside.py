"""Run by root under a booted systemd: works the units, and writes down what it saw.

Standard library alone, `console.py` beside it too (`nas.py` has pyrad); `booted.py` boots the
machine and judges the result. The last step asks for a halt as the card does, and so powers the
machine off.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.systemd import console

RESULT = Path("/check/result.json")
URL = "http://127.0.0.1:8600"
SERVER, CARD = "challng-server.service", "challng-card.service"
RADIUS = "challng-radius.service"
COMMAND = "/opt/challng/bin/challng-server"
AS_ROOT = {
    "CHALLNG_MASTER_KEY_FILE": "/etc/challng/master.key",
    "CHALLNG_DATA": "/var/lib/challng-server",
}
SHARED = "a-secret-of-the-machine"
#: Seconds that anything may take in a machine without a screen and with two busy cores.
PATIENCE = 60


def run(*command: str, stdin: str = "", **more: str) -> str:
    """Run a command to its end; its standard output, or RuntimeError with what it said."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, env={**os.environ, **more}
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


def show(unit: str) -> dict[str, str]:
    """What systemd knows of a unit."""
    wanted = "ActiveState,SubState,MainPID,NRestarts,Result,ExecMainStatus,StatusErrno"
    lines = run("systemctl", "show", unit, f"--property={wanted}").splitlines()
    return dict(line.split("=", 1) for line in lines)


def until_restarted(unit: str, times: int) -> dict[str, str]:
    """Wait until systemd has brought a unit back for the `times`th time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = show(unit)
        if seen["NRestarts"] == str(times) and seen["ActiveState"] == "active":
            return seen
        time.sleep(0.1)
    raise RuntimeError(f"{unit} was not restarted for the {times}. time: {show(unit)}")


def answer(path: str, body: dict[str, str] | None = None) -> int:
    """The status of the verifier's answer; 0 when nobody answers."""
    request = urllib.request.Request(
        URL + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, OSError):
        return 0


def children(pid: str) -> list[int]:
    """The processes that a process started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def short_watchdog(unit: str, *lines: str) -> None:
    """Let the watchdog of a unit bite after four seconds, and whatever else `lines` change."""
    drop_in = Path("/run/systemd/system") / f"{unit}.d" / "check.conf"
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("\n".join(["[Service]", "WatchdogSec=4", *lines, ""]))


def verifier() -> dict[str, object]:
    """Make a verifier as root, then let its unit live a whole life."""
    Path("/etc/challng").mkdir(exist_ok=True)
    master = Path(AS_ROOT["CHALLNG_MASTER_KEY_FILE"])
    master.touch(mode=0o600)
    master.write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    command, as_root = COMMAND, AS_ROOT
    run(command, "init", **as_root)
    run(command, "user", "add", "ada", "--password-file", "-", stdin="correct-horse", **as_root)
    short_watchdog(SERVER)
    run("systemctl", "daemon-reload")

    seen: dict[str, object] = {}
    run("systemctl", "start", SERVER)
    seen["started"] = {**show(SERVER), "readyz": answer("/readyz")}
    run(command, "user", "add", "bob", "--password-file", "-", stdin="battery-staple", **as_root)
    seen["logins"] = [
        answer("/api/v1/login", {"username": name, "password": password})
        for name, password in (("ada", "correct-horse"), ("bob", "battery-staple"))
    ]

    run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", SERVER)
    seen["killed"] = {**until_restarted(SERVER, 1), "readyz": answer("/readyz")}

    main = show(SERVER)["MainPID"]
    for worker in children(main):
        os.kill(worker, 19)  # SIGSTOP: there, and silent
    seen["hung"] = {**until_restarted(SERVER, 2), "readyz": answer("/readyz")}

    run("systemctl", "start", "challng-server-seal.timer", "challng-server-seal.service")
    seen["seal"] = {
        "timer": show("challng-server-seal.timer")["ActiveState"],
        "result": show("challng-server-seal.service")["Result"],
    }
    seen["radius"] = radius()
    run("systemctl", "stop", SERVER)
    seen["stopped"] = {**show(SERVER), "readyz": answer("/readyz")}
    seen["audit"] = run(command, "audit", "verify", **as_root)
    seen["journal"] = run("journalctl", "--no-pager", "--output=cat", f"--unit={SERVER}")
    return seen


def asked(password: str, state: str = "", *more: str) -> dict[str, object] | None:
    """What the RADIUS server replies to ada's password; None when it does not."""
    printed = run(
        *("/usr/bin/python3", "-B", "/opt/challng/source/tests/systemd/nas.py", *more),
        *("1812", SHARED, "ada", password, *([state] if state else [])),
        PYTHONPATH="/opt/challng/site",
    )
    reply: dict[str, object] | None = json.loads(printed)
    return reply


def radius() -> dict[str, object]:
    """Give ada a card and let her in through the unit, beside the verifier that serves."""
    folder, pin = Path("/run/ada"), "7305"
    folder.mkdir(mode=0o700)
    passphrase, pin_file = folder / "passphrase", folder / "pin"
    for file, secret in ((passphrase, "a passphrase that is long"), (pin_file, pin)):
        file.touch(mode=0o600)
        file.write_text(secret)
    record, store = str(folder / "card.pskc"), str(folder / "card")
    given = ("--passphrase-file", str(passphrase))
    provision = "/opt/challng/bin/challng-provision"
    run(provision, "new", "--store", store, "--out", record, *given)
    importing = (COMMAND, "card", "import", record, *given, "--user", "ada")
    run(*importing, "--pin-file", str(pin_file), **AS_ROOT)
    adding = (COMMAND, "radius", "client", "add", "machine", "127.0.0.1", "--secret-file", "-")
    run(*adding, stdin=SHARED, **AS_ROOT)
    short_watchdog(RADIUS)
    run("systemctl", "daemon-reload")

    def pressed(challenge: str) -> str:
        keys = ("press", pin, "ok", challenge, "ok", "show", "off")
        play = ("/opt/challng/bin/challng-card", "--driver", "sim", "--store", store, "play", "-")
        glass = re.search("([0-9]{4}) ([0-9]{4})", run(*play, stdin="\n".join(keys)))
        assert glass
        return glass[1] + glass[2]

    seen: dict[str, object] = {}
    run("systemctl", "start", RADIUS)
    seen["started"] = show(RADIUS)
    seen["unsigned"] = asked("correct-horse", "", "--unsigned")
    seen["wrong"] = asked("battery-staple")
    challenge = asked("correct-horse") or {}
    digits = re.search("[Cc]hallenge ([0-9]{6})", str(challenge["text"]))
    assert digits, challenge
    response, state = pressed(digits[1]), str(challenge["state"])
    seen["right"] = [asked(response, state), asked(response, state)]
    os.kill(int(show(RADIUS)["MainPID"]), 19)
    seen["hung"] = until_restarted(RADIUS, 1)
    seen["again"] = asked("correct-horse")
    run(COMMAND, "radius", "client", "remove", "machine", **AS_ROOT)
    run(COMMAND, "radius", "client", "add", *console.client(), stdin=console.SHARED, **AS_ROOT)
    console.set_up("correct-horse")
    seen["console"] = console.with_the_verifier("correct-horse", pressed)
    run("systemctl", "stop", RADIUS)
    seen["stopped"] = show(RADIUS)
    seen["in_the_dark"] = console.without_the_verifier("correct-horse")
    seen["journal"] = run("journalctl", "--no-pager", "--output=cat", f"--unit={RADIUS}")
    return seen


def card() -> dict[str, object]:
    """Provision a card as root before and after its first start; its parts are simulated."""
    provision = ("/opt/challng/bin/challng-provision", "new", "--store", "/var/lib/challng")
    secret = ("--passphrase-file", "-")
    run(*provision, *secret, "--out", "/run/a.pskc", stdin="a passphrase that is long")
    start = "/opt/challng/bin/challng-card --driver sim run"
    short_watchdog(CARD, "ExecStart=", f"ExecStart={start}")
    run("systemctl", "daemon-reload")

    seen: dict[str, object] = {}
    run("systemctl", "start", CARD)
    seen["started"] = show(CARD)
    main = show(CARD)["MainPID"]
    seen["status"] = Path(f"/proc/{main}/status").read_text()
    seen["limits"] = Path(f"/proc/{main}/limits").read_text()
    run(*provision, *secret, "--slot", "B", "--out", "/run/b.pskc", stdin="another long passphrase")
    seen["info"] = run(
        *("setpriv", "--reuid=challng", "--regid=challng", "--init-groups"),
        *("/opt/challng/bin/challng-card", "--driver", "sim", "info"),
    )
    os.kill(int(main), 19)
    seen["hung"] = until_restarted(CARD, 1)
    seen["journal"] = run("journalctl", "--no-pager", "--output=cat", f"--unit={CARD}")
    return seen


def main() -> None:
    """Do everything, write the result, and ask for the halt."""
    seen: dict[str, object] = {}
    try:
        run("systemd-sysusers")
        seen["verifier"] = verifier()
        seen["card"] = card()
        run("systemctl", "start", "challng-halt.path")
    except Exception:
        seen["failed"] = traceback.format_exc()
        seen["failed_journal"] = run("journalctl", "--no-pager", "--lines=80")
    RESULT.write_text(json.dumps(seen))
    if "failed" in seen:
        run("systemctl", "poweroff")
    else:
        run("setpriv", "--reuid=challng", "--clear-groups", "touch", "/run/challng/halt")


if __name__ == "__main__":
    main()
