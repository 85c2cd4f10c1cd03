"""What can go wrong while provisioning; no secret in any text."""


class ProvisioningError(Exception):
    """Root of every error that this package raises on purpose."""


class NotLoaded(ProvisioningError):
    """The card surely does not hold the new key."""


class LoadUncertain(ProvisioningError):
    """Nobody can know whether the card holds the new key; the text says what to do."""


class SecretRefused(ProvisioningError, ValueError):
    """A passphrase, PIN, token or key that cannot be read, or is none."""


class OutputRefused(ProvisioningError, OSError):
    """The key file cannot be written or read where it was asked for."""


class NoSuchSlot(ProvisioningError, LookupError):
    """There is no such slot, or it must be said which one is meant."""


class ImageRefused(ProvisioningError, OSError):
    """A directory that is no mounted card, or in which no store can be."""


class RollsRefused(ProvisioningError, ValueError):
    """Rolls of dice that cannot be asked for."""


class NotConfirmed(ProvisioningError):
    """What destroys a key was not confirmed."""


class NoSlotFree(ProvisioningError, LookupError):
    """It does not go without saying which slot is meant."""


class PortRefused(ProvisioningError, OSError):
    """There is no such serial port, or it is not ours to open."""


class CableCut(ProvisioningError, ConnectionError):
    """The card's end of the cable is gone."""


class NoAnswer(ProvisioningError, TimeoutError):
    """The card, or the person at the computer, took too long."""


class NotSettled(ProvisioningError):
    """Whether the card has the key is as open as before, and its record as it was."""

    def __init__(self, why: str) -> None:
        super().__init__(f"nothing was changed: {why}")


class VerifierUnreachable(ProvisioningError, ConnectionError):
    """No answer from the verifier, or from no verifier; what was asked may have happened."""


class VerifierRefused(ProvisioningError):
    """The verifier refused, with a sentence of its own; `name` is the problem's."""

    def __init__(self, sentence: str, name: str = "") -> None:
        super().__init__(sentence)
        self.name = name


class UrlRefused(ProvisioningError, ValueError):
    """An address that secrets must not be sent to."""
