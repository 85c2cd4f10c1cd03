"""A Debian with what the installation finds on a Raspberry Pi, booted under systemd-nspawn."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hardware.locked import ROOT, locked

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "challng"
#: Each with its Python.
RELEASES = {"bookworm": "3.11", "trixie": "3.13"}
PACKAGES = "systemd-sysv,dbus,udev,kmod,python3,passwd"
#: What the installation will ask apt for lies ready, so that the machine needs no network.
FETCH = 'chroot "$1" apt-get install -y --download-only --no-install-recommends python3-venv'
#: As Raspberry Pi OS has it, more or less, its last line without an end.
CONFIG = """# For more options and information see
# http://rptl.io/configtxt
#dtparam=i2c_arm=on
dtparam=audio=on
camera_auto_detect=1

[cm4]
otg_mode=1

[all]
enable_uart=0"""
#: Raspberry Pi OS has these groups; on the other release the installation has to make them.
GROUPS = {"bookworm": ("gpio", "i2c"), "trixie": ()}
_CHECK = """[Unit]
Description=Install the card
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /srv/challng/tests/install/inside.py
"""


def files(release: str) -> Path:
    """The machine's files, made when they are not there."""
    root = CACHE / f"pi-{release}"
    if not root.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        new = root.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        hooks = [FETCH, *(f'chroot "$1" groupadd --system {name}' for name in GROUPS[release])]
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}"),
                *("--skip=cleanup/apt", "--format=directory"),
                *(f"--customize-hook={hook}" for hook in hooks),
                *(release, new),
            ],
            check=True,
        )
        (new / "boot/firmware").mkdir(parents=True)
        (new / "boot/firmware/config.txt").write_text(CONFIG)
        new.rename(root)
    return root


def wheels(release: str, folder: Path) -> None:
    """The card's packages for this release's Python, as their index has them."""
    folder.mkdir()
    wanted = folder / "requirements.txt"
    wanted.write_text(locked())
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", wanted),
            *("--python-version", RELEASES[release], "--dest", folder),
        ],
        check=True,
    )


def boot(release: str, work: Path) -> dict[str, Any]:
    """Boot, install and remove inside, and return what was seen there."""
    work.chmod(0o755)
    check = work / "check"
    check.mkdir()
    wheels(release, work / "wheels")
    (work / "check.service").write_text(_CHECK)
    log = work / "console"
    with log.open("wb") as console:
        subprocess.run(
            [
                *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit"),
                *("--private-network", "--volatile=overlay", "--console=pipe"),
                *("-D", files(release), f"--bind={check}:/check"),
                *(f"--bind-ro={ROOT}:/srv/challng", f"--bind-ro={work / 'wheels'}:/wheels"),
                f"--bind-ro={work / 'check.service'}:/etc/systemd/system/challng-check.service",
                *("--boot", "systemd.wants=challng-check.service"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            timeout=1500,
            check=False,
        )
    result = check / "result.json"
    assert result.exists(), log.read_text(errors="replace")[-3000:]
    found: dict[str, Any] = json.loads(result.read_text())
    assert "failed" not in found, found["failed"]
    return found
