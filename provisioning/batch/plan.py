"""What a batch is to make: a number of cards, or a list of people.

Everything wrong with a list is told at once, each with its line, before anything is made.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from device.keystore import SLOTS
from provisioning.errors import ProvisioningError

MOST = 1_000
_COLUMNS = frozenset(("user", "name", "slot", "issuer"))
_LONGEST = 64
_USER = re.compile(r"[a-z0-9._@-]{1,64}")
_FORMULA = ("=", "+", "-", "@")
"""What spreadsheets take for a formula at the start of a cell."""


class ListRefused(ProvisioningError, ValueError):
    """A list with errors in it; the text has a line for each."""


@dataclass(frozen=True)
class Wanted:
    """One card of a batch; `user` is whose it is at a verifier, `name` stands on the label."""

    number: int
    slot: str
    issuer: str
    user: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """Whose card it is, as people read it."""
        return self.name or self.user


def by_count(count: int, slot: str, issuer: str) -> list[Wanted]:
    """A number of cards for nobody yet; raises ListRefused."""
    if not 1 <= count <= MOST:
        raise ListRefused(f"a batch has 1 to {MOST} cards: give another --count")
    return [Wanted(number, slot, issuer) for number in range(1, count + 1)]


def from_csv(data: bytes, slot: str, issuer: str) -> list[Wanted]:
    """The cards of a CSV file: `user` or `name`, and `slot` and `issuer` where they differ.

    Raises ListRefused, which tells every error.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ListRefused(f"line {line}: not UTF-8 text; save the list as UTF-8") from None
    rows = _rows(text)
    header = next(rows, (1, []))[1]
    wrong = list(_wrong_in_header(header))
    if wrong:
        raise ListRefused("\n".join(wrong))
    found: list[Wanted] = []
    seen: dict[tuple[str, str, str], int] = {}
    for line, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            wrong.append(f"line {line}: {len(cells)} cells, and the header has {len(header)}")
            continue
        row = dict(zip(header, cells, strict=True))
        one = Wanted(
            number=len(found) + 1,
            slot=row.get("slot", "") or slot,
            issuer=row.get("issuer", "") or issuer,
            user=row.get("user", "").lower(),
            name=row.get("name", ""),
        )
        wrong += [f"line {line}: {sentence}" for sentence in _wrong_in(one, header)]
        who = (one.user, one.name, one.slot)
        if who in seen:
            wrong.append(f"line {line}: {one.label!r} stands in line {seen[who]} already")
        seen.setdefault(who, line)
        found.append(one)
    if not found and not wrong:
        wrong.append("the list has no card in it")
    if len(found) > MOST:
        wrong.append(f"the list has {len(found)} cards, and a batch at most {MOST}")
    if wrong:
        raise ListRefused("\n".join(wrong))
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ListRefused(
                f"line {reader.line_num}: not CSV ({error}); save the list as comma-separated"
            ) from None
        yield reader.line_num, [cell.strip() for cell in cells]


def _wrong_in_header(header: list[str]) -> Iterator[str]:
    unknown = sorted(set(header) - _COLUMNS)
    if unknown or not {"user", "name"} & set(header):
        yield (
            "line 1: the header is `user` or `name`, and if wanted `slot` and `issuer`, with "
            "commas between them; secrets have no column"
        )
    elif len(set(header)) != len(header):
        yield "line 1: a column stands twice in the header"


def _wrong_in(one: Wanted, header: list[str]) -> Iterator[str]:
    if "user" in header and not _USER.fullmatch(one.user):
        yield "a user name has 1 to 64 of the letters a to z, digits, and . _ @ -"
    if "name" in header and not one.name and "user" not in header:
        yield "there is no name"
    for what, text in (("name", one.name), ("issuer", one.issuer)):
        if len(text) > _LONGEST or not text.isprintable():
            yield f"the {what} has over {_LONGEST} characters, or one that cannot be printed"
        elif text.startswith(_FORMULA):
            yield f"the {what} begins with {text[0]}, which a spreadsheet takes for a formula"
    if one.slot not in SLOTS:
        yield f"the slot is one of {', '.join(SLOTS)}"
