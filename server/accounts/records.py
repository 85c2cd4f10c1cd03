"""The JSON files that people are recorded from: who somebody is, and how a user is reached.

    {"name": "Alice Doe", "date_of_birth": "1980-02-29", "citizenship": "US", "residence": "US",
     "document_type": "passport", "document_number": "X1234567", "ssn": "123456789"}

    {"mail": "alice@example.net", "phone": "+12025550123",
     "address": {"name": "Alice Doe", "street": "1 Main Street", "city": "Springfield",
                 "postal_code": "01101", "region": "MA", "country": "US"},
     "targets": ["json://127.0.0.1:9000/alice"]}

Fields that are not known, and fields given twice, are refused. A refusal names the field, and
repeats nothing of what stands in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ..errors import PersonRefused
from .countries import UNITED_STATES, is_country
from .names import is_plain
from .people import Address, Contact, Identification

EARLIEST_BIRTH = date(1900, 1, 1)
_SSN = re.compile(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", re.ASCII)


class DocumentType(StrEnum):
    """The documents that a person can be known by."""

    PASSPORT = "passport"
    NATIONAL_ID = "national_id"
    DRIVING_LICENCE = "driving_licence"
    RESIDENCE_PERMIT = "residence_permit"
    REGISTRATION = "registration"
    """An organisation's entry in its country's register."""


def _country(text: str) -> str:
    if not is_country(text):
        raise ValueError("expected a country as two capitals (ISO 3166-1)")
    return text


def _plain(text: str) -> str:
    if not is_plain(text) or text != text.strip():
        raise ValueError("expected text without control characters and without outer spaces")
    return text


def _ssn(text: str) -> str:
    if not _SSN.fullmatch(text):
        raise ValueError("expected the nine digits of a social security number")
    return text


_Country = Annotated[str, AfterValidator(_country)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_plain)]
_Short = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_plain)]
_Part = Annotated[str, StringConstraints(max_length=64), AfterValidator(_plain)]
_Mail = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+$")
]
_Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
_Target = Annotated[
    str,
    StringConstraints(max_length=512, pattern=r"^[a-z][a-z0-9+.-]*://\S+$"),
    AfterValidator(_plain),
]


Record = TypeVar("Record", bound=BaseModel)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Person(_Record):
    name: _Name
    date_of_birth: Annotated[date, Field(ge=EARLIEST_BIRTH)]
    citizenship: _Country
    residence: _Country
    document_type: DocumentType
    document_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9 /-]{2,31}$")]
    ssn: Annotated[str, AfterValidator(_ssn)] | None = None

    @model_validator(mode="after")
    def _ssn_only_in_the_us(self) -> _Person:
        if self.ssn is not None and UNITED_STATES not in {self.citizenship, self.residence}:
            raise ValueError("ssn is only for citizens and residents of the US: leave it out")
        return self


class _Address(_Record):
    name: _Name
    street: _Name
    city: _Short
    postal_code: _Part = ""
    country: _Country
    region: _Part = ""


class _Contact(_Record):
    mail: _Mail | None = None
    phone: _Phone | None = None
    address: _Address | None = None
    targets: Annotated[tuple[_Target, ...], Field(max_length=8)] = ()


@dataclass(frozen=True)
class Person:
    """An entity as a file tells of it."""

    name: str
    identification: Identification


def read_person(text: str, today: date) -> Person:
    """Return the person of a JSON text, or raise PersonRefused."""
    record = _read(_Person, text, "person")
    if record.date_of_birth > today:
        raise PersonRefused("The person file: date_of_birth: expected a day before today.")
    values = record.model_dump(exclude={"name"})
    values["document_type"] = record.document_type.value
    return Person(record.name, Identification(**values))


def read_contact(text: str) -> Contact:
    """Return the contact of a JSON text, or raise PersonRefused."""
    record = _read(_Contact, text, "contact")
    address = None if record.address is None else Address(**record.address.model_dump())
    return Contact(record.mail, record.phone, address, record.targets)


def _read(shape: type[Record], text: str, what: str) -> Record:
    try:
        json.loads(text, object_pairs_hook=_once)
    except _Twice as twice:
        raise PersonRefused(f"The {what} file: {twice} is given twice: leave one out.") from None
    except (ValueError, RecursionError):
        raise PersonRefused(f"The {what} file is not JSON: correct it.") from None
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        place = f"{field}: " if field else ""
        raise PersonRefused(f"The {what} file: {place}{said}. Correct it.") from None


class _Twice(Exception):
    """A field stands in an object twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise _Twice(name if name.isidentifier() else "a field")
    return dict(pairs)
