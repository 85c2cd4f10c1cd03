"""What the foot of the page now being made needs: its help, and its form to change the language."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from .. import language


@dataclass(frozen=True)
class Here:
    """The request that a page answers: `token` makes its forms' token, `back` is its place, `help`
    the address of its help.
    """

    token: Callable[[], str]
    back: str
    help: str


here: ContextVar[Here] = ContextVar("here")


@dataclass(frozen=True)
class Foot:
    """What the form shows; `languages` as locale, HTML's tag, and its own name for itself."""

    token: str
    back: str
    help: str
    languages: list[tuple[str, str, str]]


def foot() -> Foot:
    """Return what the foot of the page now being made needs."""
    page = here.get()
    names = [(each, each.replace("_", "-"), name) for each, name in language.own_names()]
    return Foot(page.token(), page.back, page.help, names)
