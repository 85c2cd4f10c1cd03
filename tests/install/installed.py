"""A card out of a plain system, and back: `make test-install` (root, systemd-nspawn, mmdebstrap).

Named so that `make test` leaves it out. The machines are Debian's, as Raspberry Pi OS's own archive
is not needed for anything that the installation asks for.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from hardware.install.marked import BEGIN_JOINED, END
from tests.install.machine import CONFIG, RELEASES, boot

_MISSING = [name for name in ("systemd-nspawn", "mmdebstrap") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.skipif(
        bool(_MISSING),
        reason=f"not installed: {_MISSING}; apt-get install systemd-container mmdebstrap",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="a machine is booted by root alone"),
]


@pytest.fixture(scope="module", params=RELEASES)
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """One machine, from before the installation to after its end."""
    return boot(request.param, tmp_path_factory.mktemp(request.param))


def differing(one: dict[str, Any], other: dict[str, Any], *, times: bool) -> dict[str, Any]:
    """Names of what differs, with what each side has."""
    fields = slice(None) if times else slice(4)
    return {
        name: (one.get(name), other.get(name))
        for name in {*one, *other}
        if one.get(name, [])[fields] != other.get(name, [])[fields]
    }


def test_it_ends_well_with_a_card_that_starts_by_itself(seen: dict[str, Any]) -> None:
    assert (seen["first"]["exit"], seen["first"]["wrong"]) == (0, "")
    assert seen["enabled"] == "enabled\n"
    assert "The card is installed and starts by itself." in seen["first"]["said"]


def test_the_card_s_user_opens_pins_and_bus_and_nothing_else(seen: dict[str, Any]) -> None:
    groups = seen["user"].split("groups=")[1]
    assert {part.split("(")[1].rstrip(")\n") for part in groups.split(",")} == {
        *("challng", "gpio", "i2c")
    }


def test_the_software_runs_from_its_own_place(seen: dict[str, Any]) -> None:
    assert seen["info"].startswith("challng-card 0.")
    assert "card on" not in seen["first"]["wrong"]


def test_the_self_test_runs_at_the_end_and_says_that_there_is_no_display(
    seen: dict[str, Any],
) -> None:
    assert "S01 there is no I2C bus /dev/i2c-1" in seen["first"]["said"]
    assert "The display's bus begins with the next start" in seen["first"]["said"]
    assert "There is no display: look at its wires" in seen["second"]["said"]


def test_the_bus_is_switched_on_at_400_khz_between_two_marks(seen: dict[str, Any]) -> None:
    lines = ["[all]", "dtparam=i2c_arm=on", "dtparam=i2c_arm_baudrate=400000"]
    assert seen["config"] == "\n".join([CONFIG, BEGIN_JOINED, *lines, END, ""])


def test_a_second_time_changes_no_file(seen: dict[str, Any]) -> None:
    assert seen["second"]["exit"] == 0
    assert differing(seen["installed"], seen["again"], times=True) == {}


def test_the_end_leaves_the_keys_to_root_and_says_where(seen: dict[str, Any]) -> None:
    assert "The keys stay in /var/lib/challng, for root alone" in seen["kept"]["said"]
    assert seen["store"]["/var/lib/challng"] == ["0o40700", 0]
    assert {owner for _, owner in seen["store"].values()} == {0}
    assert "/var/lib/challng/slot-A" in seen["store"]


def test_a_card_that_comes_back_has_its_keys(seen: dict[str, Any]) -> None:
    assert seen["back"]["exit"] == 0
    assert "slot A:" in seen["info again"]


def test_the_end_with_the_keys_leaves_every_file_as_it_was(seen: dict[str, Any]) -> None:
    assert (seen["purged"]["exit"], seen["purged"]["wrong"]) == (0, "")
    assert differing(seen["before"], seen["after"], times=False) == {}
