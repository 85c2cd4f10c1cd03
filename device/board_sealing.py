"""A sealing key that the board holds: derived from its OTP key by `rpi-fw-crypto`, never stored.

    mac = HMAC-SHA256(OTP key 1, label + salt)      computed by the firmware of the board
    key = HKDF-SHA256(mac, salt, label)             32 bytes, made anew for every use

The salt lies beside the slots; it is no secret, and gives every store another key.
"""

import hashlib
import hmac
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from device.errors import SealingKeyMissing, SealingKeyWrong
from device.files import Disk
from device.sealing import HOST_KEY_FILE, KEY_BYTES, HostKeySealer, Sealer

COMMAND = "rpi-fw-crypto"
SALT_FILE = "board.salt"
_KEY_ID = "1"  # the private key of the device
_LABEL = b"challng card store, sealing key, version 1\0"
_SECONDS = 10


class BoardSealer(Sealer):
    """The board's key: the store opens on the board that wrote it and on no other."""

    kind = 2
    name = "the board's own key"

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._path = directory / SALT_FILE
        self._disk = disk

    def prepare(self) -> None:
        """Write a random salt, unless it is there."""
        if SALT_FILE not in self._disk.names(self._path.parent):
            self._disk.replace(self._path, os.urandom(KEY_BYTES))
        else:
            # An earlier flush of the name may have failed; no slot may outlive its salt.
            self._disk.fsync_directory(self._path.parent)

    def key(self) -> bytes:
        """Ask the board; raises a `StoreError` when it does not answer or the salt is not there."""
        try:
            salt = self._disk.read(self._path)
        except FileNotFoundError:
            raise SealingKeyMissing(
                f"{self._path} is missing, and the slots beside it open under no other salt: "
                "put the file back from where the store was copied, or start a new store"
            ) from None
        if len(salt) != KEY_BYTES:
            raise SealingKeyWrong(
                f"{self._path} holds {len(salt)} bytes, expected {KEY_BYTES}: "
                "put the file back from where the store was copied, or start a new store"
            )
        mac = board_hmac(_LABEL + salt)
        return HKDF(SHA256(), KEY_BYTES, salt=salt, info=_LABEL).derive(mac)


def board_hmac(message: bytes) -> bytes:
    """HMAC-SHA256 of `message` under the board's key; SealingKeyMissing says why there is none."""
    command = shutil.which(COMMAND)
    if command is None:
        raise SealingKeyMissing(
            f"{COMMAND} is not installed, so this machine has no board key: read the store on the "
            "board that wrote it, or start a new store"
        )
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [command, "hmac", "--in", "/dev/stdin", "--key-id", _KEY_ID, "--outform", "hex"],
            input=message,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise _no_answer("could not be run to its end") from None
    try:
        mac = bytes.fromhex(done.stdout.decode("ascii"))
    except ValueError:
        mac = b""
    if done.returncode or len(mac) != hashlib.sha256().digest_size:
        raise _no_answer(f"ended with {done.returncode} and no HMAC")
    if any(
        hmac.compare_digest(mac, hmac.digest(bytes(length), message, "sha256"))
        for length in (0, KEY_BYTES)
    ):
        raise _no_answer("used a blank key: none is in the board's OTP memory yet")
    return mac


def _no_answer(what: str) -> SealingKeyMissing:
    return SealingKeyMissing(
        f"{COMMAND} {what}: look at the board's key (`{COMMAND} get-key-status {_KEY_ID}`) and "
        "whether this user may open /dev/vcio"
    )


@dataclass(frozen=True)
class Choice:
    """A sealer, and the reason for it."""

    sealer: Sealer
    reason: str


def choose(directory: Path, disk: Disk, *, board_here: bool = True) -> Choice:
    """The sealer for a store: what it was begun with; for a new one the board's, if it answers.

    `board_here` False is for a card's disk in another machine, whose board is not the card's.
    """
    try:
        names = disk.names(directory)
    except OSError:
        names = []
    board, host = BoardSealer(directory, disk), HostKeySealer(directory, disk)
    if SALT_FILE in names and not board_here:
        raise SealingKeyMissing(
            f"{directory} is sealed under the key of the card's own board, which is not here: "
            "load keys on the card itself, or wipe the store first"
        )
    if SALT_FILE in names:
        return Choice(board, f"{SALT_FILE} is in the store, which was begun with it")
    if HOST_KEY_FILE in names:
        return Choice(host, f"{HOST_KEY_FILE} is in the store, which was begun with it")
    if not board_here:
        return Choice(host, "the card's board is not here")
    try:
        board_hmac(_LABEL)
    except SealingKeyMissing as error:
        return Choice(host, str(error).partition(":")[0])
    return Choice(board, f"{COMMAND} answers")
