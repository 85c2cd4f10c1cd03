"""Rolls of real dice go into the key, and can never make it worse."""

import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.keystore import FileKeyStore
from provisioning import dice
from provisioning.cli import main
from provisioning.errors import RollsRefused


def constant(length: int) -> bytes:
    return bytes(range(length))


def hkdf(material: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-512, no salt, one block."""
    extracted = hmac.digest(bytes(64), material, "sha512")
    return hmac.digest(extracted, dice.LABEL + b"\1", "sha512")[:length]


@given(st.text("123456", max_size=80), st.sampled_from([20, 32, 64]))
def test_the_key_is_the_hkdf_of_both(rolls: str, length: int) -> None:
    assert dice.mixed(rolls, constant)(length) == hkdf(constant(64) + rolls.encode(), length)


def test_the_same_rolls_give_another_key_each_time() -> None:
    draw = dice.mixed("1" * 50)
    assert len({draw(32) for _ in range(20)}) == 20


def test_other_rolls_give_another_key() -> None:
    assert len({dice.mixed(rolls, constant)(32) for rolls in ("", "1", "11", "12", "21")}) == 5


def test_fifty_rolls_are_worth_128_bits_and_fewer_are_not() -> None:
    assert dice.worth(dice.ENOUGH) >= 128 > dice.worth(dice.ENOUGH - 1)


def asked(*lines: str) -> tuple[str, str]:
    """What is returned and what is said when these lines are typed."""
    typed = iter([*lines, ""])
    said: list[str] = []

    def hidden(prompt: str) -> str:
        said.append(prompt)
        return next(typed)

    return dice.ask(hidden, said.append), "\n".join(said)


def test_rolls_are_counted_and_their_worth_is_shown() -> None:
    rolls, said = asked("123456", "11 22 33", "4" * 38)
    assert rolls == "123456112233" + "4" * 38
    assert "50 are worth 128 bits" in said
    assert "6 rolls, worth 15 bits" in said
    assert "12 rolls, worth 31 bits" in said
    assert "50 rolls, worth 129 bits" in said
    assert "operating system's randomness is in the key" not in said


def test_wrong_characters_are_refused_and_nothing_is_lost() -> None:
    for wrong in ("7", "0", "12a", "1,2", "１", "123456 x"):
        rolls, said = asked("1234", wrong, "56")
        assert rolls == "123456"
        assert "The 4 rolls before it stand" in said


def test_few_rolls_are_taken_and_it_is_said_what_carries_the_key() -> None:
    for lines in ((), ("12",)):
        _, said = asked(*lines)
        assert "operating system's randomness is in the key" in said


def test_the_rolls_themselves_are_never_said() -> None:
    rolls, said = asked("3541266132", "6x41")
    assert rolls not in said
    assert "6x41" not in said


def test_without_a_terminal_no_rolls_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(RollsRefused, match="leave --dice out"):
        dice.ask()


def test_new_with_dice_uses_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["123456" * 9, ""])
    monkeypatch.setattr(dice, "getpass", lambda prompt: next(typed))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    drawn: list[bytes] = []

    def mixed(rolls: str) -> object:
        def draw(length: int) -> bytes:
            drawn.append(hkdf(constant(64) + rolls.encode(), length))
            return drawn[-1]

        return draw

    monkeypatch.setattr(dice, "mixed", mixed)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple")
    arguments = ["--store", str(tmp_path / "store"), "--out", str(tmp_path / "card.pskc")]
    assert main(["new", *arguments, "--passphrase-file", str(passphrase), "--dice"]) == 0
    assert FileKeyStore(tmp_path / "store").load("A").key == drawn[0]
    assert drawn == [hkdf(constant(64) + b"123456" * 9, 32)]
    assert "54 rolls, worth 139 bits" in capsys.readouterr().err
