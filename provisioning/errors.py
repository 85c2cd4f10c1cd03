"""What can go wrong while provisioning; no secret in any text."""


class ProvisioningError(Exception):
    """Root of every error that this package raises on purpose."""


class PassphraseRefused(ProvisioningError, ValueError):
    """A passphrase that cannot be read, or is none."""


class OutputRefused(ProvisioningError, OSError):
    """The key file cannot be written where it was asked for."""
