"""`python3 -B -m hardware.install`: make this Raspberry Pi a card; `--remove` ends that.

Run twice it changes nothing the second time. Exit codes: 0 done, 1 it cannot be done, 2 usage.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from hardware.install import account, boot, packages, software, units
from hardware.install.places import RECORD, SETTINGS, SOFTWARE, STORE
from hardware.install.steps import InstallError, write
from hardware.locked import NotLocked
from hardware.settings import HALT_REQUEST, card_toml

RELEASES = ("bookworm", "trixie")
#: The self-test's codes for a display that is not there.
NO_DISPLAY = {"S01", "S04"}
AGAIN = f"sudo systemctl stop challng-card && sudo {SOFTWARE}/bin/challng-card selftest"


def main() -> int:
    """Do what is asked; errors are one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python3 -m hardware.install", description=__doc__)
    parser.add_argument("--remove", action="store_true", help="remove the card from this computer")
    parser.add_argument("--purge", action="store_true", help="with --remove: its keys too")
    options = parser.parse_args()
    if options.purge and not options.remove:
        parser.error("--purge goes with --remove")
    try:
        if os.geteuid() != 0:
            raise InstallError("this changes the system: run it as root, with sudo")
        if options.remove:
            remove(purge=options.purge)
        else:
            check()
            install()
    except (InstallError, NotLocked, OSError) as error:
        print(f"install-card: {error}", file=sys.stderr)
        return 1
    return 0


def check() -> None:
    """Raises InstallError where a card cannot be."""
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)$", release, re.MULTILINE)
    if found is None or found[1] not in RELEASES:
        name = found[1] if found else "something else"
        raise InstallError(
            f"this is {name}; a card runs on Raspberry Pi OS {' and '.join(RELEASES)}: install one "
            "of them, or flash the image of `make image`"
        )
    if sys.maxsize < 2**32:
        raise InstallError(
            "this is a 32-bit system, for which the card's packages are not made: install the "
            "64-bit Raspberry Pi OS"
        )


def install() -> None:
    """Everything, in its order; what is there already is left as it is."""
    record = _record()
    _add(record, "packages", packages.install())
    _add(record, "groups", account.install())
    if software.is_new():
        print(f"Installing the card's software in {SOFTWARE}.", flush=True)
        units.stop()
        software.install()
    restart = boot.install()
    if not SETTINGS.exists():
        write(SETTINGS, card_toml(halt_request=HALT_REQUEST))
        record["settings"] = [card_toml(halt_request=HALT_REQUEST)]
    write(RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n", 0o600)
    units.install()
    bus = boot.begin()
    units.stop()
    codes = self_test()
    units.start()
    print("The card is installed and starts by itself.")
    if restart and not bus:
        print(f"The display's bus begins with the next start: `sudo reboot`, then `{AGAIN}`.")
    elif codes & NO_DISPLAY:
        print(f"There is no display: look at its wires (docs/card.md), then `{AGAIN}`.")
    elif codes - {"E01"}:
        print(f"The self-test found something, see above: mend it, then `{AGAIN}`.")
    if not any(STORE.glob("slot-*")):
        print(f"Load a key: `sudo {SOFTWARE}/bin/challng-provision new --store {STORE} --out ...`.")


def self_test() -> set[str]:
    """Run the self-test for whoever sits here; the codes of what it found."""
    command = (SOFTWARE / "bin/challng-card", "selftest")
    found: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as test:  # noqa: S603
        assert test.stdout is not None  # noqa: S101 - it is a pipe
        for line in test.stdout:
            print(line, end="", flush=True)
            if code := re.match(r"([ES]\d\d) ", line):
                found.add(code[1])
    return found


def remove(*, purge: bool) -> None:
    """Everything back, in the opposite order; keys and changed settings only when asked for."""
    record = _record()
    units.remove()
    boot.remove()
    software.remove()
    if purge:
        if account.erase_store():
            print("The keys are erased; have their card records revoked at the verifier.")
    elif account.keep_store():
        print(f"The keys stay in {STORE}, for root alone: PURGE=1 removes them.")
    account.remove(record.get("groups", []))
    settings = SETTINGS.read_text() if SETTINGS.is_file() else None
    if settings is not None and not purge and [settings] != record.get("settings"):
        print(f"Your settings stay in {SETTINGS}: PURGE=1 removes them.")
    else:
        SETTINGS.unlink(missing_ok=True)
    RECORD.unlink(missing_ok=True)
    if RECORD.parent.is_dir() and not any(RECORD.parent.iterdir()):
        RECORD.parent.rmdir()
    packages.remove(record.get("packages", []))
    print("The card is removed from this computer; a restart ends what is left of its bus.")


def _record() -> dict[str, list[str]]:
    if not RECORD.is_file():
        return {}
    found: dict[str, list[str]] = json.loads(RECORD.read_text())
    return found


def _add(record: dict[str, list[str]], name: str, more: list[str]) -> None:
    if more:
        record[name] = sorted({*record.get(name, []), *more})
        # At once: what a later step fails over must still be removable.
        write(RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n", 0o600)


if __name__ == "__main__":
    sys.exit(main())
