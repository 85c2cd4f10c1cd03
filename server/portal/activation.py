"""Pages of putting a device into use: a new one, or one that turned up again."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from ..lifecycle import devices
from ..lifecycle.activation import ACTIVATE, REACTIVATE, Way
from ..login.access import Right
from ..login.proofs import Asked
from ..states.device import DeviceState
from ..verifier import Verifier
from ..words import N_
from .proving import Question, ask_page, take_answer
from .shell import Shell, Visit


@dataclass(frozen=True)
class _Words:
    title: str
    text: str
    button: str


_WORDS = {
    "activate": _Words(
        N_("Activate your new device"),
        N_("Have it at hand: it answers once, and from then on it logs you in."),
        N_("Activate"),
    ),
    "reactivate": _Words(
        N_("Use this device again"),
        N_("Have it at hand: it answers once, and from then on it logs you in again."),
        N_("Reactivate"),
    ),
}


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    for name, way in (("activate", ACTIVATE), ("reactivate", REACTIVATE)):
        _Pages(verifier, name, way).add(shell, router)
    return router


class _Pages:
    def __init__(self, verifier: Verifier, name: str, way: Way) -> None:
        self._verifier = verifier
        self._name = name
        self._way = way
        self._words = _WORDS[name]

    def add(self, shell: Shell, router: APIRouter) -> None:
        start = f"/devices/{{device}}/{self._name}"
        shell.show(router, start, self.look, right=Right.DEVICES)
        shell.take(router, start, self.begin, right=Right.DEVICES)
        shell.show(router, f"{start}/{{proof}}", self.ask, right=Right.DEVICES)
        shell.take(router, f"{start}/{{proof}}", self.answer, right=Right.DEVICES)

    def look(self, visit: Visit) -> Response:
        verifier = self._verifier
        with verifier.database.reading() as connection:
            device = devices.get_own(
                connection, visit.session.user_id, visit.part("device"), verifier.clock.now()
            )
        return visit.page(
            "activation",
            device=device,
            words=self._words,
            fits=device.state in self._way.fits,
            in_use=device.state is DeviceState.ACTIVE,
            action=self._start(visit),
        )

    def begin(self, visit: Visit) -> Response:
        asked = self._verifier.activation.begin(visit.session, visit.part("device"), self._way)
        return visit.go(f"{self._start(visit)}/{asked.id}")

    def ask(self, visit: Visit) -> Response:
        return ask_page(
            visit, self._verifier.clock, self._question(visit), lambda: self._asked(visit)
        )

    def answer(self, visit: Visit) -> Response:
        return take_answer(
            visit,
            self._verifier.clock,
            self._question(visit),
            lambda: self._asked(visit),
            lambda text: self._verifier.activation.answer(
                visit.session, visit.part("device"), visit.part("proof"), text, self._way
            ),
            lambda _device: self._start(visit),
        )

    def _asked(self, visit: Visit) -> Asked:
        return self._verifier.activation.show(
            visit.session, visit.part("device"), visit.part("proof"), self._way
        )

    def _question(self, visit: Visit) -> Question:
        words = self._words
        return Question(words.title, words.text, words.button, self._start(visit))

    def _start(self, visit: Visit) -> str:
        return f"/devices/{visit.part('device')}/{self._name}"
