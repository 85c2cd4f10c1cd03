"""The booth's page, the stream that keeps it as the show is, and what its buttons ask for."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from .. import language
from ..errors import Refusal
from ..portal.cookies import Cookies
from ..portal.forms import FormRefused
from ..portal.render import drawn
from ..web.json import JSONResponse
from ..web.problems import of_refusal, of_status
from . import hints
from .fresh import PASSWORD, PIN, USER
from .show import Seen, Show
from .visit import Answer, Begin, Event, GivePassword, Leave, Scene, Steal, Touch

_PING_SECONDS = 15
_MOST_WATCH = 16
_LONGEST_ANSWER = 32
_DIGITS = 8
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_Fields = Mapping[str, str]


def routes(show: Show) -> APIRouter:
    """Return the page and its calls."""
    router = APIRouter(include_in_schema=False)
    pages = _Pages(show)
    router.add_api_route("/", pages.first, methods=["GET"])
    router.add_api_route("/events", pages.events, methods=["GET"])
    router.add_api_route("/do/{what}", pages.do, methods=["POST"])
    router.add_api_route("/healthz", pages.well, methods=["GET"])
    router.add_api_route("/readyz", pages.well, methods=["GET"])
    return router


class _Pages:
    def __init__(self, show: Show) -> None:
        self._show = show
        self._cookies = Cookies(https=False)
        self._watching = 0
        self._events: Mapping[str, Callable[[_Fields], Event]] = {
            "begin": lambda _: Begin(),
            "begin-stolen": lambda _: Begin(stolen=True),
            "password": lambda _: GivePassword(),
            "answer": lambda fields: Answer(fields.get("answer", "").strip(" ")[:_LONGEST_ANSWER]),
            "guess": lambda _: Answer(f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"),
            "steal": lambda _: Steal(),
            "leave": lambda _: Leave(),
            "touch": lambda _: Touch(),
        }
        self._deeds: Mapping[str, Callable[[_Fields], Awaitable[None]]] = {
            "down": lambda fields: show.press(fields.get("key", ""), True),
            "up": lambda fields: show.press(fields.get("key", ""), False),
            "language": lambda fields: show.speak(fields.get("language", "")),
        }

    async def well(self) -> Response:
        """Tell that the booth runs."""
        return JSONResponse({"status": "ok"})

    async def first(self, request: Request) -> Response:
        """Return the page as the show is now."""
        mark = self._cookies.mark(request)
        seen = self._show.seen()
        card = self._show.card
        with language.speaking(seen.language):
            html = drawn(
                "booth",
                form=self._show.forms.token(mark),
                scene=self._scene(seen),
                simulated=card is not None,
                pad=card.shape.keys if card is not None and card.shape is not None else (),
                width=card.shape.width if card is not None and card.shape is not None else 0,
                height=card.shape.height if card is not None and card.shape is not None else 0,
                stage=seen.visit.scene.value,
                languages=language.own_names(),
            )
        response = HTMLResponse(html)
        self._cookies.set_browser(response, mark)
        return response

    async def do(self, request: Request, what: str) -> Response:
        """Do what a button asks for; the stream shows what came of it."""
        mark = self._cookies.browser(request)
        try:
            fields = await self._show.forms.read(request, mark)
        except FormRefused:
            return of_status(403)
        try:
            if what in self._events:
                await self._show.take(self._events[what](fields))
            elif what in self._deeds:
                await self._deeds[what](fields)
            else:
                return of_status(404)
        except Refusal as refusal:
            return of_refusal(refusal)
        return Response(status_code=204)

    async def events(self) -> Response:
        """Tell what there is to see, at once and at each change."""
        if self._watching >= _MOST_WATCH:
            return of_status(503)
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=_HEADERS)

    async def _stream(self) -> AsyncIterator[str]:
        self._watching += 1
        told: dict[str, object] = {}
        try:
            while not self._show.over:
                news = self._show.news  # first: what changes while we look is looked at again
                seen = self._show.seen()
                looks: tuple[tuple[str, object, Callable[[], object]], ...] = (
                    ("scene", seen, lambda seen=seen: self._told(seen)),  # type: ignore[misc]
                    ("card", self._card(seen), lambda seen=seen: self._card(seen)),  # type: ignore[misc]
                    ("silence", self._show.seconds_left(), self._show.seconds_left),
                )
                for name, key, said in looks:
                    if name not in told or told[name] != key:
                        told[name] = key
                        yield f"event: {name}\ndata: {json.dumps(said())}\n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), _PING_SECONDS)
                    continue
                yield ": ping\n\n"
        finally:
            self._watching -= 1

    def _told(self, seen: Seen) -> dict[str, object]:
        with language.speaking(seen.language):
            tag = language.html_language()
            return {"html": self._scene(seen), "stage": seen.visit.scene.value, "language": tag}

    def _scene(self, seen: Seen) -> str:
        return drawn(
            "booth_scene",
            visit=seen.visit,
            Scene=Scene,
            counted=dict(seen.counted),
            user=USER,
            password=PASSWORD,
            pin=PIN,
            serial=self._show.serial,
            simulated=self._show.card is not None,
        )

    def _card(self, seen: Seen) -> dict[str, object]:
        """What is on the glass, and which key of the card the page points at."""
        card = self._show.card
        if card is None:
            return {"simulated": False}
        lines = card.picture.lines
        asked = seen.visit.scene is Scene.CHALLENGE
        pointed = hints.next_key(lines, PIN, seen.visit.challenge) if asked else None
        step = hints.step_of(lines) if asked else None
        return {
            "simulated": True,
            "there": card.there,
            "pixels": card.picture.pixels,
            "on": card.picture.on,
            "lines": lines,
            "step": step,
            "next": pointed,
            "shape": card.shape and [card.shape.width, card.shape.height, *card.shape.keys],
        }
