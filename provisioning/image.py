"""A card's disk, mounted in another machine: where its store lies, and whose it is.

Links in the image are followed as the card would follow them, within the image: an absolute one
begins at the image's root, and none leads outside.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path, PurePosixPath

from provisioning.errors import ImageRefused

STORE = PurePosixPath("/var/lib/challng")
USER = "challng"
_RELEASES = (PurePosixPath("/etc/os-release"), PurePosixPath("/usr/lib/os-release"))
_LINKS = 40


def resolve(root: Path, path: PurePosixPath) -> Path:
    """What `path` of the image is called here, every link of the image followed inside it."""
    todo = deque(path.relative_to("/").parts)
    at: list[str] = []
    links = 0
    while todo:
        part = todo.popleft()
        if part == "..":
            del at[-1:]
            continue
        here = root.joinpath(*at, part)
        if not here.is_symlink():
            at.append(part)
            continue
        links += 1
        if links > _LINKS:
            raise ImageRefused(f"{path} of the card image {root} is a circle of links: mend it")
        target = PurePosixPath(here.readlink())
        if target.is_absolute():
            at.clear()
            target = target.relative_to("/")
        todo.extendleft(reversed(target.parts))
    return root.joinpath(*at)


def store_of(root: Path) -> Path:
    """Where the store of the card mounted at `root` lies or will lie; raises ImageRefused."""
    try:
        root = root.resolve(strict=True)
    except OSError as error:
        raise ImageRefused(
            f"{root} cannot be opened ({error.strerror}): name the directory where the card's "
            "disk is mounted"
        ) from None
    if root == Path("/"):
        raise ImageRefused("/ is this machine itself, not a mounted card: use --store for it")
    if not resolve(root, PurePosixPath("/var/lib")).is_dir() or not any(
        resolve(root, release).is_file() for release in _RELEASES
    ):
        boot = " (this is its boot partition)" if (root / "config.txt").is_file() else ""
        raise ImageRefused(
            f"{root} is no card image{boot}: it has no /var/lib and os-release; mount the card's "
            "root partition, the larger one, and name that directory"
        )
    store = resolve(root, STORE)
    if store.exists() and not store.is_dir():
        raise ImageRefused(f"{store} is no directory: remove it from the card image")
    return store


def make_store(root: Path) -> Path:
    """Make the store (0700), owned by the card's user where the image knows one; return it.

    Where it does not, systemd gives the directory to that user when the card first starts.
    """
    store = store_of(root)
    owner = _owner(root.resolve())
    try:
        store.parent.mkdir(mode=0o700, exist_ok=True)
        if not store.is_dir():
            store.mkdir(mode=0o700)
            if owner is not None and os.geteuid() == 0:
                os.chown(store, *owner)
    except OSError as error:
        raise ImageRefused(
            f"{store} cannot be made ({error.strerror}): mount the card for writing, and run as "
            "root"
        ) from None
    return store


def _owner(root: Path) -> tuple[int, int] | None:
    """User and group numbers of the card's user, as the image has them."""
    try:
        lines = resolve(root, PurePosixPath("/etc/passwd")).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        fields = line.split(":")
        if fields[0] == USER and len(fields) >= 4 and fields[2].isdigit() and fields[3].isdigit():
            return int(fields[2]), int(fields[3])
    return None
