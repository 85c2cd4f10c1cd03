"""A finger on a simulated card stays until the card has felt it, however late that is."""

from device.fingers import Fingers
from device.settings import parse
from drivers.sim.world import SimWorld

LATE = 3.0


class Slow:
    """A card that looks at its contacts at certain moments only."""

    def __init__(self, *looks: float) -> None:
        self._looks = looks
        self.world = SimWorld(parse({}, "test").board)
        clock = self.world.clock
        self.fingers = Fingers(
            self.world,
            clock.now,
            lambda span, action: clock.at(clock.now() + span, action),
            self.felt,
        )

    def felt(self, key: str, moment: float) -> bool:
        return any(moment <= look <= self.world.clock.now() for look in self._looks)

    def down_at(self, moment: float) -> frozenset[str]:
        self.world.clock.advance_to(moment)
        return self.fingers.closed


def test_a_key_stays_down_until_the_card_looks() -> None:
    card = Slow(LATE)
    card.fingers.type("7")
    assert card.down_at(LATE - 0.01) == {"7"}
    assert card.down_at(LATE + 0.05) == frozenset()


def test_the_next_key_waits_until_the_card_has_felt_that_the_last_is_up() -> None:
    card = Slow(0.03, LATE, 2 * LATE)
    card.fingers.type("7")
    card.fingers.type("7")
    assert card.down_at(0.05) == {"7"}
    assert card.down_at(LATE - 0.01) == frozenset()
    assert card.down_at(LATE + 0.05) == {"7"}
    assert card.down_at(2 * LATE + 0.05) == frozenset()


def test_a_key_that_is_opened_twice_is_lifted_once() -> None:
    card = Slow(0.5, 1.0, 1.5)
    card.fingers.close("7")
    card.fingers.open("7")
    card.fingers.open("7")
    assert card.down_at(0.6) == frozenset()
    card.fingers.close("7")
    assert card.down_at(1.6) == {"7"}
