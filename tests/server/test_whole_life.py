"""The whole life of two user names of one person, in any order of events, against a small model.

What is refused changes nothing; what is done is what the model says; no device is ever in a state
that its table does not lead to; and the books balance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from server.lifecycle.order_rows import Reason

from .life_desk import AtTheDesk
from .life_devices import HOURS, PINS, WithDevices
from .life_hands import NAMES, Hands
from .life_model import CODE_CARD, ONLINE
from .life_orders import WithOrders

LIVES, STEPS = 30, 80


class WholeLife(AtTheDesk, WithDevices, WithOrders):
    """Does to a verifier what people and time do, and to the model what should come of it."""


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hands]:
    with start_blocking_portal() as portal:
        made = Hands(tmp_path_factory.mktemp("life"), portal)
        yield made
        made.verifier.close()


def told_dice(dice: Random) -> dict[str, Any]:
    """What a rule is given, by name."""
    return {
        "pick": dice.randrange(12),
        "device": dice.randrange(12),
        "sure": dice.randrange(12),
        "name": dice.choice(NAMES),
        "hours": dice.choice(HOURS),
        "kind": dice.choice((CODE_CARD, ONLINE)),
        "pin": dice.choice(PINS),
    }


EVERYTHING = {
    *("logs in", "locks a device", "suspend", "end the PIN", "unlock"),
    *("issues a temporary code", "takes a card back", "closes the account", "is given a card"),
    *("makes a code_card", "makes a online_code_card", "activates a device"),
    *("reactivates a device", "changes a PIN", "chooses a PIN", "opts out", "opts in"),
    *(f"orders: {reason}" for reason in Reason),
    *(
        "reports a card lost in the post",
        "makes a card",
        "ships a card",
        "cancels an order",
        "shares a device",
        "cancels a share",
    ),
}


def test_in_the_same_lives_over_again_everything_is_done(hands: Hands) -> None:
    """Dice with a known seed take each rule that can be followed as often as any other."""
    told: Counter[tuple[str, bool]] = Counter()
    dice = Random(5)
    for _ in range(LIVES):
        life = WholeLife(hands, told)
        for _ in range(STEPS):
            can = [each for each in life.rules if all(ask(life) for ask in each.preconditions)]
            found = dice.choice(can)
            given = told_dice(dice)
            found.function(life, **{name: given[name] for name in found.arguments})
            for always in life.invariants:
                always.function(life)
        life.teardown()
    for what in sorted(EVERYTHING):
        print(f"{what:32} done {told[what, True]:4}, refused {told[what, False]:4}")
    assert {what for what, done in told if done} == EVERYTHING


def test_no_other_life_leads_elsewhere(hands: Hands) -> None:
    """Other ones each time; where the model is not followed, the shortest that shows it."""
    run_state_machine_as_test(
        lambda: WholeLife(hands, Counter()),
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
