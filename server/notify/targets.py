"""Where a user's notices go: mail, SMS, and further services, each as an Apprise URL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import quote

from ..accounts.people import Contact
from ..settings import Settings


@dataclass(frozen=True)
class Target:
    """One way to reach a user; `name` says which without telling where."""

    name: str
    url: str = field(repr=False)


def targets(contact: Contact, settings: Settings) -> tuple[Target, ...]:
    """Return every way to reach somebody that the settings open."""
    found = []
    if contact.mail and settings.mail_url:
        url = settings.mail_url.get_secret_value()
        found.append(Target("mail", url.replace("{mail}", quote(contact.mail, safe=""))))
    if contact.phone and settings.sms_url:
        url = settings.sms_url.get_secret_value()
        found.append(Target("sms", url.replace("{phone}", quote(contact.phone, safe=""))))
    for further in contact.targets:
        found.append(Target(hashlib.sha256(further.encode()).hexdigest()[:16], further))
    return tuple(found)
