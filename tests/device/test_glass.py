"""The glass over time: bright, dimmed, off, and no pixel that every screen wears."""

import io
from collections.abc import Callable

import pytest

from device.keystore import FileKeyStore
from device.layout import STANDS
from device.play import play
from device.reading import read
from device.script import parse as script
from device.settings import parse as settings_of
from device.simulated import SimulatedCard
from drivers.frame import Frame
from tests.device.test_card import EVERY_GLASS, SETTINGS

BRIGHT, DIM = 0xCF, 0x08


def do(card: SimulatedCard, text: str) -> None:
    play(card, script(text.replace("; ", "\n").splitlines(), "test"), io.StringIO())


def test_it_dims_after_ten_seconds_and_goes_off_after_thirty(card: SimulatedCard) -> None:
    do(card, "press; 73")
    assert card.world.glass.contrast == BRIGHT
    card.run(9.5)
    assert card.world.glass.contrast == BRIGHT
    card.run(1)
    assert (card.world.glass.contrast, card.lines()) == (DIM, ["PIN>", "**_"])
    card.run(19)
    assert card.lines() == ["PIN>", "**_"]
    card.run(1)
    assert not card.world.glass.on


def test_a_key_brightens_it_even_one_that_is_ignored(card: SimulatedCard) -> None:
    do(card, "press; 7305; wait 11")
    for key in "9A":
        card.run(11)
        assert card.world.glass.contrast == DIM
        do(card, key)
        assert (card.world.glass.contrast, card.lines()) == (BRIGHT, ["PIN>", "****"])


def test_a_dimmed_response_can_still_be_read(card: SimulatedCard) -> None:
    do(card, "press; 7305; ok; 248690; ok; wait 59")
    assert (card.world.glass.contrast, card.lines()) == (DIM, ["3201 7761"])
    do(card, "wait 2")
    assert card.lines() == []


def test_a_card_that_went_off_dimmed_comes_up_bright(card: SimulatedCard) -> None:
    do(card, "press; wait 31")
    assert not card.world.glass.on
    lit_with: list[int] = []
    write = card.world.controller.write

    def watched(payload: bytes) -> None:
        write(payload)
        if card.world.glass.on:
            lit_with.append(card.world.glass.contrast)

    card.world.controller.write = watched  # type: ignore[method-assign]
    do(card, "press")
    assert set(lit_with) == {BRIGHT}


def test_contrasts_and_times_are_settings(
    store: FileKeyStore, powered: Callable[..., SimulatedCard]
) -> None:
    display = {"contrast": 90, "dim_contrast": 30, "dim_seconds": 3}
    card = powered(store, settings_of({"display": display}, "test"))
    do(card, "press")
    assert card.world.glass.contrast == 90
    card.run(3)
    assert card.world.glass.contrast == 30


def test_dimming_never_brightens(
    store: FileKeyStore, powered: Callable[..., SimulatedCard]
) -> None:
    card = powered(store, settings_of({"display": {"contrast": 5}}, "test"))
    do(card, "press; wait 11")
    assert card.world.glass.contrast == 5


@pytest.mark.parametrize("settings", EVERY_GLASS, ids=lambda one: repr(one.board.display)[15:-1])
def test_each_time_it_is_switched_on_the_picture_stands_elsewhere(
    store: FileKeyStore, powered: Callable[..., SimulatedCard], settings: object
) -> None:
    card = powered(store, settings)
    pictures: list[Frame] = []
    for _ in range(2 * len(STANDS)):
        do(card, "press; 73; expect PIN>")
        assert card.lines() == ["PIN>", "**_"]
        pictures.append(card.picture())
        do(card, "off")
    assert [pictures[0].moved_left(by) for by in STANDS] * 2 == pictures


def test_nothing_leaves_the_glass_at_any_stand(card: SimulatedCard) -> None:
    do(card, "press; 7305; ok; 248690")
    whole = sum(byte.bit_count() for byte in card.picture().data)
    for _ in STANDS:
        do(card, "off; press; 7305; ok; 248690")
        assert sum(byte.bit_count() for byte in card.picture().data) == whole


def test_the_same_stand_does_not_change_while_the_card_is_on(card: SimulatedCard) -> None:
    do(card, "press; off; press")
    assert card.picture().moved_left(0) != card.picture().moved_left(1)
    left = min(x for x in range(128) for y in range(64) if card.picture().pixel(x, y))
    do(card, "7305; ok; 248690")
    assert min(x for x in range(128) for y in range(64) if card.picture().pixel(x, y)) == left


def test_a_moved_picture_is_read_like_any_other(card: SimulatedCard) -> None:
    do(card, "press; 7305; ok; 3")
    for by in STANDS:
        assert read(card.picture().moved_left(by)) == ["CHALLNG>", "3_"]
    assert SETTINGS.board.display.width == card.picture().width
