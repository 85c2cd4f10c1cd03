"""Whole uses of the card, as key scripts: fingers on simulated contacts, text off the glass."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.errors import ScriptError
from device.keystore import FileKeyStore
from device.play import commands_of, play
from device.script import parse as script
from device.settings import Settings
from device.settings import parse as settings_of
from device.simulated import SimulatedCard
from protocol.ocra import DEFAULT_SUITE, response
from tests.device.conftest import KEY, card_key

SCRIPTS = Path(__file__).parent / "scripts"
Power = Callable[..., SimulatedCard]


def do(card: SimulatedCard, text: str) -> str:
    out = io.StringIO()
    play(card, script(text.replace("; ", "\n").splitlines(), "test"), out)
    return out.getvalue()


def expected(counter: int, pin: str = "7305", question: str = "248690") -> str:
    digits = response(DEFAULT_SUITE, KEY, question=question, counter=counter, pin=pin)
    return f"{digits[:4]} {digits[4:]}"


LOGIN = "press; 7305; ok; 248690; ok; show"


@pytest.mark.parametrize("name", sorted(path.name for path in SCRIPTS.glob("*.txt")))
def test_script(name: str, card: SimulatedCard) -> None:
    play(card, commands_of(SCRIPTS / name), io.StringIO())


@pytest.mark.parametrize("name", sorted(path.name for path in SCRIPTS.glob("*.txt")))
def test_script_on_a_flat_glass_turned_over(name: str, store: FileKeyStore, powered: Power) -> None:
    flat = settings_of({"display": {"size": "128x32", "rotate": 180}}, "test")
    play(powered(store, flat), commands_of(SCRIPTS / name), io.StringIO())


def test_script_on_an_sh1106_and_a_press_button_to_the_supply(
    store: FileKeyStore, powered: Power
) -> None:
    other = settings_of({"display": {"driver": "sh1106"}, "press": {"active_low": False}}, "test")
    play(powered(store, other), commands_of(SCRIPTS / "login.txt"), io.StringIO())


def test_each_login_shows_the_response_of_the_next_counter(card: SimulatedCard) -> None:
    shown = [do(card, LOGIN + "; off").strip() for _ in range(3)]
    assert shown == [expected(0), expected(1), expected(2)]


def test_the_counter_is_kept_while_the_power_is_off(store: FileKeyStore, powered: Power) -> None:
    assert do(powered(store), LOGIN).strip() == expected(0)
    assert do(powered(FileKeyStore(store.directory)), LOGIN).strip() == expected(1)


def test_a_wrong_pin_gives_an_ordinary_response(card: SimulatedCard) -> None:
    shown = do(card, "press; 9999; ok; 248690; ok; show").strip()
    assert shown == expected(0, pin="9999")
    assert shown != expected(0)


def test_show_prints_the_lines_on_the_glass(card: SimulatedCard) -> None:
    assert do(card, "show; press; 73; show") == "(dark)\nPIN>\n**_\n"


def test_two_verifiers_on_one_card(store: FileKeyStore, powered: Power) -> None:
    suite = "OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1"
    store.add("C", card_key(suite=suite, key=b"c" * 20, counter=5))
    card = powered(store)
    do(card, "press; expect SLOT A; C; expect SLOT C; 7305; ok; 12345678; ok")
    digits = response(suite, b"c" * 20, question="12345678", counter=5, pin="7305")
    do(card, f"expect {digits[:3]} {digits[3:]}; expect SLOT C")
    assert (store.load("A").counter, store.load("C").counter) == (0, 6)
    # The next press offers the first slot again.
    do(card, "press; expect SLOT A")


def test_an_empty_store_shows_its_code(tmp_path: Path, powered: Power) -> None:
    (tmp_path / "empty").mkdir()
    assert do(powered(FileKeyStore(tmp_path / "empty")), "press; show") == "E01\nNO KEY LOADED\n"


def test_a_damaged_store_shows_its_code(store: FileKeyStore, powered: Power) -> None:
    (store.directory / "slot-A").write_bytes(b"junk")
    do(powered(store), "press; expect E02; ok; expect (dark)")


def test_a_lost_sealing_key_shows_its_code(store: FileKeyStore, powered: Power) -> None:
    (store.directory / "host.key").unlink()
    do(powered(store), "press; expect E04; clear; expect (dark)")


def test_a_suite_that_the_card_cannot_compute_shows_its_code(
    store: FileKeyStore, powered: Power
) -> None:
    store.add("A", card_key(suite="OCRA-1:HOTP-SHA1-6:QA08-T1M", key=b"t" * 20), replace=True)
    do(powered(store), "press; expect E07; wait 30; expect (dark)")


def test_an_expectation_that_fails_says_what_was_there(card: SimulatedCard) -> None:
    with pytest.raises(ScriptError, match=r"^test:3: expected 'CHALLNG>' on the glass, got 'PIN>"):
        do(card, "press; 73; expect CHALLNG>")


def test_a_key_that_the_pad_has_not_is_refused(store: FileKeyStore, powered: Power) -> None:
    pad = {"columns": [12, 16, 20], "keys": ["123", "456", "789", "*0#"]}
    card = powered(store, settings_of({"keypad": pad}, "test"))
    do(card, "press; 7305; ok; expect CHALLNG>")
    with pytest.raises(ScriptError, match="a key that the pad has, got B"):
        do(card, "B")


def test_a_shot_is_a_picture_of_the_glass(card: SimulatedCard, tmp_path: Path) -> None:
    from PIL import Image

    do(card, f"press; shot {tmp_path}/glass.png")
    with Image.open(tmp_path / "glass.png") as image:
        assert image.size == (512, 256)
        lit = max(image.convert("L").getcolors() or [], key=lambda color: color[1])
        assert lit[0] == 16 * sum(row.count("#") for row in card.picture().rows())


def test_a_shot_that_cannot_be_written_says_so(card: SimulatedCard, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="No such file"):
        do(card, f"shot {tmp_path}/none/glass.png")


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    pin=st.text("0123456789", min_size=4, max_size=4),
    question=st.integers(100_000, 999_999).map(str),
)
def test_any_pin_and_challenge_are_answered_as_the_verifier_computes_it(
    pin: str, question: str, card: SimulatedCard, store: FileKeyStore
) -> None:
    counter = store.load("A").counter
    shown = do(card, f"press; {pin}; ok; {question}; ok; show").strip()
    assert shown == expected(counter, pin, question)


def test_the_settings_decide_how_long_a_hold_is(store: FileKeyStore, powered: Power) -> None:
    slow: Settings = settings_of(
        {"press": {"open_seconds": 2, "blank_seconds": 2.1, "halt_seconds": 2.2}}, "test"
    )
    do(powered(store, slow), "press; expect PIN>; off; expect (dark)")
