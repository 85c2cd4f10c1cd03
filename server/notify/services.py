"""One message handed to one service of Apprise, right now."""

from __future__ import annotations

import logging

import apprise
import structlog

_log = structlog.get_logger()
_ASSET = apprise.AppriseAsset(app_id="Challng", app_desc="", app_url="")
# Its own lines name addresses and hosts; what failed is told below, without them.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


def hand_over(name: str, url: str, subject: str, body: str) -> bool:
    """Hand a text to the service at an Apprise URL; False where it was not taken.

    `name` says in the log which way it was, without telling where to.
    """
    service = apprise.Apprise(asset=_ASSET)
    try:
        if not service.add(url):
            return False
        return bool(service.notify(title=subject, body=body, body_format=apprise.NotifyFormat.TEXT))
    except Exception as failure:  # a service's own; it must not stop the others
        _log.warning("notice.failed", target=name, failure=type(failure).__name__)
        return False
