"""The latest seal, kept in a file outside the database, so that a cut tail shows.

The file only ever moves forward, and is replaced in one durable step.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..crypto import files


@dataclass(frozen=True)
class Anchor:
    """A seal: the row it stands at, and its MAC."""

    seq: int
    mac: bytes


class AnchorFile:
    """The file `audit.anchor` of a data directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Anchor | None:
        """Return the anchor, or None where there is none that can be read."""
        try:
            content = json.loads(self.path.read_text("ascii"))
            return Anchor(int(content["seq"]), bytes.fromhex(content["seal"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def advance(self, anchor: Anchor) -> None:
        """Put a newer seal into the file; an older one changes nothing."""
        lock = os.open(self.path.with_name("audit.anchor.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            standing = self.read()
            if standing is None or standing.seq < anchor.seq:
                content = json.dumps({"seq": anchor.seq, "seal": anchor.mac.hex()}) + "\n"
                files.replace(self.path, content.encode("ascii"))
        finally:
            os.close(lock)
