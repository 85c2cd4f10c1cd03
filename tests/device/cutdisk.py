"""A disk in memory whose every step can fail or be the last before the power goes.

What was not flushed is open: a file's data may survive whole, torn or not at all, and each change
of a directory's names may be kept or undone on its own.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from device.files import Disk


class PowerCut(BaseException):
    """The power is gone. Not an `Exception`: nothing in the firmware may survive it."""


@dataclass
class Inode:
    data: bytes = b""
    durable: bytes | None = b""
    mode: int = 0o600
    beneath: bytes = b""  # what an overwrite that was not flushed may leave in the rest


@dataclass
class CutDisk(Disk):
    """`steps` counts what was done; `plan(step)` may raise before the step takes effect."""

    entries: dict[Path, Inode] = field(default_factory=dict)
    durable: dict[Path, Inode] = field(default_factory=dict)
    pending: list[tuple[Path, Inode | None]] = field(default_factory=list)
    handles: dict[int, Inode] = field(default_factory=dict)
    directories: set[Path] = field(default_factory=set)
    plan: Callable[[str], None] = lambda step: None
    steps: list[str] = field(default_factory=list)
    locked: bool = False

    def _step(self, name: str) -> None:
        self.plan(name)
        self.steps.append(name)

    def names(self, directory: Path) -> list[str]:
        self._present(directory)
        return sorted(path.name for path in self.entries if path.parent == directory)

    def read(self, path: Path) -> bytes:
        return self._inode(path).data

    def size(self, path: Path) -> int:
        return len(self._inode(path).data)

    def mode(self, path: Path) -> int:
        if path in self.directories:
            return 0o700
        return self._inode(path).mode

    def make_directory(self, path: Path) -> None:
        self.directories.add(path)

    def create(self, path: Path) -> int:
        self._step("create")
        self._present(path.parent)
        if path in self.entries:
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        inode = Inode()
        self._name(path, inode)
        handle = len(self.handles) + 3
        self.handles[handle] = inode
        return handle

    def overwrite(self, path: Path) -> int:
        self._step("overwrite")
        inode = self._inode(path)
        inode.beneath, inode.data, inode.durable = inode.data, b"", None
        handle = len(self.handles) + 3
        self.handles[handle] = inode
        return handle

    def write(self, handle: int, data: bytes) -> None:
        inode = self.handles[handle]
        inode.durable = None
        half = len(data) // 2
        inode.data += data[:half]
        self._step("write")
        inode.data += data[half:]

    def fsync(self, handle: int) -> None:
        self._step("fsync")
        inode = self.handles[handle]
        inode.data += inode.beneath[len(inode.data) :]
        inode.durable, inode.beneath = inode.data, b""

    def close(self, handle: int) -> None:
        del self.handles[handle]

    def rename(self, source: Path, target: Path) -> None:
        self._step("rename")
        inode = self._inode(source)
        self._name(target, inode)
        self._name(source, None)

    def fsync_directory(self, directory: Path) -> None:
        self._step("fsync_directory")
        self.durable = dict(self.entries)
        self.pending.clear()

    def unlink(self, path: Path) -> None:
        self._step("unlink")
        self._inode(path)
        self._name(path, None)

    @contextmanager
    def lock(self, directory: Path) -> Iterator[None]:
        self._present(directory)
        assert not self.locked, "the lock was taken twice"
        self.locked = True
        try:
            yield
        finally:
            self.locked = False

    def cut(self, kept: Callable[[], bool], torn: Callable[[int], int]) -> None:
        """Lose the power. `kept()` decides on each open name, `torn(n)` on a file of n bytes."""
        names = dict(self.durable)
        for path, inode in self.pending:
            if not kept():
                continue
            if inode is None:
                names.pop(path, None)
            else:
                names[path] = inode
        for inode in {id(inode): inode for inode in names.values()}.values():
            if inode.durable is None:
                kept_bytes = torn(len(inode.data))
                inode.data = inode.data[:kept_bytes] + inode.beneath[kept_bytes:]
                inode.durable, inode.beneath = inode.data, b""
        self.entries, self.durable = names, dict(names)
        self.pending.clear()
        self.handles.clear()
        self.plan = lambda step: None

    def _name(self, path: Path, inode: Inode | None) -> None:
        if inode is None:
            del self.entries[path]
        else:
            self.entries[path] = inode
        self.pending.append((path, inode))

    def _inode(self, path: Path) -> Inode:
        try:
            return self.entries[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "No such file", str(path)) from None

    def _present(self, directory: Path) -> None:
        if directory not in self.directories:
            raise FileNotFoundError(errno.ENOENT, "No such directory", str(directory))
