"""The key store: one file per slot, and a counter that never goes back.

`FileKeyStore` writes beside the old file, flushes, renames, and flushes the directory, so that a
power cut at any step leaves the old slot or the new one. `KeyStore` leaves room for a secure
element.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import Literal

from device.errors import (
    CounterExhausted,
    CounterNotWritten,
    CounterWouldGoBack,
    KeyLoadedElsewhere,
    RecordRefused,
    SlotEmpty,
    SlotTaken,
    StoreError,
    StoreExposed,
    StoreUnreadable,
    StoreUnwritable,
)
from device.files import Disk, RealDisk
from device.record import COUNTER_LIMIT, SLOTS, CardKey
from device.sealing import Sealer
from device.slotfile import decode, encode

__all__ = ["COUNTER_LIMIT", "SLOTS", "CardKey", "FileKeyStore", "KeyStore"]


class KeyStore(ABC):
    """Up to four keys, one per slot, each with its counter. Errors are `StoreError`s."""

    @abstractmethod
    def slots(self) -> tuple[str, ...]:
        """The slots that hold a key, in order."""

    @abstractmethod
    def load(self, slot: str) -> CardKey:
        """The record in `slot`; raises `SlotEmpty` when there is none."""

    @abstractmethod
    def add(self, slot: str, record: CardKey, *, replace: bool = False) -> None:
        """Put a key into a slot durably.

        Raises `SlotTaken` without `replace`, `KeyLoadedElsewhere` for a key that another slot has,
        `CounterWouldGoBack` for the slot's own key with a counter that has been used.
        """

    @abstractmethod
    def advance(self, slot: str) -> int:
        """The counter to compute the next response with, which no call ever returns again.

        Its successor is durable before this returns. Raises `CounterNotWritten` when it cannot be
        made so, `CounterExhausted` when there is none.
        """

    @abstractmethod
    def remove(self, slot: str) -> None:
        """Destroy what is in a slot, whole or damaged, durably; done again it finishes.

        With the last slot goes the key that sealed them, as far as the store holds it.
        """


class FileKeyStore(KeyStore):
    """A directory of its owner alone, with one sealed file per slot."""

    def __init__(
        self,
        directory: Path,
        *,
        disk: Disk | None = None,
        sealer: Sealer | None = None,
        board_here: bool = True,
    ) -> None:
        """Use `directory`, which `add` makes when it is not there; nothing is read yet.

        Without a `sealer` one is chosen when the first is needed (device.board_sealing);
        `board_here` False where the directory is a card's, but this machine is not.
        """
        self._board_here = board_here
        self._directory = directory
        self._disk = disk if disk is not None else RealDisk()
        self._asked = self._given = sealer
        self._reason = "asked for"

    @property
    def directory(self) -> Path:
        """Where the files lie."""
        return self._directory

    @property
    def _sealer(self) -> Sealer:
        if self._given is None:
            # Only now: a card shows its first screen before it loads what this needs.
            from device.board_sealing import choose

            choice = choose(self._directory, self._disk, board_here=self._board_here)
            self._given, self._reason = choice.sealer, choice.reason
        return self._given

    def sealing(self) -> str:
        """What the slots are sealed under, and why."""
        return f"{self._sealer.name} ({self._reason})"

    def sealed_under(self) -> Literal["board", "host"]:
        """Whose key seals the slots that are there, by what lies beside them."""
        from device.board_sealing import SALT_FILE

        with self._reading():
            return "board" if SALT_FILE in self._names() else "host"

    def slots(self) -> tuple[str, ...]:
        """The slots that hold a file, whole or not; none when there is no directory."""
        with self._reading():
            names = set(self._names())
        return tuple(slot for slot in SLOTS if f"slot-{slot}" in names)

    def load(self, slot: str) -> CardKey:
        """Open the slot's file."""
        path = self._path(slot)
        with self._reading():
            self._names()
            try:
                data = self._disk.read(path)
            except FileNotFoundError:
                raise self._empty(slot) from None
            return decode(slot, data, self._sealer, str(path))

    def add(self, slot: str, record: CardKey, *, replace: bool = False) -> None:
        """Write the slot's file; at the first one make the directory and the sealing key too."""
        path = self._path(slot)
        with self._writing():
            self._disk.make_directory(self._directory)
            with self._disk.lock(self._directory):
                present = self.slots()
                if slot in present and not replace:
                    raise SlotTaken(
                        f"slot {slot} of {self._directory} holds a key already: "
                        "choose another slot, or ask to replace it"
                    )
                self._check_not_used(slot, record, present)
                if present:
                    # Never a new sealing key here: it would bury what the old one sealed.
                    self._sealer.key()
                self._sealer.prepare()
                self._disk.replace(path, encode(slot, record, self._sealer))

    def prepare(self) -> None:
        """Make the directory and the sealing key before the first slot; nothing, if one is there.

        `add` does it too. This is for a new card, which makes its secrets before it has a key.
        """
        with self._writing():
            self._disk.make_directory(self._directory)
            with self._disk.lock(self._directory):
                if not self.slots():
                    self._sealer.prepare()

    def advance(self, slot: str) -> int:
        """Write the slot's file anew with the next counter, then return the present one."""
        path = self._path(slot)
        if slot not in self.slots():
            raise self._empty(slot)
        try:
            with self._disk.lock(self._directory):
                record = self.load(slot)
                if record.counter >= COUNTER_LIMIT:
                    raise CounterExhausted(
                        f"the counter of slot {slot} has reached its end: load a new key"
                    )
                following = changed(record, counter=record.counter + 1)
                self._disk.replace(path, encode(slot, following, self._sealer))
                return record.counter
        except StoreError:
            raise
        except OSError as error:
            raise CounterNotWritten(
                f"the next counter could not be written to {path} ({error.strerror or error}): "
                "no response is given; look at the disk's space and health"
            ) from error

    def remove(self, slot: str) -> None:
        """Overwrite and unlink the slot's file; with the last one the sealing key's file, too."""
        from device import removal

        path = self._path(slot)
        with self._writing():
            if not self._names():
                return
            with self._disk.lock(self._directory):
                names = [path.name]
                if not set(self.slots()) - {slot}:
                    names += removal.SEALING_FILES
                    self._given = self._asked
                done = [removal.remove(self._disk, self._directory, name) for name in names]
        if not all(done):
            raise StoreUnwritable(
                f"slot {slot} of {self._directory} is gone, but could not be overwritten first: "
                "its bytes are still on the medium, destroy that"
            )

    def _path(self, slot: str) -> Path:
        if slot not in SLOTS:
            raise RecordRefused(f"slot: expected one of {', '.join(SLOTS)}, got {slot!r:.20}")
        return self._directory / f"slot-{slot}"

    def _empty(self, slot: str) -> SlotEmpty:
        return SlotEmpty(
            f"no key in slot {slot} of {self._directory}: load one with `challng-provision new`"
        )

    def _names(self) -> list[str]:
        """Names in the directory, after a look at who may write there."""
        try:
            mode = self._disk.mode(self._directory)
        except FileNotFoundError:
            return []
        if mode & 0o022:
            raise StoreExposed(
                f"{self._directory} may be written by others (mode {mode:04o}), expected 0700: "
                f"run `chmod 700 {self._directory}`"
            )
        return self._disk.names(self._directory)

    def _check_not_used(self, slot: str, record: CardKey, present: tuple[str, ...]) -> None:
        for other in present:
            try:
                loaded = self.load(other)
            except StoreError:
                continue  # what cannot be opened can be replaced, and counts nowhere any more
            if not hmac.compare_digest(loaded.key, record.key):
                continue
            if other != slot:
                raise KeyLoadedElsewhere(
                    f"this key is in slot {other} already: one key in two slots counts twice"
                )
            if record.counter < loaded.counter:
                raise CounterWouldGoBack(
                    f"slot {slot} has this key with counter {loaded.counter}; "
                    f"counter {record.counter} would repeat responses: make a new key"
                )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            raise StoreUnreadable(
                f"the key store {self._directory} cannot be read ({error.strerror or error}): "
                "run as the user that owns it, or name another with --store"
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            raise StoreUnwritable(
                f"the key store {self._directory} cannot be written ({error.strerror or error}): "
                "look at its owner, and at the disk's space and health"
            ) from error
