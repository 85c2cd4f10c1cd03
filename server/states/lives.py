"""All lives, for whoever draws or checks every one of them."""

from __future__ import annotations

from .device import DEVICE
from .order import ORDER
from .registration import REGISTRATION
from .returned import RETURN
from .share import SHARE

MACHINES = (DEVICE, ORDER, SHARE, RETURN, REGISTRATION)
