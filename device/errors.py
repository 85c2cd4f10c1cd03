"""What can go wrong on the card: one root, leaves that refine a builtin; no secret in any text."""


class DeviceError(Exception):
    """Root of every error that the card raises on purpose."""


class StoreError(DeviceError):
    """Something about the key store."""


class SlotTaken(StoreError, FileExistsError):
    """A key lies in the slot already, and nobody asked to replace it."""


class SlotEmpty(StoreError, LookupError):
    """No key lies in the slot."""


class KeyLoadedElsewhere(StoreError, ValueError):
    """The same key lies in another slot: two counters for one key would give one response twice."""


class CounterWouldGoBack(StoreError, ValueError):
    """The same key was offered again with a counter that has been used."""


class CounterExhausted(StoreError, OverflowError):
    """The counter has no next value; the card needs a new key."""


class CounterNotWritten(StoreError, OSError):
    """The next counter could not be made durable, so no response may be shown."""


class StoreUnreadable(StoreError, OSError):
    """The store's files cannot be read at all."""


class StoreUnwritable(StoreError, OSError):
    """The store's files cannot be written."""


class StoreDamaged(StoreError, ValueError):
    """A file of the store is not what was written."""


class StoreExposed(StoreError, PermissionError):
    """Others on this machine may read the sealing key or write the store."""


class SealingKeyWrong(StoreError, ValueError):
    """The slot is whole, but it was sealed under another key than the one at hand."""


class SealingKeyMissing(StoreError, LookupError):
    """Slots are there, the key they were sealed under is not."""


class RecordRefused(StoreError, ValueError):
    """A key, serial, suite or counter that the store does not take."""


class SuiteUnsuitable(DeviceError, ValueError):
    """The key's suite asks for something that the card has not: a clock, letters, a session."""


class SettingsError(DeviceError, ValueError):
    """The settings file says something that the card cannot be."""


class ScriptError(DeviceError, ValueError):
    """A key script has a line that is no command."""


class HaltNotRequested(DeviceError, OSError):
    """The file that asks for a halt could not be written."""


class SocketRefused(DeviceError, OSError):
    """The socket of a simulated card cannot be made where it was asked for."""


class LineRefused(DeviceError, ValueError):
    """A line from the other end of a simulated card's socket is none that is taken."""
