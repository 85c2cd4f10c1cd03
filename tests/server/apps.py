"""The application of a verifier, made once for many tests.

To make one takes ten times as long as to answer a request. So it is made over a seat, and each
test's own verifier takes its place there; one that has other settings gets an application of its
own. Requests are answered on one event loop, which stays.
"""

from __future__ import annotations

import atexit
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from inspect import ismethod
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from server.verifier import Verifier


class _Part:
    """A part of whichever verifier sits there when the part is used."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return _seen(self._find, name)


class _Seat(_Part):
    """Where a verifier sits while its test runs."""

    def __init__(self, verifier: Verifier) -> None:
        super().__init__(lambda: self.verifier)
        self.rules = _rules(verifier.settings)
        self.verifier = verifier
        self.app = create_app(self)  # type: ignore[arg-type]


def _seen(find: Callable[[], Any], name: str) -> Any:
    """Return an attribute, and what is a part of the verifier itself as one that may change."""
    value = getattr(find(), name)
    if ismethod(value):
        return lambda *given, **named: getattr(find(), name)(*given, **named)
    if isinstance(value, Mapping):
        return {
            key: _Part(lambda key=key: getattr(find(), name)[key])  # type: ignore[misc]
            if _works(each)
            else each
            for key, each in value.items()
        }
    return _Part(lambda: getattr(find(), name)) if _works(value) else value


def _works(value: Any) -> bool:
    """Tell whether it is one of the verifier's working parts, not a value."""
    kind = type(value)
    return (
        kind.__module__.startswith(("server.", "tests."))
        and not callable(value)
        and not isinstance(value, BaseModel | Enum)
        and not is_dataclass(value)
    )


_KEPT = 8
"""Some tests have settings of their own each, a port for example: their seats are not kept."""
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
    del _free[:-_KEPT]


def _app(verifier: Verifier) -> FastAPI:
    wanted = _rules(verifier.settings)
    seat = next((each for each in _free if each.rules == wanted), None)
    if seat is None:
        seat = _Seat(verifier)
    else:
        _free.remove(seat)
        seat.verifier = verifier
    _taken.setdefault(verifier, []).append(seat)
    return seat.app


def _rules(settings: Settings) -> bytes:
    """Return what two verifiers' settings have in common when one application serves them both.

    An application asks whether mails and messages can be sent; where they go is the verifier's.
    """
    rules = settings.model_dump(exclude={"data", "database_url"})
    for gateway in ("mail_url", "sms_url"):
        rules[gateway] = rules[gateway] is not None
    return pickle.dumps(rules)


@cache
def _portal() -> BlockingPortal:
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(start_blocking_portal())
