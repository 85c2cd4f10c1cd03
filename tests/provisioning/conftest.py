"""Commands of the verifier do not import everything anew each time."""

from tests.warm import warm

__all__ = ["warm"]
