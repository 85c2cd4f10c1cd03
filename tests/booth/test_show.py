"""The show over real verifiers, in told time: who comes in, who does not, what is left of him."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from server.booth.fresh import PIN, Fresh
from server.booth.show import Show
from server.booth.visit import (
    SILENCE,
    Answer,
    Begin,
    Event,
    GivePassword,
    Leave,
    Scene,
    Steal,
    Touch,
    Visit,
)
from server.errors import IllegalMove, NotThere
from tests.server.support import Card, ToldClock, quick_tables

Story = Callable[["Stage"], Coroutine[Any, Any, None]]


class Stage:
    """A show with a card beside the screen, held by the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = Card()
        self.clock = ToldClock()
        self.kept: list[int] = []
        self.fresh = Fresh(folder, self.card.record(), self.clock)
        self.show = Show(self.fresh, self.clock, "en", self.kept.append)

    @property
    def visit(self) -> Visit:
        return self.show.seen().visit

    async def takes(self, *events: Event) -> None:
        for event in events:
            await self.show.take(event)

    async def comes_in(self) -> str:
        await self.takes(Begin(), GivePassword())
        response = self.card.shows(self.visit.challenge, PIN)
        await self.takes(Answer(response))
        assert self.visit.scene is Scene.IN
        return response

    def today(self) -> dict[str, int]:
        return dict(self.show.counters.today(self.clock.now()))


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], Stage]:
    """Let a story happen on a stage; afterwards nothing may lie about."""

    def played(story: Story) -> Stage:
        stage = Stage(tmp_path)

        async def run() -> None:
            with quick_tables():
                await stage.show.open()
            try:
                await story(stage)
            finally:
                await stage.show.close()

        asyncio.run(run())
        assert [each.name for each in tmp_path.iterdir()] == ["pattern"]
        return stage

    return played


def test_a_right_response_lets_in_and_the_stolen_password_does_not(
    play: Callable[[Story], Stage],
) -> None:
    async def story(stage: Stage) -> None:
        response = await stage.comes_in()
        await stage.takes(Steal(), GivePassword())
        assert stage.visit.scene is Scene.OUTSIDE  # the password was right
        await stage.takes(Answer(response), Answer("12345678"), Answer("87654321"))
        assert stage.visit.scene is Scene.KEPT_OUT

    counted = play(story).today()
    assert counted == {"visitors": 1, "logins": 1, "thefts": 1, "refused": 3, "break_ins": 0}


def test_a_thief_with_the_card_in_his_hand_is_let_in_and_counted(
    play: Callable[[Story], Stage],
) -> None:
    async def story(stage: Stage) -> None:
        await stage.takes(Begin(stolen=True), GivePassword())
        await stage.takes(Answer(stage.card.shows(stage.visit.challenge, PIN)))
        assert stage.visit.scene is Scene.IN

    assert play(story).today()["break_ins"] == 1


def test_an_old_count_of_the_card_is_refused_to_the_next_visitor_too(
    play: Callable[[Story], Stage],
) -> None:
    async def story(stage: Stage) -> None:
        await stage.comes_in()
        await stage.takes(Leave())
        assert stage.fresh.counter == 1
        stage.card.counter = 0
        await stage.takes(Begin(), GivePassword())
        await stage.takes(Answer(stage.card.shows(stage.visit.challenge, PIN)))
        assert (stage.visit.scene, stage.visit.left) == (Scene.CHALLENGE, 2)
        await stage.takes(Leave())
        await stage.comes_in()

    assert play(story).kept == [1, 2]


def test_a_visitor_who_locks_his_card_locks_it_for_nobody_else(
    play: Callable[[Story], Stage],
) -> None:
    async def story(stage: Stage) -> None:
        await stage.takes(Begin(stolen=True))
        for _ in range(4):  # ten wrong answers lock a card
            await stage.takes(GivePassword())
            while stage.visit.scene is Scene.OUTSIDE:
                await stage.takes(Answer("12345678"))
            stage.show._visit = Visit(stage.clock.now(), Scene.STOLEN)
        assert stage.today()["refused"] == 10
        await stage.takes(Leave())
        await stage.comes_in()

    play(story)


def test_sixty_seconds_of_silence_begin_anew_in_the_booths_own_language(
    play: Callable[[Story], Stage],
) -> None:
    async def story(stage: Stage) -> None:
        show = stage.show
        await show.speak("zh_Hant")
        await stage.takes(Begin(), GivePassword())
        stage.clock.advance(SILENCE.total_seconds() - 20)
        await show.tick()
        assert show.seconds_left() is None
        stage.clock.advance(10)
        news = show.news
        await show.tick()
        assert news.is_set()
        assert show.seconds_left() == 10
        await stage.takes(Touch())
        assert show.seconds_left() is None
        stage.clock.advance(SILENCE.total_seconds())
        await show.tick()
        assert (stage.visit.scene, show.seen().language) == (Scene.ATTRACT, "en")

    play(story)


def test_a_challenge_of_two_minutes_ago_is_over(play: Callable[[Story], Stage]) -> None:
    async def story(stage: Stage) -> None:
        await stage.takes(Begin(), GivePassword())
        response = stage.card.shows(stage.visit.challenge, PIN)
        for _ in range(3):
            stage.clock.advance(45)
            await stage.takes(Touch())
        await stage.takes(Answer(response))
        assert stage.visit.scene is Scene.OVER

    play(story)


def test_what_comes_twice_or_too_late_changes_nothing(play: Callable[[Story], Stage]) -> None:
    async def story(stage: Stage) -> None:
        show = stage.show
        done = await asyncio.gather(*(show.take(Begin()) for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(each, IllegalMove) for each in done) == 7
        await asyncio.gather(*(show.take(GivePassword()) for _ in range(4)), return_exceptions=True)
        response = stage.card.shows(stage.visit.challenge, PIN)
        await asyncio.gather(
            *(show.take(Answer(response)) for _ in range(8)), return_exceptions=True
        )
        with pytest.raises(NotThere):
            await show.press("7", True)  # the card lies beside the screen

    counted = play(story).today()
    assert (counted["visitors"], counted["logins"]) == (1, 1)


def test_nothing_of_another_verifiers_environment_comes_in(
    tmp_path: Path, play: Callable[[Story], Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALLNG_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("CHALLNG_MASTER_KEY", "no key at all")
    monkeypatch.setenv("CHALLNG_LOOK_AHEAD", "0")

    async def story(stage: Stage) -> None:
        stage.card.counter = 99  # ninety-nine visitors have walked away
        await stage.comes_in()

    play(story)
