"""The show: one visit at a time, its verifier, its card, its counters, and who watches.

The only place where a visit meets the outside. What the verifier decides, it decides in `login`;
here it is asked, and what it says goes on to the visit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .. import errors
from ..clock import Clock
from ..language import LOCALES
from ..login.offers import Offered
from ..portal.forms import Forms
from ..threads import aside
from ..verifier import Verifier
from ..words import N_
from . import hints
from .card_process import CardProcess
from .counters import Counters
from .fresh import PASSWORD, USER, Fresh
from .visit import (
    AskAnswer,
    Asked,
    AskPassword,
    Count,
    Darken,
    Effect,
    Event,
    Judged,
    Reset,
    Scene,
    Tick,
    Touch,
    Verdict,
    Visit,
    step,
)

_LOOK_SECONDS = 0.5
_DARK_SECONDS, _HOLD_SECONDS, _DARK_AGAIN = 2.0, 9.0, 0.02
_ADDRESS = "booth"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NO_KEY = N_("The card has no such key.")


@dataclass(frozen=True)
class Seen:
    """What a page shows of the show beside the card: it is drawn anew when this has changed."""

    visit: Visit
    language: str
    counted: tuple[tuple[str, int], ...]


class Show:
    """Runs the booth. `card` is the simulated card, None where a real one lies beside the screen;
    `keep` is told a real card's counter.
    """

    def __init__(
        self,
        fresh: Fresh,
        clock: Clock,
        language: str,
        keep: Callable[[int], None] | None = None,
    ) -> None:
        self.card: CardProcess | None = None
        self.counters = Counters()
        self._clock = clock
        self._fresh = fresh
        self._default_language = self._language = language
        self._keep = keep
        self._visit = Visit(clock.now())
        self._verifier: Verifier | None = None
        self._forms: Forms | None = None
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._darkening: asyncio.Task[None] | None = None
        self.over = False

    async def open(self) -> None:
        """Make the first verifier."""
        await aside.run(self._fresh.prepare)
        verifier = self._verifier = await aside.run(self._fresh.open)
        # Every copy has the pattern's keys: a page stays good from one visitor to the next.
        self._forms = Forms(verifier.secrets)

    async def close(self) -> None:
        """Let everybody who watches go, and take everything away."""
        self.over = True
        self.changed()
        async with self._turn:
            self._verifier = None
            await aside.run(self._fresh.close)

    # --- what is seen

    @property
    def forms(self) -> Forms:
        """What binds the page to its browser."""
        assert self._forms is not None  # noqa: S101 - it is open
        return self._forms

    @property
    def serial(self) -> str:
        """The card's serial."""
        return self._fresh.serial

    def seen(self) -> Seen:
        """Return what a page shows now; a touch alone changes nothing in it."""
        counted: tuple[tuple[str, int], ...] = ()
        if self._visit.scene is Scene.ATTRACT:
            counted = tuple(self.counters.today(self._clock.now()).items())
        return Seen(replace(self._visit, touched=_NEVER), self._language, counted)

    def seconds_left(self) -> int | None:
        """Return the seconds until silence ends the visit, once they are few."""
        return self._visit.seconds_left(self._clock.now())

    @property
    def news(self) -> asyncio.Event:
        """Return what is set at the next change; each change has one of its own."""
        return self._news

    def changed(self) -> None:
        """Tell everybody who watches."""
        self._news.set()
        self._news = asyncio.Event()

    # --- what happens

    async def take(self, event: Event) -> None:
        """Let something happen; raises IllegalMove where the visit has gone on meanwhile."""
        async with self._turn:
            await self._take(event)
        self.changed()

    async def speak(self, locale: str) -> None:
        """Speak a visitor's language until he goes."""
        if locale in LOCALES:
            self._language = locale
        await self.take(Touch())

    async def press(self, key: str, down: bool) -> None:
        """Move the finger on the simulated card; raises NotThere where it has no such key."""
        card = self.card
        if card is None:
            raise errors.NotThere(_NO_KEY)
        if card.shape is None:
            return  # it is starting
        if key != hints.PRESS and (len(key) != 1 or key not in "".join(card.shape.keys)):
            raise errors.NotThere(_NO_KEY)
        busy = self._darkening is not None and not self._darkening.done()
        if self._visit.has_card and not busy:
            card.move(key, down)
            await self.take(Touch())

    async def run(self) -> None:
        """Let time go by, until this is cancelled."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            await self.tick()

    async def tick(self) -> None:
        """Look at the clock."""
        before = self.seconds_left()
        async with self._turn:
            await self._take(Tick())
        if before is not None or self.seconds_left() is not None:
            self.changed()

    # --- within

    async def _take(self, event: Event) -> None:
        self._visit, effects = step(self._visit, event, self._clock.now())
        for effect in effects:
            following = await self._do(effect)
            if following is not None:
                await self._take(following)

    async def _do(self, effect: Effect) -> Event | None:
        match effect:
            case Count():
                self.counters.count(effect, self._clock.now())
            case AskPassword():
                return await self._ask()
            case AskAnswer(login_id, text):
                return await aside.run(self._judge, login_id, text)
            case Darken():
                self._darken()
            case Reset():
                await self._reset()
        return None

    async def _ask(self) -> Asked:
        if self._verifier is None:  # it could not be made when the last visitor went
            self._verifier = await aside.run(self._fresh.open)
        offered = await self._verifier.passwords.begin(USER, PASSWORD, _ADDRESS)
        assert isinstance(offered, Offered)  # noqa: S101 - the visitor has a card
        return Asked(offered.login_id, str(offered.prompt["challenge"]))

    def _judge(self, login_id: str, text: str) -> Judged:
        assert self._verifier is not None  # noqa: S101 - it has asked
        try:
            self._verifier.logins.answer(login_id, text)
        except errors.AnswerWrong as refusal:
            return Judged(text, Verdict.WRONG, refusal.tries_left)
        except errors.AnswerMalformed:
            return Judged(text, Verdict.MALFORMED)
        except errors.LoginError:
            return Judged(text, Verdict.OVER)
        if self._keep is not None:
            self._keep(self._fresh.look())
        return Judged(text, Verdict.ACCEPTED)

    async def _reset(self) -> None:
        self._language = self._default_language
        self._darken()
        self._verifier = None
        await aside.run(self._fresh.close)
        self._verifier = await aside.run(self._fresh.open)

    def _darken(self) -> None:
        if self.card is not None and self.card.picture.lines:
            self._darkening = asyncio.create_task(self._make_dark(self.card))

    async def _make_dark(self, card: CardProcess) -> None:
        """Do what a hand does with a card that somebody has left on: CLEAR, or a long hold."""
        for _ in range(hints.clearings(card.picture.lines)):
            for down in (True, False):
                card.move(hints.CLEAR, down)
        if not await self._is_dark(card, _DARK_SECONDS):
            card.move(hints.PRESS, True)
            await self._is_dark(card, _HOLD_SECONDS)
            card.move(hints.PRESS, False)

    @staticmethod
    async def _is_dark(card: CardProcess, seconds: float) -> bool:
        for _ in range(int(seconds / _DARK_AGAIN)):
            if not card.picture.lines:
                return True
            await asyncio.sleep(_DARK_AGAIN)
        return False
