"""The error tree of this package. No message ever holds a key, a PIN or a response."""


class ProtocolError(Exception):
    """Root of everything that this package raises on purpose."""


class OcraError(ProtocolError, ValueError):
    """A suite that RFC 6287 does not allow, or inputs that do not fit the suite."""


class SuiteUnsuitable(OcraError):
    """A suite of RFC 6287 that a card cannot do."""


class SerialError(ProtocolError, ValueError):
    """A text that is not a card's serial number."""


class PskcError(ProtocolError, ValueError):
    """A key file that cannot be read, or must not be trusted."""
