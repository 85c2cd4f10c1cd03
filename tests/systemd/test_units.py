"""The units in systemd/: that systemd takes them, and how much they leave open."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted(
    path for path in (ROOT / "systemd").iterdir() if path.suffix in {".service", ".path", ".timer"}
)
# Exposure times ten; what runs as root for one command is held to the verifier's.
THRESHOLDS = {
    "challng-card.service": 5,
    "challng-server.service": 15,
    "challng-radius.service": 15,
    "challng-server-seal.service": 15,
    "challng-server-tick.service": 15,
    "challng-halt.service": 15,
}

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def values(unit: str, name: str) -> list[str]:
    text = (ROOT / "systemd" / unit).read_text()
    return re.findall(rf"^{name}=(.*)$", text, re.M)


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_every_unit(unit: Path, tmp_path: Path) -> None:
    for each in UNITS:
        # The software need not be installed to look at its units.
        text = re.sub(r"/opt/challng/bin/\S+", "/bin/true", each.read_text())
        (tmp_path / each.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", tmp_path / unit.name],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", THRESHOLDS)
def test_no_service_leaves_more_open_than_it_may(unit: str) -> None:
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=true", "--no-pager"),
            *(f"--threshold={THRESHOLDS[unit]}", ROOT / "systemd" / unit),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-400:]


def test_every_service_has_its_threshold() -> None:
    assert {unit.name for unit in UNITS if unit.suffix == ".service"} == set(THRESHOLDS)


def test_the_card_may_open_pins_i2c_and_the_gadgets_port_and_nothing_else() -> None:
    assert values("challng-card.service", "DevicePolicy") == ["closed"]
    allowed = values("challng-card.service", "DeviceAllow")
    assert allowed == ["char-gpiochip rw", "char-i2c rw", "char-ttyGS rw"]


def test_the_gadgets_port_belongs_to_the_cards_user_and_to_no_group_of_people() -> None:
    rule = (ROOT / "systemd" / "challng-card.rules").read_text()
    (user,) = values("challng-card.service", "User")
    assert f'KERNEL=="ttyGS[0-9]*", GROUP="{user}", MODE="0660"' in rule
    assert values("challng-card.service", "SupplementaryGroups") == []


def test_the_card_may_read_the_revision_of_its_board() -> None:
    # gpiozero reads it in /proc/device-tree or /proc/cpuinfo, and knows no pin without it.
    assert values("challng-card.service", "ProcSubset") == []


@pytest.mark.parametrize(
    "unit", ["challng-card.service", "challng-server.service", "challng-radius.service"]
)
def test_each_says_when_it_is_ready_and_is_watched(unit: str) -> None:
    assert values(unit, "Type") == ["notify"]
    assert values(unit, "Restart") == ["always"]
    (seconds,) = values(unit, "WatchdogSec")
    # Fed at half of it: at most one wake-up a second.
    assert int(seconds) >= 2


def test_radius_is_as_closed_as_the_verifier() -> None:
    def closed(unit: str) -> list[str]:
        text = (ROOT / "systemd" / unit).read_text().partition("User=")[2]
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert closed("challng-radius.service") == closed("challng-server.service")


def test_the_halt_is_asked_for_where_the_card_may_write() -> None:
    (asked,) = values("challng-halt.path", "PathExists")
    (directory,) = values("challng-card.service", "RuntimeDirectory")
    assert asked == f"/run/{directory}/halt"


def test_the_master_key_is_handed_over_under_the_name_that_the_verifier_looks_for() -> None:
    source = (ROOT / "server" / "crypto" / "keyring.py").read_text()
    units = [f"challng-server{each}.service" for each in ("", "-seal", "-tick")]
    for unit in [*units, "challng-radius.service"]:
        (credential,) = values(unit, "LoadCredential")
        assert f'"{credential.partition(":")[0]}"' in source
