"""What can go wrong with the card's parts.

A message says what was expected, what came, and what to do.
"""


class DriverError(Exception):
    """Root of every error that `drivers` raises."""


class SettingError(DriverError, ValueError):
    """A setting of the board that cannot work: a pin used twice, a size no display has."""


class MissingLibrary(DriverError, ImportError):
    """A library for the real pins is not installed."""


class LibraryConflict(DriverError, RuntimeError):
    """Installed pin libraries that cannot stand together, or not on this board."""


class PinError(DriverError, OSError):
    """The processor's pins cannot be opened or used."""


class DisplayError(DriverError, OSError):
    """The display does not answer, or not as it should."""


class BatteryError(DriverError, OSError):
    """The fuel gauge does not answer, or not sensibly."""


class NoFallback(DriverError, RuntimeError):
    """`auto` failed on a Raspberry Pi, where a simulated card is never what was meant."""


class CableError(DriverError, OSError):
    """The port of the pairing cable cannot be opened."""


class CableCut(CableError, ConnectionError):
    """The other end of the cable is gone, in the midst of it."""
