"""What is left after a cut, held against what was acknowledged before it."""

import random
from pathlib import Path

from device.errors import StoreError
from device.keystore import FileKeyStore
from tests.powercut import machine
from tests.powercut.work import STORE, Contents, Work, key


def faults(work: Work, folder: Path, cuts: int) -> list[str]:
    """Cut the power `cuts` times; returns what was wrong afterwards, each with its cut's number."""
    found = []
    for number in range(cuts):
        dice = random.Random(number)
        image = folder / "left"
        moment = work.recording.cut(image, dice)
        wrong = _wrong(work, image, folder / "after", moment)
        if wrong is not None:
            found.append(f"cut {number}, at byte {moment} of the log: {wrong}")
    return found


def _wrong(work: Work, image: Path, directory: Path, moment: int) -> str | None:
    """What is wrong with one image; None when everything is as it may be."""
    try:
        with machine.mounted(image, directory) as top:
            return _judge(work, FileKeyStore(top / STORE), moment)
    except StoreError as error:
        return f"unreadable store: {error}"
    except machine.Unmountable as error:
        return f"unreadable file system: {error}"


def _judge(work: Work, store: FileKeyStore, moment: int) -> str | None:
    done = [step for step in work.steps if step.end <= moment]
    under_way = [step for step in work.steps if step.begin <= moment < step.end]
    before: Contents = done[-1].contents if done else {}
    allowed = [before, *(step.contents for step in under_way)]
    found = {slot: store.load(slot) for slot in store.slots()}
    if found not in allowed:
        for slot, card in before.items():
            if slot not in found or all(found[slot].key != one[slot].key for one in allowed):
                return f"lost key: slot {slot}"
            if found[slot].counter < card.counter:
                return f"reused counter: slot {slot}, {found[slot].counter} after {card.counter}"
        return "the store holds what nobody put there"
    used = {step.given for step in done}
    for slot, card in found.items():
        counter = store.advance(slot)
        if (slot, card.key, counter) in used:
            return f"reused counter: slot {slot}, {counter}"
    store.add("A", key(99), replace=True)  # and it can still be written
    return None
