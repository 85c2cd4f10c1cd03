"""A login in that API's words: which type a device is, how it is asked, and what a person reads.

| device | type | client_mode |
|---|---|---|
| card | ocra | interactive |
| mobile key | push and ocra, in one transaction | poll and interactive |
| code card, printed or online | indexedsecret | interactive |
| code by SMS | sms | interactive |
| temporary code | pw | interactive |
"""

from __future__ import annotations

from collections.abc import Mapping

from ..factors.kinds import DeviceKind
from ..login.offers import Offered

INTERACTIVE, POLL = "interactive", "poll"
PUSH = "push"
TYPES = {
    DeviceKind.NONE: "userstore",
    DeviceKind.CARD: "ocra",
    DeviceKind.MOBILE_KEY: "push",
    DeviceKind.CODE_CARD: "indexedsecret",
    DeviceKind.ONLINE_CODE_CARD: "indexedsecret",
    DeviceKind.SMS_CODE: "sms",
    DeviceKind.TEMPORARY_CODE: "pw",
}


def challenges(asked: Offered) -> list[dict[str, object]]:
    """Return `detail.multi_challenge`: a way to answer each, all of one transaction."""
    return [
        {
            "attributes": attributes,
            "client_mode": POLL if kind == PUSH else INTERACTIVE,
            "image": "",
            "message": message,
            "serial": asked.factor.serial,
            "transaction_id": asked.login_id,
            "type": kind,
        }
        for kind, message, attributes in _ways(asked)
    ]


def detail(asked: Offered) -> dict[str, object]:
    """Return the `detail` of an answer that asks."""
    ways = challenges(asked)
    messages = [str(each["message"]) for each in ways]
    first = ways[0]
    return {
        "attributes": first["attributes"],
        "client_mode": first["client_mode"],
        "image": "",
        "message": " ".join(messages),
        "messages": messages,
        "multi_challenge": ways,
        "preferred_client_mode": first["client_mode"],
        "serial": asked.factor.serial,
        "transaction_id": asked.login_id,
        "transaction_ids": [asked.login_id for _ in ways],
        "type": first["type"],
    }


def _ways(asked: Offered) -> list[tuple[str, str, Mapping[str, object] | None]]:
    prompt, serial = asked.prompt, asked.factor.serial
    kind = TYPES[asked.factor.kind]
    challenge = {"challenge": prompt.get("challenge")}
    if asked.factor.kind is DeviceKind.MOBILE_KEY:
        typed = (
            TYPES[DeviceKind.CARD],
            f"Or type the challenge {prompt['challenge']} on the phone, and its passcode here:",
            challenge,
        )
        if not prompt.get("push"):
            text = f"Type the challenge {prompt['challenge']} on the phone {serial}, and its "
            return [(TYPES[DeviceKind.CARD], f"{text}passcode here:", challenge)]
        number = f"Approve this login on the phone {serial} and choose {prompt['number']} there."
        return [(kind, number, None), typed]
    if asked.factor.kind is DeviceKind.CARD:
        text = f"Type the challenge {prompt['challenge']} on the card {serial}, and its response "
        return [(kind, f"{text}here:", challenge)]
    if asked.factor.kind is DeviceKind.SMS_CODE:
        return [(kind, f"Type the 6 digits of the SMS to {prompt['sms']} here:", None)]
    if asked.factor.kind is DeviceKind.TEMPORARY_CODE:
        return [(kind, "Type the temporary code of the support desk here:", None)]
    indexes = prompt["indexes"]
    assert isinstance(indexes, list | tuple)  # noqa: S101 - a code card's two
    pair = " and ".join(map(str, indexes))
    text = f"Type the values of {pair} on the code card {serial} here, without a space:"
    return [(kind, text, {"indexes": list(indexes)})]
