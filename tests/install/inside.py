"""Run by root under a booted systemd: installs the card, twice, and removes it, noting the files.

Standard library alone; `installed.py` boots the machine and judges. Switches the machine off.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import traceback
from pathlib import Path
from typing import Any

RESULT = Path("/check/result.json")
SOURCE = Path("/srv/challng")
#: What changes by itself, by the clock or by looking at it, and what apt and the users' tools keep
#: for themselves: logs, lists, caches, and their copies of the last state.
OUT = {
    *("/proc", "/sys", "/dev", "/run", "/tmp", "/check", "/wheels", "/srv", "/var/tmp", "/var/log"),
    *("/var/cache", "/var/lib/apt", "/var/lib/systemd", "/var/lib/dpkg/status-old"),
    *("/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/triggers/Lock"),
    *("/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/.pwd.lock"),
    *("/etc/subuid-", "/etc/subgid-", "/root"),
}


def tree() -> dict[str, list[object]]:
    """Every file of the machine: kind and mode, owner, group, what is in it, and when that came."""
    found: dict[str, list[object]] = {}
    todo = [Path("/")]
    while todo:
        for path in todo.pop().iterdir():
            if str(path) in OUT:
                continue
            state = path.lstat()
            held, when = "", 0
            if stat.S_ISLNK(state.st_mode):
                held = str(path.readlink())
            elif stat.S_ISREG(state.st_mode):
                held, when = hashlib.sha256(path.read_bytes()).hexdigest(), state.st_mtime_ns
            elif stat.S_ISDIR(state.st_mode):
                todo.append(path)
            found[str(path)] = [oct(state.st_mode), state.st_uid, state.st_gid, held, when]
    return found


def make(target: str, *more: str) -> dict[str, Any]:
    """Run the installation's program as the target of `make` does; what it said, and its end."""
    done = subprocess.run(
        ["python3", "-B", "-m", "hardware.install", *more],
        cwd=SOURCE,
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return {"target": target, "exit": done.returncode, "said": done.stdout, "wrong": done.stderr}


def run(*command: str, stdin: str = "") -> str:
    """What a command prints, both ways."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    return done.stdout + done.stderr


def main() -> None:
    """Do everything and write down what was seen."""
    seen: dict[str, Any] = {}
    try:
        seen["before"] = tree()
        seen["first"] = make("install-card")
        if seen["first"]["exit"]:
            raise RuntimeError(seen["first"])
        seen["config"] = Path("/boot/firmware/config.txt").read_text()
        seen["enabled"] = run("systemctl", "is-enabled", "challng-card.service")
        seen["user"] = run("id", "challng")
        seen["info"] = run("/opt/challng/bin/challng-card", "--driver", "sim", "info")
        seen["installed"] = tree()
        seen["second"] = make("install-card")
        seen["again"] = tree()
        key = ("/opt/challng/bin/challng-provision", "new", "--store", "/var/lib/challng")
        seen["key"] = run(
            *key, "--passphrase-file", "-", "--out", "/run/a.pskc", stdin="a long passphrase"
        )
        seen["kept"] = make("uninstall-card", "--remove")
        seen["store"] = {
            str(path): [oct(path.lstat().st_mode), path.lstat().st_uid]
            for path in [Path("/var/lib/challng"), *Path("/var/lib/challng").iterdir()]
        }
        seen["back"] = make("install-card")
        seen["info again"] = run("/opt/challng/bin/challng-card", "--driver", "sim", "info")
        seen["purged"] = make("uninstall-card PURGE=1", "--remove", "--purge")
        seen["after"] = tree()
    except Exception:
        seen["failed"] = traceback.format_exc()
    RESULT.write_text(json.dumps(seen))
    run("systemctl", "poweroff", "--no-block")


if __name__ == "__main__":
    main()
