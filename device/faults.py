"""The codes the card can show in place of digits, and what each one asks its owner to do."""

from enum import Enum

from device.errors import (
    CounterExhausted,
    CounterNotWritten,
    DeviceError,
    RecordRefused,
    SealingKeyMissing,
    SealingKeyWrong,
    SlotEmpty,
    StoreDamaged,
    StoreExposed,
    StoreUnreadable,
    StoreUnwritable,
    SuiteUnsuitable,
)


class Fault(Enum):
    """One member per code: the code, a few words for the glass, a sentence for the manual."""

    NO_KEY = (
        "E01",
        "NO KEY LOADED",
        "No key is loaded: load one with `challng-provision new`.",
    )
    STORE_DAMAGED = (
        "E02",
        "STORE DAMAGED",
        "The slot's file is not what was written: load a new key and have the old card record "
        "removed from the verifier.",
    )
    COUNTER_NOT_WRITTEN = (
        "E03",
        "COUNTER NOT SAVED",
        "The next counter could not be written, so no response is shown: look at the disk's "
        "space and health, then try again.",
    )
    SEALING_KEY = (
        "E04",
        "SEALING KEY WRONG",
        "The sealing key is missing or is not the one the store was written under: put it back, "
        "or start a new store.",
    )
    STUCK_KEY = (
        "E05",
        "KEY IS STUCK",
        "A key of the pad was held down when the card started; it is ignored until it opens.",
    )
    STUCK_PRESS = (
        "E06",
        "PRESS IS STUCK",
        "The press button was held down when the card started; it is ignored until it opens.",
    )
    SUITE = (
        "E07",
        "SUITE NOT FIT",
        "The key's suite asks for what the card has not (a clock, letters, a session), or leaves "
        "out its counter or PIN: load a key with another suite.",
    )
    STORE_UNREADABLE = (
        "E08",
        "STORE UNREADABLE",
        "The key store cannot be read by the card's user, or others may write it: look at the "
        "owner and the mode of its directory.",
    )
    COUNTER_EXHAUSTED = (
        "E09",
        "COUNTER AT END",
        "The counter has no next value: load a new key.",
    )
    DISPLAY = (
        "E10",
        "NO DISPLAY",
        "The display does not answer; this code stands in the log only: look at its wires and at "
        "the bus and address in card.toml.",
    )
    BATTERY = (
        "E11",
        "BATTERY EMPTY",
        "The battery is under its critical level: no login starts and no counter moves. The card "
        "halts when the glass goes dark, if it may: charge it.",
    )

    def __init__(self, code: str, words: str, sentence: str) -> None:
        self.code = code
        self.words = words
        self.sentence = sentence

    @classmethod
    def of(cls, error: DeviceError) -> "Fault":
        """The code that stands for `error` on the glass."""
        for kind, fault in _FAULT_OF.items():
            if isinstance(error, kind):
                return fault
        return cls.STORE_UNREADABLE


_FAULT_OF: dict[type[DeviceError], Fault] = {
    SlotEmpty: Fault.NO_KEY,
    StoreDamaged: Fault.STORE_DAMAGED,
    RecordRefused: Fault.STORE_DAMAGED,
    CounterNotWritten: Fault.COUNTER_NOT_WRITTEN,
    StoreUnwritable: Fault.COUNTER_NOT_WRITTEN,
    SealingKeyWrong: Fault.SEALING_KEY,
    SealingKeyMissing: Fault.SEALING_KEY,
    SuiteUnsuitable: Fault.SUITE,
    StoreUnreadable: Fault.STORE_UNREADABLE,
    StoreExposed: Fault.STORE_UNREADABLE,
    CounterExhausted: Fault.COUNTER_EXHAUSTED,
}
