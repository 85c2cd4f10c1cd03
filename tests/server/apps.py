"""The application of a verifier, made once for many tests.

To make one takes ten times as long as to answer a request. So it is made over a seat, and each
test's own verifier takes its place there; one that has other settings gets an application of its
own. Requests are answered on one event loop, which stays.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from server.verifier import Verifier


class _Part:
    """A part of whichever verifier sits there when the part is used."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)


class _Seat:
    """Where a verifier sits while its test runs."""

    def __init__(self, verifier: Verifier) -> None:
        self.settings = verifier.settings
        self.verifier = verifier
        self.app = create_app(self)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.verifier, name)
        if callable(value):
            return value
        if isinstance(value, Mapping):
            return {
                key: _Part(lambda key=key: getattr(self.verifier, name)[key])  # type: ignore[misc]
                for key in value
            }
        return _Part(lambda: getattr(self.verifier, name))


_free: list[_Seat] = []
_taken: WeakKeyDictionary[Verifier, list[_Seat]] = WeakKeyDictionary()


def client_of(verifier: Verifier, **options: Any) -> TestClient:
    """Return a client of a verifier's application."""
    made = TestClient(_app(verifier), **options)
    made.portal = _portal()
    return made


@pytest.fixture(autouse=True)
def seats() -> Iterator[None]:
    """Clear the seats when a test is over."""
    yield
    for seats in _taken.values():
        _free.extend(seats)
    _taken.clear()


def _app(verifier: Verifier) -> FastAPI:
    wanted = _rules(verifier.settings)
    seat = next((each for each in _free if _rules(each.settings) == wanted), None)
    if seat is None:
        seat = _Seat(verifier)
    else:
        _free.remove(seat)
        seat.verifier = verifier
    _taken.setdefault(verifier, []).append(seat)
    return seat.app


def _rules(settings: Settings) -> Settings:
    return settings.model_copy(update={"data": Path(), "database_url": None})


@cache
def _portal() -> BlockingPortal:
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(start_blocking_portal())
