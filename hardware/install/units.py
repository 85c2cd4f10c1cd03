"""The card as a service: its units, the rule for its port, and whether it runs."""

from pathlib import Path

from hardware.install.places import RULES, UNITS
from hardware.install.steps import run, succeeds, write
from hardware.locked import ROOT

CARD = "challng-card.service"
NAMES = (CARD, "challng-halt.path", "challng-halt.service")
ENABLED = (CARD, "challng-halt.path")
_SOURCES = ROOT / "systemd"


def install() -> None:
    """Write units and rule, and enable what starts by itself."""
    new = [write(UNITS / name, (_SOURCES / name).read_text()) for name in NAMES]
    if write(RULES, (_SOURCES / "challng-card.rules").read_text()):
        succeeds("udevadm", "control", "--reload")
    if any(new) and is_running():
        run("systemctl", "daemon-reload")
    for name in ENABLED:
        if not succeeds("systemctl", "is-enabled", name):
            run("systemctl", "enable", "--quiet", name)


def start() -> None:
    """Let the card run, where there is a system to run it."""
    if is_running():
        # A card that does not come up, for want of a display perhaps, tries again by itself.
        run("systemctl", "start", "--no-block", *ENABLED)


def stop() -> None:
    """Let it stop; nothing happens where it does not run."""
    if is_running():
        succeeds("systemctl", "stop", *ENABLED)


def remove() -> None:
    """Stop and remove all of it."""
    stop()
    for name in ENABLED:
        if (UNITS / name).exists():
            run("systemctl", "disable", "--quiet", name)
    for path in (*(UNITS / name for name in NAMES), RULES):
        path.unlink(missing_ok=True)
    if is_running():
        run("systemctl", "daemon-reload")
        succeeds("systemctl", "reset-failed", *ENABLED)
    succeeds("udevadm", "control", "--reload")


def is_running() -> bool:
    """Whether systemd runs here, and not only its files lie here."""
    return Path("/run/systemd/system").is_dir()
