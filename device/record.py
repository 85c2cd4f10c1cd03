"""One key on the card, with everything that belongs to it."""

from dataclasses import dataclass, field

from device.errors import RecordRefused

#: The slots, in the order of the pad's letters.
SLOTS = ("A", "B", "C", "D")
#: OCRA's counter is eight bytes (RFC 6287, section 5.1).
COUNTER_LIMIT = 2**64 - 1
_KEY_BYTES = range(16, 129)
_TEXT = range(1, 201)


@dataclass(frozen=True)
class CardKey:
    """A key and its record. `counter` is the one that the next response is computed with.

    Raises `RecordRefused` for a field that no store takes; the key's bytes stay out of every text.
    """

    serial: str
    suite: str
    key: bytes = field(repr=False)
    counter: int
    issuer: str

    def __post_init__(self) -> None:
        for name, value in (("serial", self.serial), ("suite", self.suite)):
            if not isinstance(value, str) or len(value) not in _TEXT or not value.isprintable():
                raise RecordRefused(
                    f"{name}: expected 1 to {_TEXT[-1]} printable characters, got {value!r:.60}"
                )
        if (
            not isinstance(self.issuer, str)
            or len(self.issuer) > _TEXT[-1]
            or not (self.issuer.isprintable())
        ):
            raise RecordRefused(
                f"issuer: expected at most {_TEXT[-1]} printable characters, "
                f"got {self.issuer!r:.60}"
            )
        if not isinstance(self.key, bytes) or len(self.key) not in _KEY_BYTES:
            raise RecordRefused(f"key: expected {_KEY_BYTES[0]} to {_KEY_BYTES[-1]} bytes")
        if (
            not isinstance(self.counter, int)
            or isinstance(self.counter, bool)
            or not 0 <= self.counter <= COUNTER_LIMIT
        ):
            raise RecordRefused(
                f"counter: expected a whole number from 0 to {COUNTER_LIMIT}, "
                f"got {self.counter!r:.60}"
            )
