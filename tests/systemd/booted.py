"""The units under a real, booted systemd: `make test-systemd` (root, systemd-nspawn, mmdebstrap).

Named so that `make test` leaves it out. The machine's files are Debian's, made once and kept under
`$XDG_CACHE_HOME/challng`; what a run changes is thrown away with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

ACCEPT, REJECT, CHALLENGE = 2, 3, 11  # RFC 2865, section 3
ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "challng"
# The installed packages of this Python are used inside, so its Debian must have the same.
SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
SUITE = SUITES.get(sys.version_info[:2])
PACKAGES = "systemd-sysv,dbus,python3,sudo,libpam-radius-auth"
_CHECK = """[Unit]
Description=Work the units
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /opt/challng/source/tests/systemd/inside.py
"""
_COMMAND = """#!/usr/bin/python3 -B
import sys
sys.path[:0] = ["/opt/challng/source", "/opt/challng/site"]
from {package}.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""

_MISSING = [name for name in ("systemd-nspawn", "mmdebstrap") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.skipif(
        bool(_MISSING),
        reason=f"not installed: {_MISSING}; apt-get install systemd-container mmdebstrap",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="a machine is booted by root alone"),
    pytest.mark.skipif(SUITE is None, reason="no Debian release has this Python"),
]


def machine() -> Path:
    """The directory with the machine's files, made when it is not there."""
    assert SUITE
    root = CACHE / f"machine-{SUITE}-{hashlib.sha256(PACKAGES.encode()).hexdigest()[:16]}"
    if not root.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        new = root.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", "--format=directory"),
                *(f"--include={PACKAGES}", SUITE, new),
            ],
            check=True,
        )
        new.rename(root)
    return root


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Boot the machine, let it work the units, and return what it saw there."""
    base = tmp_path_factory.mktemp("booted")
    base.chmod(0o755)  # users inside go through it
    check, commands = base / "check", base / "bin"
    check.mkdir()
    commands.mkdir()
    for name, package in (("card", "device"), ("provision", "provisioning"), ("server", "server")):
        command = commands / f"challng-{name}"
        command.write_text(_COMMAND.format(package=package))
        command.chmod(0o755)
    (base / "challng-check.service").write_text(_CHECK)
    binds = {
        ROOT: "/opt/challng/source",
        Path(sysconfig.get_path("purelib")): "/opt/challng/site",
        commands: "/opt/challng/bin",
        base / "challng-check.service": "/etc/systemd/system/challng-check.service",
    }
    for path in (ROOT / "systemd").iterdir():
        if path.suffix in {".service", ".path", ".timer"}:
            binds[path] = f"/etc/systemd/system/{path.name}"
        elif path.name.endswith(".sysusers.conf"):
            binds[path] = f"/usr/lib/sysusers.d/{path.name.replace('.sysusers', '')}"
    log = base / "console"
    with log.open("wb") as console:
        done = subprocess.run(
            [
                *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit"),
                *("--private-network", "--volatile=overlay", "--console=pipe"),
                "--capability=CAP_IPC_LOCK",  # or nspawn forbids mlockall to everybody inside
                *("-D", machine(), f"--bind={check}:/check"),
                *(f"--bind-ro={here}:{there}" for here, there in binds.items()),
                *("--boot", "systemd.wants=challng-check.service"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            timeout=900,
        )
    result = check / "result.json"
    assert result.exists(), log.read_text(errors="replace")[-3000:]
    found: dict[str, Any] = json.loads(result.read_text())
    assert "failed" not in found, found["failed"] + found.get("failed_journal", "")
    found["exit"] = done.returncode
    return found


def test_the_verifier_is_up_when_systemd_says_so(seen: dict[str, Any]) -> None:
    started = seen["verifier"]["started"]
    assert (started["ActiveState"], started["readyz"]) == ("active", 200)
    assert started["NRestarts"] == "0"


def test_users_made_by_root_before_and_after_the_start_log_in(seen: dict[str, Any]) -> None:
    assert seen["verifier"]["logins"] == [200, 200]


def test_a_killed_verifier_is_brought_back(seen: dict[str, Any]) -> None:
    killed = seen["verifier"]["killed"]
    assert (killed["NRestarts"], killed["readyz"]) == ("1", 200)
    assert "code=killed, status=9/KILL" in seen["verifier"]["journal"]


def test_a_verifier_whose_workers_hang_is_ended_by_the_watchdog(seen: dict[str, Any]) -> None:
    hung = seen["verifier"]["hung"]
    assert (hung["NRestarts"], hung["readyz"]) == ("2", 200)
    assert "Watchdog timeout" in seen["verifier"]["journal"]


def test_radius_is_served_beside_the_verifier_when_systemd_says_so(seen: dict[str, Any]) -> None:
    started = seen["verifier"]["radius"]["started"]
    assert (started["ActiveState"], started["NRestarts"]) == ("active", "0")


def test_password_and_card_let_in_over_radius_once(seen: dict[str, Any]) -> None:
    radius = seen["verifier"]["radius"]
    assert radius["wrong"]["code"] == REJECT
    assert [reply["code"] for reply in radius["right"]] == [ACCEPT, REJECT]


def test_an_unsigned_request_is_not_replied_to_and_told_in_the_journal(
    seen: dict[str, Any],
) -> None:
    radius = seen["verifier"]["radius"]
    assert radius["unsigned"] is None
    assert '"why":"unsigned"' in radius["journal"]


def test_a_radius_server_that_hangs_is_ended_by_the_watchdog_and_answers_again(
    seen: dict[str, Any],
) -> None:
    radius = seen["verifier"]["radius"]
    assert radius["hung"]["NRestarts"] == "1"
    assert "Watchdog timeout" in radius["journal"]
    assert radius["again"]["code"] == CHALLENGE


def test_sudo_and_login_themselves_let_in_with_password_and_card(seen: dict[str, Any]) -> None:
    console = seen["verifier"]["radius"]["console"]
    assert console["signs"] == (SUITE != "bookworm")
    assert console["sudo"] == [0, "root"]
    assert console["login"] == 0


def test_sudo_lets_nobody_in_by_a_wrong_answer_or_without_the_verifier(
    seen: dict[str, Any],
) -> None:
    radius = seen["verifier"]["radius"]
    assert radius["console"]["wrong"] is False
    assert radius["in_the_dark"]["sudo"] == [1, False]


def test_without_the_verifier_the_glass_can_be_broken(seen: dict[str, Any]) -> None:
    assert seen["verifier"]["radius"]["in_the_dark"]["breakglass"] == [0, "root"]


def test_a_stopped_radius_server_ends_in_order(seen: dict[str, Any]) -> None:
    stopped = seen["verifier"]["radius"]["stopped"]
    assert (stopped["ActiveState"], stopped["Result"]) == ("inactive", "success")
    assert stopped["ExecMainStatus"] == "0"


def test_a_stopped_verifier_ends_in_order(seen: dict[str, Any]) -> None:
    stopped = seen["verifier"]["stopped"]
    assert (stopped["ActiveState"], stopped["Result"]) == ("inactive", "success")
    assert (stopped["ExecMainStatus"], stopped["readyz"]) == ("0", 0)
    assert "0 rows after the last seal" in seen["verifier"]["audit"]
    assert "in order" in seen["verifier"]["audit"]


def test_the_audit_log_is_sealed_by_its_timer_s_service(seen: dict[str, Any]) -> None:
    assert seen["verifier"]["seal"] == {"timer": "active", "result": "success"}


def test_the_card_is_up_with_a_store_that_root_made(seen: dict[str, Any]) -> None:
    assert seen["card"]["started"]["ActiveState"] == "active"
    assert "slot A:" in seen["card"]["info"]


def test_a_key_that_root_adds_later_is_the_card_s_too(seen: dict[str, Any]) -> None:
    assert "slot B:" in seen["card"]["info"]
    assert "cannot be read" not in seen["card"]["info"]


def test_the_card_s_unit_leaves_no_core(seen: dict[str, Any]) -> None:
    assert re.search(r"^Max core file size\s+0\s+0\s", seen["card"]["limits"], re.M)


def test_the_card_locks_its_memory_where_this_machine_lets_the_unit_allow_it(
    seen: dict[str, Any],
) -> None:
    # A host without CAP_SYS_RESOURCE keeps its own limit, whatever the unit asks for.
    allowed = re.search(r"^Max locked memory\s+unlimited", seen["card"]["limits"], re.M)
    (locked,) = re.findall(r"^VmLck:\s+(\d+) kB$", seen["card"]["status"], re.M)
    assert (int(locked) > 0) == (allowed is not None)
    assert ("may be swapped" in seen["card"]["journal"]) == (allowed is None)


def test_a_card_that_hangs_is_ended_by_the_watchdog(seen: dict[str, Any]) -> None:
    assert seen["card"]["hung"]["NRestarts"] == "1"
    assert "Watchdog timeout" in seen["card"]["journal"]


def test_the_card_s_file_halts_the_machine(seen: dict[str, Any]) -> None:
    # Powered off from inside; a machine that goes on runs into the time limit.
    assert seen["exit"] == 0
