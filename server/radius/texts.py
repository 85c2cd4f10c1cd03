"""What a person reads in a terminal or a VPN's window: English, ASCII, one attribute long.

PAM shows the text of an Access-Challenge as the prompt that is typed behind, so it ends with a
colon. Clients that show the first Reply-Message alone are many, so there is only one.
"""

from __future__ import annotations

from ..factors.interface import Prompt, shown
from ..factors.kinds import DeviceKind
from ..login.offers import Offered
from .codec import LONGEST_TEXT

NOT_APPROVED = "Not approved yet."
NO_PASSWORD = "There is no password in the request that can be checked: use PAP."  # noqa: S105
START_AGAIN = "This login is over. Start again with your user name and password."
NOT_LET_IN = "This login does not open what you asked for: it needs a device, such as a card."
SERVED = "The verifier answers."


def asked(offered: Offered, before: str = "") -> str:
    """Return what an Access-Challenge says; `before` is what was wrong with the last answer."""
    text = question(offered.factor.kind, offered.prompt)
    return _fitted(before, _others(offered, ""), text)


def told(offered: Offered, separator: str, before: str = "") -> str:
    """Return what a client is told that cannot be challenged: how the next request answers."""
    kind, prompt = offered.factor.kind, offered.prompt
    how = f"Then log in again with password{separator}{_ANSWERS[kind]}."
    if is_pushed(prompt):
        how = f"{how} Once it is approved the password alone will do."
    return _fitted(
        before, _others(offered, f"password{separator}"), f"{_sentence(kind, prompt)} {how}"
    )


def is_pushed(prompt: Prompt) -> bool:
    """Tell whether a phone was asked to approve."""
    return bool(prompt.get("push"))


def is_secret(kind: DeviceKind) -> bool:
    """Tell whether an answer may not be shown while it is typed: it stays good afterwards."""
    return kind is DeviceKind.TEMPORARY_CODE


_ANSWERS = {
    DeviceKind.CARD: "response",
    DeviceKind.MOBILE_KEY: "passcode",
    DeviceKind.CODE_CARD: "values",
    DeviceKind.ONLINE_CODE_CARD: "values",
    DeviceKind.TEMPORARY_CODE: "code",
    DeviceKind.SMS_CODE: "code",
}


def question(kind: DeviceKind, prompt: Prompt) -> str:
    """Return the sentence about a device, and the word that is typed behind."""
    return f"{_sentence(kind, prompt)} {_ANSWERS[kind].capitalize()}: "


def _sentence(kind: DeviceKind, prompt: Prompt) -> str:
    part = shown(prompt)
    if kind is DeviceKind.CARD:
        return f"Challenge {part['challenge']}: give it to your card after your PIN."
    if kind is DeviceKind.MOBILE_KEY and is_pushed(part):
        return (
            f"Choose {part['number']} on your phone, then press Enter here; or give it the "
            f"challenge {part['challenge']}."
        )
    if kind is DeviceKind.MOBILE_KEY:
        return f"Challenge {part['challenge']}: give it to your phone."
    if kind is DeviceKind.TEMPORARY_CODE:
        return "The desk has given you a temporary code."
    if kind is DeviceKind.SMS_CODE:
        digits = "".join(each for each in str(part["sms"]) if each.isdigit())
        late = "" if part.get("sent", True) else " some minutes ago"
        return f"A code went to your phone number ending in {digits[-2:]}{late}."
    indexes = part["indexes"]
    assert isinstance(indexes, list | tuple)  # noqa: S101 - as the code card asks
    return f"Code card: the values of {indexes[0]} and {indexes[1]}, no space between them."


def _fitted(before: str, others: str, text: str) -> str:
    """Put it together, with the other devices' names where they fit."""
    for parts in ((before, others, text), (before, text)):
        whole = _ascii(" ".join(each for each in parts if each))
        if len(whole) <= LONGEST_TEXT:
            return whole
    return _ascii(text)


def _others(offered: Offered, typed: str) -> str:
    names = [
        f"{typed}{each.id}"
        for each in offered.factors
        if each.id != offered.factor.id and not each.locked
    ]
    return f"(Another device: type {' or '.join(names)}.)" if names else ""


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def said(text: str) -> str:
    """Return a refusal's sentence as it fits into one attribute."""
    return _ascii(text)[:LONGEST_TEXT]
