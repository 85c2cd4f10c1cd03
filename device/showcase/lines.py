"""The lines that go over the socket, as values: nothing here opens or sends anything."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from device.errors import LineRefused
from device.fingers import PRESS
from drivers.frame import Frame

VERSION = 1
#: Bytes of a line that a client may send, with its line feed.
LONGEST = 64
_SAYS = {"down": True, "up": False}


@dataclass(frozen=True)
class Move:
    """A finger goes down on a key, or on `PRESS`, or comes up."""

    key: str
    down: bool


def read(line: bytes, keys: Sequence[str]) -> Move:
    """Return what a line asks for; `keys` are the rows of the pad. Raises LineRefused."""
    if len(line) > LONGEST:
        raise LineRefused(f"a line has at most {LONGEST} bytes: send one movement in each")
    try:
        said = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        raise LineRefused('a line is one JSON object such as {"down":"7"}: send that') from None
    if not isinstance(said, dict) or len(said) != 1:
        raise LineRefused('a line is one JSON object such as {"down":"7"}: send that')
    (verb, key), *_ = said.items()
    if verb not in _SAYS:
        raise LineRefused('a finger goes "down" or "up": say one of these')
    if key != PRESS and not (isinstance(key, str) and len(key) == 1 and key in "".join(keys)):
        raise LineRefused(f'the card has no such key: name one of {"".join(keys)}, or "{PRESS}"')
    return Move(key, _SAYS[verb])


def greeting(width: int, height: int, keys: Sequence[str]) -> bytes:
    """Return the first line: what kind of card this is."""
    return _line({"card": VERSION, "width": width, "height": height, "keys": list(keys)})


def picture(frame: Frame, on: bool, text: Sequence[str]) -> bytes:
    """Return the line that tells what is on the glass."""
    packed = base64.b64encode(bytes(frame.data)).decode("ascii")
    return _line({"glass": packed, "on": on, "lines": list(text)})


def refusal(error: LineRefused) -> bytes:
    """Return the last line to a client that is not understood."""
    return _line({"refused": str(error)})


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n"
