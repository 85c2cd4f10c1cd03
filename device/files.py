"""The disk as the key store sees it: single steps, any of which a power cut can fall on."""

import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

# A temporary file's name begins and ends like this, so that a leftover is known for what it is.
_BEGINS, _ENDS = ".", ".new"


class Disk(ABC):
    """The steps a store is made of. Every method raises `OSError` where the real one does."""

    @abstractmethod
    def names(self, directory: Path) -> list[str]:
        """Names of the files in `directory`."""

    @abstractmethod
    def read(self, path: Path) -> bytes:
        """All bytes of a file."""

    @abstractmethod
    def size(self, path: Path) -> int:
        """How many bytes a file has, readable or not."""

    @abstractmethod
    def mode(self, path: Path) -> int:
        """Permission bits, such as `0o700`."""

    @abstractmethod
    def make_directory(self, path: Path) -> None:
        """Make `path`, open to its owner alone; nothing happens when it is there."""

    @abstractmethod
    def create(self, path: Path) -> int:
        """A handle on a new, empty file of its owner alone; `FileExistsError` when it is there."""

    @abstractmethod
    def overwrite(self, path: Path) -> int:
        """A handle on the start of a file that is there, for writing over what it holds."""

    @abstractmethod
    def write(self, handle: int, data: bytes) -> None:
        """Write all of `data`."""

    @abstractmethod
    def fsync(self, handle: int) -> None:
        """Return only when the file's data would survive a power cut."""

    @abstractmethod
    def close(self, handle: int) -> None:
        """Give the handle back."""

    @abstractmethod
    def rename(self, source: Path, target: Path) -> None:
        """Put `source` in the place of `target` in one step."""

    @abstractmethod
    def fsync_directory(self, directory: Path) -> None:
        """Return only when the directory's names would survive a power cut."""

    @abstractmethod
    def unlink(self, path: Path) -> None:
        """Take a name away."""

    @abstractmethod
    def lock(self, directory: Path) -> AbstractContextManager[None]:
        """While the context lasts, no other process or thread is inside the same lock."""

    def replace(self, path: Path, data: bytes) -> None:
        """Put `data` at `path` durably: a cut leaves the old file or the new one, whole.

        Call it under `lock`: leftovers of earlier cuts in the same directory are removed first.
        """
        directory = path.parent
        for name in self.names(directory):
            if is_temporary(name):
                self.unlink(directory / name)
        temporary = directory / f"{_BEGINS}{path.name}{_ENDS}"
        handle = self.create(temporary)
        try:
            self.write(handle, data)
            self.fsync(handle)
        finally:
            self.close(handle)
        self.rename(temporary, path)
        self.fsync_directory(directory)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is what a cut write left behind."""
    return name.startswith(_BEGINS) and name.endswith(_ENDS)


class RealDisk(Disk):
    """The machine's own files."""

    def names(self, directory: Path) -> list[str]:
        """Names of the files in `directory`, sorted."""
        return sorted(entry.name for entry in directory.iterdir())

    def read(self, path: Path) -> bytes:
        """All bytes of a file."""
        return path.read_bytes()

    def size(self, path: Path) -> int:
        """How many bytes the file itself has, never what a link of that name points to."""
        return path.lstat().st_size

    def mode(self, path: Path) -> int:
        """Permission bits, such as `0o700`."""
        return path.stat().st_mode & 0o7777

    def make_directory(self, path: Path) -> None:
        """Make `path` (0700) and what is missing above it, and make its name durable."""
        if path.is_dir():
            return
        if not path.parent.is_dir():
            self.make_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        self.fsync_directory(path.parent)

    def create(self, path: Path) -> int:
        """A handle on a new, empty file (0600).

        Made by root it belongs to the owner of its directory: the card's user must read it.
        """
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        return handle

    def overwrite(self, path: Path) -> int:
        """A handle on the file itself, never on what a link of that name points to."""
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            return os.open(path, flags)
        except PermissionError:
            if path.is_symlink():
                raise
            path.chmod(0o600)
            return os.open(path, flags)

    def write(self, handle: int, data: bytes) -> None:
        """Write all of `data`, however many calls the system makes of it."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]

    def fsync(self, handle: int) -> None:
        """Flush the file's data to the medium."""
        os.fsync(handle)

    def close(self, handle: int) -> None:
        """Give the handle back."""
        os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Put `source` in the place of `target` in one step."""
        source.replace(target)

    def fsync_directory(self, directory: Path) -> None:
        """Flush the directory's names to the medium."""
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def unlink(self, path: Path) -> None:
        """Take a name away."""
        path.unlink()

    @contextmanager
    def lock(self, directory: Path) -> Iterator[None]:
        """Hold an advisory lock on the directory itself: no lock file to leave behind."""
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
