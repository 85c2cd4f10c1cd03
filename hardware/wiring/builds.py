"""The three builds: their settings, read by the firmware's own reader, and their config.txt."""

import re
from dataclasses import dataclass
from pathlib import Path

from device.settings import Settings, load

HERE = Path(__file__).parent
# Where a bus of the chip itself comes out (BCM numbers of SDA and SCL).
_CHIP_BUSES = {1: (2, 3)}


@dataclass(frozen=True)
class Build:
    """One way to build a card."""

    name: str
    title: str
    words: str

    @property
    def settings_file(self) -> Path:
        """What goes to /etc/challng/card.toml."""
        return HERE / f"{self.name}.toml"

    @property
    def config_file(self) -> Path:
        """What goes into config.txt."""
        return HERE / f"{self.name}.config.txt"

    def settings(self) -> Settings:
        """The settings as the firmware understands them."""
        return load(self.settings_file)

    def config(self) -> tuple[str, ...]:
        """The lines of config.txt, comments left out."""
        lines = self.config_file.read_text().splitlines()
        return tuple(line for line in lines if line and not line.startswith("#"))

    def bus_pins(self, number: int) -> tuple[int, int]:
        """BCM numbers of SDA and SCL of an I2C bus, as config.txt switches it on."""
        lines = self.config()
        if number in _CHIP_BUSES and "dtparam=i2c_arm=on" in lines:
            return _CHIP_BUSES[number]
        for line in lines:
            found = dict(re.findall(r"(\w+)=(\d+)", line))
            if line.startswith("dtoverlay=i2c-gpio,") and found.get("bus") == str(number):
                return int(found["i2c_gpio_sda"]), int(found["i2c_gpio_scl"])
        raise ValueError(
            f"{self.config_file.name}: expected a line that switches I2C bus {number} on"
        )


BREADBOARD = Build("breadboard", "Breadboard", "A 4x4 membrane pad")
CARD = Build("card", "Card", "Thin lines are tracks of the board, thick ones wires")
BOOTH = Build("booth", "Booth", "Twelve big buttons")
BUILDS = (BREADBOARD, CARD, BOOTH)
