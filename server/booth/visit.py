"""One visit, from the first touch to the next: a pure state machine that is told the time.

`step` takes what happened and returns the visit as it is then, and what is to be done: ask the
verifier, or begin anew. What the verifier says comes back as an event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ..errors import IllegalMove
from ..words import N_

SILENCE = timedelta(seconds=60)
"""Without a sign of the visitor for so long, the booth begins anew;"""
AFTER_THE_END = timedelta(seconds=20)
"""once there is nothing more to do, for so long."""
WARNED = timedelta(seconds=15)
"""How long before that the page says so."""

_REMEMBERED = 4
_TOO_LATE = N_("This was for a page that is gone: go on with what you see.")


class Scene(StrEnum):
    """What the page shows."""

    ATTRACT = "attract"
    PASSWORD = "password"  # noqa: S105 - a scene
    CHALLENGE = "challenge"
    IN = "in"
    OVER = "over"
    STOLEN = "stolen"
    OUTSIDE = "outside"
    KEPT_OUT = "kept-out"


class Count(StrEnum):
    """What is counted of a day."""

    VISITORS = "visitors"
    LOGINS = "logins"
    THEFTS = "thefts"
    REFUSED = "refused"
    BREAK_INS = "break_ins"


class Verdict(StrEnum):
    """What the verifier says about an answer."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    MALFORMED = "malformed"
    OVER = "over"


# --- what happens


@dataclass(frozen=True)
class Begin:
    """The visitor begins: with the card, or as a thief at once."""

    stolen: bool = False


@dataclass(frozen=True)
class Steal:
    """The visitor tries it as a thief."""


@dataclass(frozen=True)
class GivePassword:
    """The password that the page has filled in is sent."""


@dataclass(frozen=True)
class Asked:
    """The verifier took the password and asks."""

    login_id: str
    challenge: str


@dataclass(frozen=True)
class Answer:
    """A response is sent."""

    text: str


@dataclass(frozen=True)
class Judged:
    """The verifier has decided an answer; `left` tries remain."""

    text: str
    verdict: Verdict
    left: int = 0


@dataclass(frozen=True)
class Touch:
    """Somebody is there."""


@dataclass(frozen=True)
class Leave:
    """The visitor is done."""


@dataclass(frozen=True)
class Tick:
    """Time has gone by."""


Event = Begin | Steal | GivePassword | Asked | Answer | Judged | Touch | Leave | Tick


# --- what is to be done


@dataclass(frozen=True)
class AskPassword:
    """Give the verifier the password."""


@dataclass(frozen=True)
class AskAnswer:
    """Give the verifier an answer."""

    login_id: str
    text: str


@dataclass(frozen=True)
class Reset:
    """Forget the visitor: another verifier, a dark card."""


@dataclass(frozen=True)
class Darken:
    """The card goes back into its owner's pocket, dark."""


Effect = AskPassword | AskAnswer | Reset | Darken | Count


@dataclass(frozen=True)
class Tried:
    """An answer that was refused, and why."""

    text: str
    verdict: Verdict


@dataclass(frozen=True)
class Visit:
    """Where a visit stands; `touched` is the visitor's last sign of life."""

    touched: datetime
    scene: Scene = Scene.ATTRACT
    login_id: str = ""
    challenge: str = ""
    response: str = ""
    """The response that let the visitor in, which a thief may have seen."""
    tried: tuple[Tried, ...] = ()
    left: int | None = None
    """Tries that are left on this challenge, once one was wrong."""

    @property
    def is_thief(self) -> bool:
        """Whether the card is out of reach."""
        return self.scene in {Scene.STOLEN, Scene.OUTSIDE, Scene.KEPT_OUT}

    @property
    def has_card(self) -> bool:
        """Whether the keys of the card may be pressed."""
        return self.scene in {Scene.PASSWORD, Scene.CHALLENGE, Scene.IN}

    def ends(self) -> datetime | None:
        """Return when silence ends the visit; None while there is none."""
        if self.scene is Scene.ATTRACT:
            return None
        is_end = self.scene in {Scene.KEPT_OUT, Scene.OVER}
        return self.touched + (AFTER_THE_END if is_end else SILENCE)

    def seconds_left(self, now: datetime) -> int | None:
        """Return the seconds until silence ends the visit, once they are few."""
        ends = self.ends()
        if ends is None or ends - now > WARNED:
            return None
        return max(0, -int((now - ends).total_seconds() // 1))


def step(visit: Visit, event: Event, now: datetime) -> tuple[Visit, tuple[Effect, ...]]:
    """Return the visit after an event, and what is to be done; raises IllegalMove."""
    if isinstance(event, Tick):
        ends = visit.ends()
        return (visit, ()) if ends is None or now < ends else _gone(now)
    visit = replace(visit, touched=now)
    match event, visit.scene:
        case Touch(), _:
            return visit, ()
        case Leave(), _:
            return _gone(now)
        case Begin(stolen), Scene.ATTRACT:
            if stolen:
                return _stolen(visit, Count.VISITORS, Count.THEFTS)
            return replace(visit, scene=Scene.PASSWORD), (Count.VISITORS,)
        case Steal(), Scene.PASSWORD | Scene.IN | Scene.OVER:
            return _stolen(visit, Count.THEFTS)
        case GivePassword(), Scene.PASSWORD | Scene.STOLEN:
            return visit, (AskPassword(),)
        case Asked(login_id, challenge), Scene.PASSWORD | Scene.STOLEN:
            scene = Scene.OUTSIDE if visit.is_thief else Scene.CHALLENGE
            asked = replace(visit, scene=scene, login_id=login_id, challenge=challenge)
            return replace(asked, tried=(), left=None), ()
        case Answer(text), Scene.CHALLENGE | Scene.OUTSIDE:
            return visit, (AskAnswer(visit.login_id, text),)
        case Judged(), Scene.CHALLENGE | Scene.OUTSIDE:
            return _judged(visit, event)
    raise IllegalMove(_TOO_LATE)


def _gone(now: datetime) -> tuple[Visit, tuple[Effect, ...]]:
    return Visit(now), (Reset(),)


def _stolen(visit: Visit, *counts: Count) -> tuple[Visit, tuple[Effect, ...]]:
    begun = replace(visit, scene=Scene.STOLEN, login_id="", challenge="", tried=(), left=None)
    return begun, (*counts, Darken())


def _judged(visit: Visit, judged: Judged) -> tuple[Visit, tuple[Effect, ...]]:
    thief = visit.is_thief
    if judged.verdict is Verdict.ACCEPTED:
        # Whoever has a response has the card: a thief that is let in has not the password alone.
        let_in = replace(visit, scene=Scene.IN, response=judged.text, tried=(), left=None)
        return let_in, (Count.BREAK_INS if thief else Count.LOGINS,)
    tried = (*visit.tried, Tried(judged.text, judged.verdict))[-_REMEMBERED:]
    refused = replace(visit, tried=tried)
    if judged.verdict is Verdict.WRONG:
        refused = replace(refused, left=judged.left)
    if judged.verdict is Verdict.OVER or refused.left == 0:
        refused = replace(refused, scene=Scene.KEPT_OUT if thief else Scene.OVER)
    counted = (Count.REFUSED,) if thief and judged.verdict is not Verdict.OVER else ()
    return refused, counted
