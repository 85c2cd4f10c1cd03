"""What the builds of this folder share: the cache, running programs, installing them."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


class CannotBuild(Exception):
    """Something outside the project is missing, or a step of the build failed."""


def cache() -> Path:
    """The folder of this project in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "challng"


def once(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder of `name` with these inputs; `make` fills it when it is not there yet."""
    folder = cache() / f"{name}-{key}"
    if not (folder / ".whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"building {folder}", file=sys.stderr)
        make(folder)
        (folder / ".whole").touch()
    return folder


def digest(*inputs: str) -> str:
    """A name for these inputs."""
    return hashlib.sha256("\0".join(inputs).encode()).hexdigest()[:16]


def install(packages: list[str]) -> None:
    """Debian packages onto this machine; without root only the words for it."""
    if os.geteuid() != 0:
        raise CannotBuild(f"run as root, or `apt-get install {' '.join(packages)}` first")
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def succeeds(*command: str | Path) -> bool:
    """Whether the command ends with 0."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: str | Path) -> str:
    """What the command prints; raises CannotBuild with its last words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CannotBuild(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{tail}")
    return done.stdout
