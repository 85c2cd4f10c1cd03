"""Scripted visitors: what people do at a booth, over its own page's doors."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx

from server.booth.fresh import PIN
from tests.booth.served import PATIENCE


class Page:
    """The page without a browser: its buttons are calls, its stream is listened to."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=PATIENCE)
        html = self._client.get("/").raise_for_status().text
        found = re.search(r'data-form="([0-9a-f]+)"', html)
        assert found
        self._form = found[1]
        self._changed = threading.Condition()
        self._told: dict[str, Any] = {}
        self._listening = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Page:
        self._listening.start()
        self.until(lambda: bool(self._told["card"].get("there", True)))  # a card takes its time
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Look away."""
        self._client.close()

    def _listen(self) -> None:
        name = ""
        try:
            with self._client.stream("GET", "/events") as stream:
                for line in stream.iter_lines():
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        with self._changed:
                            self._told[name] = json.loads(line.removeprefix("data: "))
                            self._changed.notify_all()
        except (httpx.HTTPError, RuntimeError):
            pass  # we look away, or the booth is gone: whoever waits says so

    # --- what is seen

    def until(self, what: Callable[[], bool]) -> None:
        """Wait until something is seen."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not ("card" in self._told and "scene" in self._told and what()):
                assert self._changed.wait(deadline - time.monotonic()), self._told

    def until_stage(self, stage: str) -> None:
        self.until(lambda: bool(self._told["scene"]["stage"] == stage))

    @property
    def html(self) -> str:
        return str(self._told["scene"]["html"])

    @property
    def lines(self) -> list[str]:
        return list(self._told["card"]["lines"])

    @property
    def challenge(self) -> str:
        found = re.search(r'data-challenge="(\d{6})"', self.html)
        assert found, self.html
        return found[1]

    # --- what is done

    def post(self, what: str, **fields: str) -> int:
        return self._client.post(f"/do/{what}", data={"form": self._form, **fields}).status_code

    def do(self, what: str, **fields: str) -> None:
        status = self.post(what, **fields)
        assert status == 204, (what, fields, status)

    def wake(self) -> None:
        self.do("down", key="press")
        self.until(lambda: "PIN>" in self.lines)
        self.do("up", key="press")

    def type(self, keys: str) -> None:
        for key in keys:
            self.do("down", key=key)
            self.do("up", key=key)

    def response(self, pin: str = PIN) -> str:
        """Press the whole login on the drawn card; return what its glass shows then."""
        self.wake()
        self.type(f"{pin}#{self.challenge}#")
        self.until(lambda: bool(re.fullmatch(r"\d{4} \d{4}", self.lines[-1] if self.lines else "")))
        return self.lines[-1]

    def leaves(self, *, dark: bool = True) -> None:
        """Be done, and see the booth as it was before."""
        self.do("leave")
        self.until_stage("attract")
        if dark:
            self.until(lambda: not self.lines)


# --- visitors


def begins(page: Page) -> None:
    page.do("begin")
    page.until_stage("password")
    page.do("password")
    page.until_stage("challenge")


def logs_in(page: Page) -> str:
    """The ordinary visitor."""
    begins(page)
    response = page.response()
    page.do("answer", answer=response)
    page.until_stage("in")
    return response


def is_a_thief(page: Page, seen: str | None = None) -> None:
    """Tries the stolen password: what was seen before, and guesses."""
    page.until_stage("stolen")
    page.do("password")
    page.until_stage("outside")
    tries = 3
    if seen is not None:
        page.do("answer", answer=seen)
        tries -= 1
    for _ in range(tries):
        page.do("guess")
    page.until_stage("kept-out")


def comes_in_and_is_done(page: Page) -> None:
    logs_in(page)
    page.leaves()


def comes_in_and_tries_the_theft(page: Page) -> None:
    response = logs_in(page)
    page.do("steal")
    is_a_thief(page, response)
    page.leaves()


def only_steals(page: Page) -> None:
    page.do("begin-stolen")
    is_a_thief(page)
    page.leaves()


def mistypes_the_pin(page: Page) -> None:
    """A wrong PIN gives an ordinary response, which is refused; then he does it right."""
    begins(page)
    page.do("answer", answer=page.response(pin="1793"))
    page.until(lambda: "not right" in page.html)
    page.type("*")
    page.until(lambda: not page.lines)
    page.do("answer", answer=page.response())
    page.until_stage("in")
    page.leaves()


def runs_away(page: Page) -> None:
    """Leaves the card with half a PIN on it."""
    begins(page)
    page.wake()
    page.type("73")
    page.until(lambda: page.lines == ["PIN>", "**_"])
    page.leaves()


def falls_silent(page: Page) -> None:
    """Goes without a word; the booth begins anew by itself."""
    begins(page)
    page.wake()
    page.until(lambda: page._told.get("silence") is not None)
    page.until_stage("attract")
    page.until(lambda: not page.lines)


KINDS = (
    comes_in_and_is_done,
    only_steals,
    comes_in_and_tries_the_theft,
    runs_away,
    only_steals,
    comes_in_and_is_done,
    runs_away,
    mistypes_the_pin,
    only_steals,
    runs_away,
)
