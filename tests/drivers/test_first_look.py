"""One look at one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers import first_look
from drivers.first_look import line_closed
from drivers.lines import INPUT, PULL_DOWN, PULL_UP


@pytest.mark.parametrize(
    ("active_low", "level", "closed"),
    [(True, False, True), (True, True, False), (False, True, True), (False, False, False)],
)
def test_one_look_says_whether_the_contact_is_closed_and_gives_the_line_back(
    monkeypatch: pytest.MonkeyPatch, active_low: bool, level: bool, closed: bool
) -> None:
    done: list[object] = []

    class FakeLine:
        def __init__(self, chip: Path, offset: int) -> None:
            done.append((chip, offset))

        def become(self, flags: int) -> None:
            done.append(flags)

        def read(self) -> bool:
            return level

        def close(self) -> None:
            done.append("closed")

    chip = Path("/dev/gpiochip3")
    monkeypatch.setattr(first_look, "header_chip", lambda _: chip)
    monkeypatch.setattr(first_look, "Line", FakeLine)
    assert line_closed(26, active_low) is closed
    assert done == [(chip, 26), INPUT | (PULL_UP if active_low else PULL_DOWN), "closed"]


def test_a_machine_without_the_headers_chip_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        line_closed(26, True, tmp_path)
