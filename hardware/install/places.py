"""What the installation puts where."""

from pathlib import Path

SOFTWARE = Path("/opt/challng")
STORE = Path("/var/lib/challng")
SETTINGS = Path("/etc/challng/card.toml")
#: What was not there before, so that the end leaves it as it was.
RECORD = Path("/etc/challng/installed.json")
CONFIG = Path("/boot/firmware/config.txt")
MODULES = Path("/etc/modules-load.d/challng.conf")
RULES = Path("/etc/udev/rules.d/60-challng-card.rules")
USERS = Path("/usr/lib/sysusers.d/challng-card.conf")
UNITS = Path("/etc/systemd/system")
