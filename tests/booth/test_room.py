"""What a booth has in memory goes with it, and with the next one where it was killed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from server.booth.card_record import keep, real
from server.booth.room import place, room
from server.errors import BoothRefused


def test_a_room_is_its_owners_alone_and_gone_at_the_end(tmp_path: Path) -> None:
    with room(tmp_path) as folder:
        (folder / "now").mkdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_when_the_booth_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with room(tmp_path):
            raise BoothRefused("no card")

    with pytest.raises(BoothRefused):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_booth_left_is_removed_and_one_that_runs_is_left_alone(
    tmp_path: Path,
) -> None:
    killed = tmp_path / "challng-booth-killed"
    (killed / "now").mkdir(parents=True)
    (killed / "lock").touch()
    (killed / "now" / "challng.db").write_text("a visitor")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (tmp_path / "challng-booth-link").symlink_to(elsewhere)
    (tmp_path / "another").mkdir()
    with room(tmp_path) as first:
        assert not killed.exists()
        with room(tmp_path) as second:
            assert first.exists()
            assert second != first
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ["another", "challng-booth-link", "elsewhere"]
    assert (elsewhere / "lock").exists()


def test_rooms_lie_in_memory(tmp_path: Path) -> None:
    assert place({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path
    without = place({"XDG_RUNTIME_DIR": str(tmp_path / "none")})
    assert without == (Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else without)


def test_a_real_cards_counter_is_a_number_in_a_file(tmp_path: Path) -> None:
    counter = tmp_path / "record.counter"
    keep(counter, 41)
    keep(counter, 42)
    assert counter.read_text() == "42\n"
    assert [each.name for each in tmp_path.iterdir()] == ["record.counter"]


def test_a_record_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BoothRefused, match="cannot be read"):
        real(tmp_path / "none", "secret", tmp_path / "none.counter")
