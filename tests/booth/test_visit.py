"""A visit, step by step, in told time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booth.counters import Counters
from server.booth.visit import (
    AFTER_THE_END,
    SILENCE,
    WARNED,
    Answer,
    AskAnswer,
    Asked,
    AskPassword,
    Begin,
    Count,
    Darken,
    Effect,
    Event,
    GivePassword,
    Judged,
    Leave,
    Reset,
    Scene,
    Steal,
    Tick,
    Touch,
    Verdict,
    Visit,
    step,
)
from server.errors import IllegalMove

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHALLENGE, RESPONSE = "483920", "12345678"
ASKED = Asked("L1", CHALLENGE)


def after(*events: Event, visit: Visit | None = None) -> tuple[Visit, list[Effect]]:
    """Let these happen, all at noon."""
    now, effects = visit or Visit(NOON), []
    for event in events:
        now, more = step(now, event, NOON)
        effects += more
    return now, effects


def at_challenge() -> Visit:
    return after(Begin(), GivePassword(), ASKED)[0]


def let_in() -> Visit:
    return after(Judged(RESPONSE, Verdict.ACCEPTED), visit=at_challenge())[0]


def outside() -> Visit:
    return after(Steal(), GivePassword(), Asked("L2", "111222"), visit=let_in())[0]


def test_from_the_first_touch_to_being_let_in() -> None:
    visit, effects = after(Begin())
    assert (visit.scene, effects) == (Scene.PASSWORD, [Count.VISITORS])
    visit, effects = after(GivePassword(), visit=visit)
    assert (visit.scene, effects) == (Scene.PASSWORD, [AskPassword()])  # the verifier decides
    visit, _ = after(ASKED, visit=visit)
    assert (visit.scene, visit.challenge) == (Scene.CHALLENGE, CHALLENGE)
    visit, effects = after(Answer(RESPONSE), visit=visit)
    assert (visit.scene, effects) == (Scene.CHALLENGE, [AskAnswer("L1", RESPONSE)])
    visit, effects = after(Judged(RESPONSE, Verdict.ACCEPTED), visit=visit)
    assert (visit.scene, visit.response, effects) == (Scene.IN, RESPONSE, [Count.LOGINS])


def test_a_wrong_response_is_told_with_what_is_left_and_the_last_ends_the_login() -> None:
    visit = at_challenge()
    for left in (2, 1):
        visit, effects = after(Judged("0" * 8, Verdict.WRONG, left), visit=visit)
        assert (visit.scene, visit.left, effects) == (Scene.CHALLENGE, left, [])
    visit, _ = after(Judged("0" * 8, Verdict.WRONG, 0), visit=visit)
    assert visit.scene is Scene.OVER
    assert not visit.has_card


def test_a_malformed_response_leaves_the_tries_as_they_are() -> None:
    visit, _ = after(Judged("12", Verdict.MALFORMED), visit=at_challenge())
    assert (visit.scene, visit.left) == (Scene.CHALLENGE, None)
    assert [each.verdict for each in visit.tried] == [Verdict.MALFORMED]


def test_an_expired_challenge_ends_the_login() -> None:
    assert after(Judged("0" * 8, Verdict.OVER), visit=at_challenge())[0].scene is Scene.OVER


def test_the_thief_has_the_password_and_no_card() -> None:
    visit, effects = after(Steal(), visit=let_in())
    assert visit.scene is Scene.STOLEN
    assert effects == [Count.THEFTS, Darken()]
    assert not visit.has_card
    visit, effects = after(GivePassword(), Asked("L2", "111222"), visit=visit)
    assert (visit.scene, effects) == (Scene.OUTSIDE, [AskPassword()])
    assert visit.response == RESPONSE  # which he has seen
    for left in (2, 1, 0):
        assert not visit.has_card
        visit, effects = after(Judged(RESPONSE, Verdict.WRONG, left), visit=visit)
        assert effects == [Count.REFUSED]
    assert (visit.scene, len(visit.tried)) == (Scene.KEPT_OUT, 3)


def test_a_thief_may_begin_at_once_and_is_a_visitor_too() -> None:
    visit, effects = after(Begin(stolen=True))
    assert (visit.scene, visit.response) == (Scene.STOLEN, "")
    assert effects == [Count.VISITORS, Count.THEFTS, Darken()]


def test_a_thief_who_is_let_in_all_the_same_is_counted_as_that() -> None:
    visit, effects = after(Judged("00000001", Verdict.ACCEPTED), visit=outside())
    assert (visit.scene, effects) == (Scene.IN, [Count.BREAK_INS])


@pytest.mark.parametrize("scene", [each for each in Scene if each is not Scene.ATTRACT])
def test_sixty_seconds_of_silence_end_a_visit_and_twenty_after_its_end(scene: Scene) -> None:
    visit = replace(at_challenge(), scene=scene, response=RESPONSE)
    limit = AFTER_THE_END if scene in {Scene.KEPT_OUT, Scene.OVER} else SILENCE
    assert timedelta(seconds=60) == SILENCE
    for early in (timedelta(0), limit - timedelta(milliseconds=1)):
        assert step(visit, Tick(), NOON + early) == (visit, ())
    assert step(visit, Tick(), NOON + limit) == (Visit(NOON + limit), (Reset(),))


def test_a_touch_begins_the_silence_anew_and_a_tick_does_not() -> None:
    visit = at_challenge()
    later = NOON + SILENCE - timedelta(seconds=1)
    assert step(visit, Tick(), later)[0].touched == NOON
    touched, _ = step(visit, Touch(), later)
    assert step(touched, Tick(), NOON + SILENCE)[0] == touched


def test_the_page_counts_the_last_seconds() -> None:
    visit = at_challenge()
    ends = NOON + SILENCE
    assert visit.seconds_left(ends - WARNED - timedelta(seconds=1)) is None
    assert visit.seconds_left(ends - WARNED) == 15
    assert visit.seconds_left(ends - timedelta(milliseconds=1)) == 1
    assert visit.seconds_left(ends) == 0
    assert Visit(NOON).seconds_left(ends) is None


def test_nobody_at_the_booth_is_no_visit_to_end() -> None:
    assert step(Visit(NOON), Tick(), NOON + timedelta(days=9)) == (Visit(NOON), ())


@pytest.mark.parametrize("scene", Scene)
def test_whoever_leaves_takes_everything_with_him(scene: Scene) -> None:
    visit = replace(outside(), scene=scene)
    assert step(visit, Leave(), NOON) == (Visit(NOON), (Reset(),))


@pytest.mark.parametrize(
    ("scene", "event"),
    [
        (Scene.ATTRACT, GivePassword()),
        (Scene.ATTRACT, Steal()),
        (Scene.ATTRACT, ASKED),
        (Scene.PASSWORD, Begin()),
        (Scene.PASSWORD, Answer(RESPONSE)),
        (Scene.PASSWORD, Judged(RESPONSE, Verdict.ACCEPTED)),
        (Scene.CHALLENGE, GivePassword()),
        (Scene.STOLEN, Judged(RESPONSE, Verdict.ACCEPTED)),
        (Scene.IN, Answer(RESPONSE)),
        (Scene.IN, Judged(RESPONSE, Verdict.ACCEPTED)),
        (Scene.OVER, Judged(RESPONSE, Verdict.ACCEPTED)),
        (Scene.KEPT_OUT, Judged(RESPONSE, Verdict.ACCEPTED)),
    ],
)
def test_what_belongs_to_another_scene_is_refused(scene: Scene, event: Event) -> None:
    with pytest.raises(IllegalMove):
        step(replace(outside(), scene=scene), event, NOON)


EVENTS = st.sampled_from(
    [
        Begin(),
        Begin(stolen=True),
        Steal(),
        GivePassword(),
        ASKED,
        Answer("1"),
        Judged("1", Verdict.WRONG, 2),
        Judged("1", Verdict.WRONG, 0),
        Judged("1", Verdict.MALFORMED),
        Judged("1", Verdict.OVER),
        Touch(),
        Tick(),
    ]
)


@given(st.lists(EVENTS, max_size=60))
def test_nobody_is_ever_in_whom_the_verifier_did_not_accept(events: list[Event]) -> None:
    visit = Visit(NOON)
    for event in events:
        try:
            visit, effects = step(visit, event, NOON)
        except IllegalMove:
            continue
        assert visit.scene is not Scene.IN
        assert not {Count.LOGINS, Count.BREAK_INS} & set(effects)
        assert len(visit.tried) <= 4


def test_the_counters_begin_anew_with_the_day_at_the_booth() -> None:
    taipei = ZoneInfo("Asia/Taipei")
    counters = Counters(lambda moment: moment.astimezone(taipei).date())
    evening = datetime(2026, 3, 1, 23, 59, tzinfo=taipei)
    counters.count(Count.VISITORS, evening)
    counters.count(Count.VISITORS, evening)
    assert counters.today(evening)["visitors"] == 2
    midnight = evening + timedelta(minutes=1)
    assert set(counters.today(midnight).values()) == {0}
    counters.count(Count.LOGINS, midnight)
    assert counters.today(midnight)["logins"] == 1
