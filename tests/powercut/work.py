"""What the store does while the medium writes down: keys loaded, replaced, and many responses."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from device.files import Disk
from device.keystore import CardKey, FileKeyStore
from tests.powercut import machine
from tests.powercut.recording import Recording

Contents = dict[str, CardKey]
#: Where the store lies in the file system; neither folder is there at first.
STORE = Path("var", "challng")


@dataclass(frozen=True)
class Step:
    """One thing that the store was asked to do.

    The log had `begin` bytes before and `end` when the store said that it was done; `contents` is
    what it holds from then on, `given` the counter that it gave out, with its slot and key.
    """

    begin: int
    end: int
    contents: Contents
    given: tuple[str, bytes, int] | None = None


@dataclass(frozen=True)
class Work:
    """What was written and what was acknowledged."""

    recording: Recording
    steps: tuple[Step, ...]


def key(number: int) -> CardKey:
    """A card's record that looks like no other."""
    return CardKey(
        serial=f"CH{number:08d}",
        suite="OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256",
        key=number.to_bytes(32, "big"),
        counter=0,
        issuer="Example",
    )


def record(folder: Path, disk: Disk) -> Work:
    """Let a store on `disk` work on a medium in `folder` until the end, without any cut."""
    image, log = folder / "image", folder / "log"
    machine.make_filesystem(image)
    with ExitStack() as stack:
        file = stack.enter_context(machine.medium(image, log, folder / "fuse"))
        top = stack.enter_context(machine.mounted(file, folder / "live"))
        steps = tuple(_steps(FileKeyStore(top / STORE, disk=disk), log))
    return Work(Recording.read(image, log), steps)


def _steps(store: FileKeyStore, log: Path) -> Iterator[Step]:
    contents: Contents = {}
    for number, slots in enumerate(("A", "AB", "AAB", "BC", "CAB", "ABCD", "DDDD", "ABCD")):
        slot, card = slots[-1], key(number + 1)
        begin = log.stat().st_size
        store.add(slot, card, replace=True)
        contents = {**contents, slot: card}
        yield Step(begin, log.stat().st_size, contents)
        for used in slots * 2:
            begin = log.stat().st_size
            counter = store.advance(used)
            card = contents[used]
            contents = {**contents, used: replace(card, counter=counter + 1)}
            yield Step(begin, log.stat().st_size, contents, (used, card.key, counter))
