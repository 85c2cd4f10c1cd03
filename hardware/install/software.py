"""The card's software: a venv with the lock file's packages, and the firmware in it."""

import hashlib
import shutil
import sys
from pathlib import Path

from hardware import firmware_files
from hardware.install.places import SOFTWARE
from hardware.install.steps import run
from hardware.locked import ROOT, locked

#: What a card runs, and what puts keys onto it.
FIRMWARE = ("protocol", "drivers", "device", "provisioning")
PROGRAMS = {"challng-card": "device", "challng-provision": "provisioning"}
_STAMP = SOFTWARE / "installed-from"
_PROGRAM = """#!{python} -I
import sys

from {package}.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""


def is_new() -> bool:
    """Whether what is installed is what this folder has."""
    return not (_STAMP.is_file() and _STAMP.read_text() == _state())


def install() -> None:
    """Make the venv anew: nothing of an older one is left in it."""
    shutil.rmtree(SOFTWARE, ignore_errors=True)
    run(sys.executable, "-m", "venv", SOFTWARE)
    wanted = SOFTWARE / "requirements.txt"
    wanted.write_text(locked())
    run(
        *(SOFTWARE / "bin/pip", "install", "--quiet", "--disable-pip-version-check"),
        *(
            "--no-cache-dir",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--require-hashes",
            "-r",
            wanted,
        ),
    )
    firmware_files.copy(FIRMWARE, _packages())
    for name, package in PROGRAMS.items():
        program = SOFTWARE / "bin" / name
        program.write_text(_PROGRAM.format(python=SOFTWARE / "bin/python", package=package))
        program.chmod(0o755)
    run(SOFTWARE / "bin/python", "-m", "compileall", "-q", _packages())
    _STAMP.write_text(_state())


def remove() -> None:
    """Remove all of it."""
    shutil.rmtree(SOFTWARE, ignore_errors=True)


def _packages() -> Path:
    (found,) = (SOFTWARE / "lib").glob("python3*/site-packages")
    return found


def _state() -> str:
    digest = hashlib.sha256(f"{sys.version}\n{locked()}".encode())
    for name in firmware_files.files_of(FIRMWARE):
        digest.update(f"{name}\n".encode() + (ROOT / name).read_bytes())
    return f"challng {firmware_files.version()}, {digest.hexdigest()}\n"
