"""The card's user, the groups that open pins and bus, and the keys that belong to it."""

import grp
import os
import pwd
import shutil

from hardware.install.places import STORE, USERS
from hardware.install.steps import run, write
from hardware.locked import ROOT

USER = "challng"
GROUPS = ("gpio", "i2c")


def install() -> list[str]:
    """Make user and groups; returns the groups that were not there."""
    missing = [name for name in GROUPS if not _has_group(name)]
    text = (ROOT / "systemd/challng-card.sysusers.conf").read_text()
    if write(USERS, text) or missing or not _has_user():
        run("systemd-sysusers", USERS)
    return missing


def remove(groups: list[str]) -> None:
    """Remove the user, and groups that came by `install`."""
    USERS.unlink(missing_ok=True)
    if _has_user():
        run("userdel", USER)
    for name in (USER, *groups):
        if _has_group(name):
            run("groupdel", name)


def erase_store() -> bool:
    """Overwrite and remove the keys; whether there were any files at all.

    Not by the store's own program: that may have been removed before, with the keys left.
    """
    if not STORE.is_dir():
        return False
    files = [path for path in STORE.iterdir() if path.is_file() and not path.is_symlink()]
    for path in files:
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    shutil.rmtree(STORE)
    return bool(files)


def keep_store() -> bool:
    """Give the keys to root, as nobody else is left to have them; whether there are any files."""
    if not STORE.is_dir():
        return False
    if not any(STORE.iterdir()):
        STORE.rmdir()
        return False
    for path in (STORE, *STORE.iterdir()):
        os.chown(path, 0, 0, follow_symlinks=False)
    return True


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
