"""A cpio archive as the kernel unpacks it into its memory (initramfs, format `newc`). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

_DIRECTORY, _FILE, _LINK = 0o040755, 0o100644, 0o120777
_PROGRAM = 0o100755


@dataclass(frozen=True)
class Entry:
    """One name in the archive; root's, without a time."""

    name: str
    mode: int
    data: bytes = b""


def directory(name: str) -> Entry:
    """A directory."""
    return Entry(name, _DIRECTORY)


def file(name: str, data: bytes) -> Entry:
    """A file that is read."""
    return Entry(name, _FILE, data)


def program(name: str, data: bytes) -> Entry:
    """A file that is run."""
    return Entry(name, _PROGRAM, data)


def link(name: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(name, _LINK, target.encode())


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive of these entries, in their order."""
    parts = [_packed(number, entry) for number, entry in enumerate(entries, 1)]
    parts.append(_packed(0, Entry("TRAILER!!!", 0)))
    return b"".join(parts)


def _packed(number: int, entry: Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    links = 2 if entry.mode & 0o170000 == 0o040000 else 1
    fields = (number, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + "".join(f"{value:08x}" for value in fields).encode() + name
    return _padded(head) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
