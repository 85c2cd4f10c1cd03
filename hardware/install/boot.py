"""The display's bus: switched on, at 400 kHz, now and at every start."""

from pathlib import Path

from hardware.install.marked import with_lines, without_lines
from hardware.install.places import CONFIG, MODULES
from hardware.install.steps import InstallError, succeeds, write

#: For every board, whatever section of the file came before.
LINES = ["[all]", "dtparam=i2c_arm=on", "dtparam=i2c_arm_baudrate=400000"]
BUS = Path("/dev/i2c-1")


def install() -> bool:
    """Write our lines; whether they are new, and the computer has to be started again for them."""
    if not CONFIG.is_file():
        raise InstallError(
            f"there is no {CONFIG}: this is made for Raspberry Pi OS, Bookworm or Trixie"
        )
    # Its own line ends are kept: somebody may have written it on another system.
    text = CONFIG.read_bytes().decode(errors="surrogateescape")
    wanted = with_lines(text, LINES)
    if wanted != text:
        CONFIG.write_bytes(wanted.encode(errors="surrogateescape"))
    write(MODULES, "i2c-dev\n")
    return wanted != text


def begin() -> bool:
    """Switch the bus on without a new start, where this system can; whether it is there."""
    succeeds("dtparam", "i2c_arm=on", "i2c_arm_baudrate=400000")
    succeeds("modprobe", "i2c-dev")
    return BUS.exists()


def remove() -> None:
    """Take our lines out again."""
    MODULES.unlink(missing_ok=True)
    if CONFIG.is_file():
        text = CONFIG.read_bytes().decode(errors="surrogateescape")
        kept = without_lines(text)
        if kept != text:
            CONFIG.write_bytes(kept.encode(errors="surrogateescape"))
