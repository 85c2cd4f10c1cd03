"""Debian packages: what a venv needs, and what came with it."""

import os

from hardware.install.steps import run, succeeds

NEEDED = ("python3-venv",)
_APT_ENVIRONMENT = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}


def install() -> list[str]:
    """Install what is missing; returns every package that came by it."""
    if all(is_there(package) for package in NEEDED):
        return []
    before = _installed()
    succeeds("apt-get", "update", "-qq")  # a list that is a little old will do
    command = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
    run(*command, *NEEDED, env=_APT_ENVIRONMENT)
    return sorted(_installed() - before)


def remove(packages: list[str]) -> None:
    """Remove packages that came by `install`."""
    if packages:
        run("apt-get", "purge", "-y", "-qq", *packages, env=_APT_ENVIRONMENT)


def is_there(package: str) -> bool:
    """Whether a package is installed."""
    return succeeds("dpkg", "--status", package) and package in _installed()


def _installed() -> set[str]:
    told = run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
    return {line.split()[1] for line in told.splitlines() if line.startswith("ii")}
