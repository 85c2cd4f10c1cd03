"""Where the app lives: the origin and the relying party that every signature is bound to."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..settings import Settings


def origin(settings: Settings) -> str:
    """Return the origin of the pages, such as `https://login.example.com`."""
    parts = urlsplit(settings.public_url or "")
    return f"{parts.scheme}://{parts.netloc}"


def rp_id(settings: Settings) -> str:
    """Return WebAuthn's relying party id: the host of the pages."""
    return urlsplit(settings.public_url or "").hostname or ""
