"""What each notice says: a subject and a few sentences, in the language of whoever gets it.

No text holds a link: whoever is used to following one out of a mail follows a thief's too. Values
come as they stand in the outbox: a day or a moment in ISO 8601 is written as the language does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from .. import language
from ..factors.kinds import DeviceKind
from ..words import N_
from .outbox import Notice

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_KINDS = {kind.value: kind for kind in DeviceKind}
_NOT_YOU = N_("Was it not you? Call the support desk at once, by the number that you know.")


@dataclass(frozen=True)
class Text:
    """A subject and a body with `%(name)s` places; `alarm` adds what to do if it was not you."""

    subject: str
    body: str
    alarm: bool = False


@dataclass(frozen=True)
class Message:
    """A notice as it is sent."""

    subject: str
    body: str


TEXTS: dict[Notice, Text] = {
    Notice.CARD_ORDERED: Text(
        N_("Your card is ordered"),
        N_("A card was ordered for you. We expect to ship it on %(ships_by)s."),
        alarm=True,
    ),
    Notice.ORDER_CANCELLED: Text(
        N_("The order of your card was cancelled"),
        N_(
            "The support desk has cancelled the order of your card, and its deposit is free. Call "
            "the desk if you do not know why."
        ),
    ),
    Notice.CARD_SHIPPED: Text(
        N_("Your card is on its way"),
        N_(
            "Your card %(serial)s was shipped. When it arrives, log in and activate it. If you do "
            "not, it activates by itself on %(activates_on)s."
        ),
    ),
    Notice.CARD_ACTIVATES_SOON: Text(
        N_("Your card will soon activate by itself"),
        N_(
            "Your card %(serial)s activates by itself on %(activates_on)s. Activate it by hand "
            "before that, so that logging in is never interrupted. If it has not arrived, call the "
            "support desk."
        ),
    ),
    Notice.CARD_ACTIVATES_NOW: Text(
        N_("Your card is about to activate by itself"),
        N_(
            "Your card %(serial)s activates by itself on %(activates_on)s. From then on you log in "
            "with it. If it has not arrived, call the support desk today."
        ),
    ),
    Notice.DEVICE_ACTIVATED: Text(
        N_("A device was activated"),
        N_("The device %(serial)s was activated. From now on you can log in with it."),
        alarm=True,
    ),
    Notice.DEVICE_LOCKED: Text(
        N_("A device is locked"),
        N_(
            "The device %(serial)s had too many wrong answers and is locked. Only the support desk "
            "can unlock it."
        ),
        alarm=True,
    ),
    Notice.DEVICE_SUSPENDED: Text(
        N_("A device is suspended"),
        N_(
            "The device %(serial)s was reported lost, stolen or broken, and opens nothing any more."
        ),
        alarm=True,
    ),
    Notice.DEVICE_ENDED: Text(
        N_("A device is over"),
        N_("The support desk has ended the device %(serial)s: it opens nothing any more."),
        alarm=True,
    ),
    Notice.MOBILE_KEY_COPIED: Text(
        N_("Your mobile key is suspended"),
        N_(
            "The mobile key %(serial)s was used in a way that shows that there may be a copy of "
            "it, and opens nothing any more. Call the support desk, by the number that you know."
        ),
    ),
    Notice.LOGIN_DENIED: Text(
        N_("You denied a login"),
        N_(
            "A login with your user name and password, from %(address)s, was denied on your phone. "
            "If you did not begin it yourself, somebody knows your password: call the support desk "
            "at once, by the number that you know."
        ),
    ),
    Notice.DEVICE_REACTIVATED: Text(
        N_("A device was reactivated"),
        N_("The device %(serial)s was reactivated, and temporary devices have ended."),
        alarm=True,
    ),
    Notice.TEMPORARY_CODE_ISSUED: Text(
        N_("A temporary code was issued"),
        N_(
            "The support desk has issued a temporary code for you. It ends on %(until)s. We never "
            "ask you for it."
        ),
        alarm=True,
    ),
    Notice.ONLINE_CODE_CARD_MADE: Text(
        N_("An online code card was made"),
        N_("An online code card was made for you, to be printed and activated."),
        alarm=True,
    ),
    Notice.PIN_CHANGED: Text(
        N_("A PIN was changed"),
        N_("The PIN of the card %(serial)s was changed."),
        alarm=True,
    ),
    Notice.SHARE_ASKED: Text(
        N_("Sharing a device was asked for"),
        N_("Somebody asked to use the device %(serial)s under another user name."),
        alarm=True,
    ),
    Notice.SHARE_DECIDED: Text(
        N_("Sharing a device was decided"),
        N_("It was decided about sharing the device %(serial)s: log in to see how."),
    ),
    Notice.SHARE_CANCELLED: Text(
        N_("Sharing a device has ended"),
        N_("The device %(serial)s is shared no more."),
        alarm=True,
    ),
    Notice.OPTED_OUT: Text(
        N_("Logging in without a device"),
        N_(
            "From now on no device is needed to log in to your account, and the account has "
            "restrictions. You can change that at any time."
        ),
        alarm=True,
    ),
    Notice.OPTED_IN: Text(
        N_("Logging in with a device"),
        N_("From now on a device is always needed to log in to your account."),
    ),
    Notice.RETURN_RECEIVED: Text(
        N_("Your card came back"),
        N_("We have received the card %(serial)s, and its deposit is released."),
    ),
    Notice.DEPOSIT_RELEASED: Text(
        N_("A deposit is released"),
        N_("The deposit of %(usd)s USD for the card %(serial)s is released."),
    ),
    Notice.DEPOSIT_KEPT: Text(
        N_("A card was charged"),
        N_(
            "%(usd)s USD were taken for the card %(serial)s, which was lost, stolen, damaged on "
            "purpose or not returned. If that is not right, call the support desk."
        ),
    ),
    Notice.MOBILE_KEY_ADDED: Text(
        N_("A mobile key was added"),
        N_(
            "The phone %(phone)s was registered as your mobile key %(serial)s. From now on you can "
            "log in with it."
        ),
        alarm=True,
    ),
    Notice.MOBILE_KEY_MOVED: Text(
        N_("Your mobile key was moved"),
        N_(
            "The phone %(phone)s was registered as your mobile key %(serial)s. The mobile key "
            "%(before)s that you had before has ended."
        ),
        alarm=True,
    ),
    Notice.MOBILE_KEY_DEACTIVATED: Text(
        N_("A mobile key was deactivated"),
        N_("The mobile key %(serial)s was deactivated, and opens nothing any more."),
        alarm=True,
    ),
    Notice.ACCOUNT_CLOSED: Text(
        N_("Your account is closed"),
        N_("Your account is closed. You can still log in to see and print its documents."),
    ),
}


def made(notice: Notice, values: Mapping[str, str], locale: str | None) -> Message:
    """Return a notice as it is sent to somebody of this language; raises KeyError."""
    text = TEXTS[notice]
    with language.speaking(locale):
        filled = {name: _shown(value) for name, value in values.items()}
        paragraphs = [language.gettext(text.body) % filled]
        if text.alarm:
            paragraphs.append(language.gettext(_NOT_YOU))
        return Message(language.gettext(text.subject), "\n\n".join(paragraphs))


def _shown(value: str) -> str:
    if _DAY.fullmatch(value):
        return language.day(date.fromisoformat(value))
    if _MOMENT.fullmatch(value):
        return language.moment(datetime.fromisoformat(value))
    kind = _KINDS.get(value)
    return language.gettext(kind.words) if kind else value
