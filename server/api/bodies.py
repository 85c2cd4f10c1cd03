"""The bodies of the JSON API, checked for shape before anything else sees them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from ..accounts.names import is_plain


def plain(text: str) -> str:
    """Return a text without control characters, or refuse it."""
    if not is_plain(text):
        raise ValueError("has control characters")
    return text


UserName = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=256), AfterValidator(plain)
]
Password = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=1024), AfterValidator(plain)
]
FactorId = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")
]
Answer = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[0-9A-Za-z ]+$")
]


class Body(BaseModel):
    """A body whose errors never repeat what was sent."""

    model_config = ConfigDict(hide_input_in_errors=True)


class NothingBody(BaseModel):
    """An empty object: all that there is to say stands in the path."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LoginBody(Body):
    """User name and password."""

    username: UserName
    password: Password


class FactorBody(Body):
    """The id of one of the login's factors."""

    factor: FactorId


class AnswerBody(Body):
    """What the card shows, with or without the space in its middle."""

    answer: Answer
