"""Who is asking: the address that password failures are counted against."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from starlette.requests import Request


def address(request: Request, trusted_proxies: Collection[str]) -> str:
    """Return the client's address; `X-Forwarded-For` counts as far as trusted proxies wrote it."""
    peer = request.client.host if request.client else "unknown"
    if peer not in trusted_proxies:
        return peer
    for text in reversed(request.headers.get("x-forwarded-for", "").split(",")):
        try:
            hop = str(ipaddress.ip_address(text.strip()))
        except ValueError:
            break
        peer = hop
        if hop not in trusted_proxies:
            break
    return peer
