"""KiCad's files are S-expressions: written, read, with identifiers that stay the same."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "board.card.challng")
_TOKEN = re.compile(r'\(|\)|"(?:[^"\\]|\\.)*"|[^\s()"]+')


class Word(str):
    """An atom that is written without quotes, such as `yes` or `smd`."""

    __slots__ = ()


YES, NO = Word("yes"), Word("no")

Node = Sequence[Any]
"""A list whose first item is its name; what follows are numbers, texts, `Word`s and nodes."""


def identifier(*names: object) -> str:
    """A UUID that is always the same for the same names."""
    return str(uuid.uuid5(_SPACE, "/".join(map(str, names))))


def number(value: float) -> str:
    """A number as KiCad writes it: at most six digits after the point, none that say nothing."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _atom(value: object) -> str:
    if isinstance(value, Word):
        return value
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, int | float):
        return number(value)
    raise TypeError(f"no atom of a KiCad file: {value!r}")


def _lines(node: Node, depth: int) -> Iterator[str]:
    head, *rest = node
    flat = [_atom(item) for item in rest if not isinstance(item, list | tuple)]
    inner = [item for item in rest if isinstance(item, list | tuple)]
    indent = "\t" * depth
    opening = " ".join([f"({head}", *flat])
    if not inner:
        yield f"{indent}{opening})"
    elif all(not any(isinstance(one, list | tuple) for one in item) for item in inner) and (
        len(inner) <= 2 or head == "pts"
    ):
        yield (
            f"{indent}{opening} "
            + " ".join(line.strip() for i in inner for line in _lines(i, 0))
            + ")"
        )
    else:
        yield f"{indent}{opening}"
        for item in inner:
            yield from _lines(item, depth + 1)
        yield f"{indent})"


def write(node: Node) -> str:
    """The text of a file whose outermost list is `node`."""
    return "\n".join(_lines(node, 0)) + "\n"


def read(text: str) -> list[Any]:
    """The outermost list of a file; atoms become texts, whether they stood in quotes or not."""
    stack: list[list[Any]] = [[]]
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece == "(":
            stack.append([])
        elif piece == ")":
            done = stack.pop()
            stack[-1].append(done)
        elif piece[0] == '"':
            stack[-1].append(piece[1:-1].replace('\\"', '"').replace("\\\\", "\\"))
        else:
            stack[-1].append(piece)
    (outermost,) = stack[0]
    return list(outermost)


def nodes(parent: Node, name: str) -> list[list[Any]]:
    """The lists of this name directly inside."""
    return [item for item in parent if isinstance(item, list) and item and item[0] == name]


def only(parent: Node, name: str) -> list[Any]:
    """The one list of this name directly inside."""
    (found,) = nodes(parent, name)
    return found
