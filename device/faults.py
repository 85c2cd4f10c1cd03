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

    PAIRING_TIME = (
        "E12",
        "PAIRING TIMED OUT",
        "Nothing came over the cable, or nobody agreed to the number, in time; nothing was stored: "
        "begin again, and have the computer ready.",
    )
    CABLE_CUT = (
        "E13",
        "CABLE CUT",
        "The computer closed its end or the cable was pulled; nothing was stored: plug it in and "
        "begin again.",
    )
    PAIRING_STOPPED = (
        "E14",
        "COMPUTER STOPPED",
        "Pairing was ended on the computer; nothing was stored: read there why.",
    )
    PAIRING_REFUSED = (
        "E15",
        "OFFER REFUSED",
        "The slot is taken and was not to be replaced, or the card has another serial or cannot "
        "use the suite; nothing was stored: the computer says which.",
    )
    PAIRING_VERSION = (
        "E16",
        "OTHER VERSION",
        "Card and computer speak no common version of pairing; nothing was stored: bring the older "
        "one up to date.",
    )
    PAIRING_GARBLED = (
        "E17",
        "CABLE GARBLED",
        "What came over the cable was no message of pairing, or not the next one; nothing was "
        "stored: look whether it is the right port, and whether another program uses it.",
    )
    PAIRING_DIFFERS = (
        "E18",
        "NUMBERS DIFFER",
        "Card and computer did not agree on the same key, so somebody may sit between them; "
        "nothing was stored: use another cable and another port.",
    )
    NO_PORT = (
        "E19",
        "NO CABLE PORT",
        "The port for pairing cannot be opened: look at `cable.port` in card.toml, at the USB "
        "gadget's set-up and at the log.",
    )
    KEY_NOT_SAVED = (
        "E20",
        "KEY NOT SAVED",
        "The new key could not be written to the store: look at the disk's space and health and "
        "at the owner of its directory, then begin again.",
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
