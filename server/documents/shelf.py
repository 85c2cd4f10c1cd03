"""Which documents an account has: monthly statements and yearly tax forms, from its opening on."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_ID = re.compile(r"(statement)-([0-9]{4})-([0-9]{2})|(tax-form)-([0-9]{4})", re.ASCII)
_MOST_MONTHS = 24


class DocumentKind(StrEnum):
    """The kinds of document."""

    STATEMENT = "statement"
    TAX_FORM = "tax-form"


@dataclass(frozen=True)
class Document:
    """One document, of a whole month or a whole year; `id` is its name in addresses."""

    kind: DocumentKind
    first: date
    last: date

    @property
    def id(self) -> str:
        """`statement-2026-02`, `tax-form-2025`."""
        if self.kind is DocumentKind.STATEMENT:
            return f"statement-{self.first:%Y-%m}"
        return f"tax-form-{self.first:%Y}"


def of_account(opened: date, end: date) -> tuple[Document, ...]:
    """Return the documents of an account opened on a day, newest first, up to `end`.

    A month or a year has its document when it is over, the one in which the account was closed
    at once: so `end` is the day of closing, and that whole period is in.
    """
    statements: list[Document] = []
    year, month = end.year, end.month
    while (year, month) >= (opened.year, opened.month) and len(statements) < _MOST_MONTHS:
        days = calendar.monthrange(year, month)[1]
        statements.append(
            Document(DocumentKind.STATEMENT, date(year, month, 1), date(year, month, days))
        )
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    forms = [
        Document(DocumentKind.TAX_FORM, date(each, 1, 1), date(each, 12, 31))
        for each in range(end.year, opened.year - 1, -1)
    ]
    return (*statements, *forms)


def over(documents: tuple[Document, ...], today: date) -> tuple[Document, ...]:
    """Return the documents of periods that are over."""
    return tuple(each for each in documents if each.last < today)


def is_id(text: str) -> bool:
    """Tell whether a text can be a document's id at all."""
    return bool(_ID.fullmatch(text))
