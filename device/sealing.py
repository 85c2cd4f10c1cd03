"""What a slot's file is sealed under: a key of 32 bytes, from wherever this card keeps one.

A `Sealer` is the seam for keys that never lie on the disk, such as one derived by the board
itself. The kind is written into every sealed file, so that a wrong sealer is named, not guessed.
"""

import os
from abc import ABC, abstractmethod
from pathlib import Path

from device.errors import SealingKeyMissing, SealingKeyWrong, StoreExposed
from device.files import Disk

KEY_BYTES = 32
HOST_KEY_FILE = "host.key"


class Sealer(ABC):
    """Where the sealing key comes from."""

    #: One byte of the slot file's header, different for every sealer.
    kind: int
    #: What the sealer is called in a sentence.
    name: str

    @abstractmethod
    def prepare(self) -> None:
        """Make the key if there is none yet, durably. Called before the first slot is written."""

    @abstractmethod
    def key(self) -> bytes:
        """The key, `KEY_BYTES` long; raises a `StoreError` that says why there is none."""


class HostKeySealer(Sealer):
    """A random key in a file beside the slots, readable by its owner alone.

    Good against a stray copy of a slot's file; no protection against one who has the whole disk.
    """

    kind = 1
    name = "the key file beside the store"

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._path = directory / HOST_KEY_FILE
        self._disk = disk

    def prepare(self) -> None:
        """Write 32 random bytes to `host.key`, unless it is there."""
        if HOST_KEY_FILE not in self._disk.names(self._path.parent):
            self._disk.replace(self._path, os.urandom(KEY_BYTES))
        else:
            # An earlier flush of the name may have failed; no slot may outlive its key.
            self._disk.fsync_directory(self._path.parent)

    def key(self) -> bytes:
        """The bytes of `host.key`, if nobody but its owner may read them."""
        try:
            mode = self._disk.mode(self._path)
            if mode & 0o077:
                raise StoreExposed(
                    f"{self._path} may be read by others (mode {mode:04o}), expected 0600: "
                    f"run `chmod 600 {self._path}`, and load new keys if others used this machine"
                )
            key = self._disk.read(self._path)
        except FileNotFoundError:
            raise SealingKeyMissing(
                f"{self._path} is missing, and the slots beside it open under no other key: "
                "put the file back from where the store was copied, or start a new store"
            ) from None
        if len(key) != KEY_BYTES:
            raise SealingKeyWrong(
                f"{self._path} holds {len(key)} bytes, expected {KEY_BYTES}: "
                "put the file back from where the store was copied, or start a new store"
            )
        return key
