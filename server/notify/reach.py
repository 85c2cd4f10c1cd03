"""Reaching a phone at once: an SMS, or a notification in the app.

Nothing waits for it: what is handed in here after a transaction leaves from a few threads of its
own, with time-outs. What fails is logged without numbers and addresses, and not tried again; the
person asks for it once more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import structlog

from ..clock import Clock
from ..crypto import secrets_table
from ..crypto.secrets_table import Secrets
from ..settings import Settings
from .webpush import Gone, NotPushed, Subscription, send

_THREADS = 4
_WAITING = 256
_log = structlog.get_logger()


class Reach:
    """Sends from a small pool of threads, which is closed with the verifier."""

    def __init__(self, settings: Settings, secrets: Secrets, clock: Clock) -> None:
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="reach")
        self._room = threading.BoundedSemaphore(_WAITING)

    def sms(self, number: str, text: str) -> bool:
        """Send an SMS to a number (`+44...`); False where no SMS can leave from here."""
        if self._settings.sms_url is None:
            return False
        url = self._settings.sms_url.get_secret_value().replace("{phone}", quote(number, safe=""))

        def work() -> None:
            from .services import hand_over  # Apprise loads slowly

            if not hand_over("sms", url, "", text):
                _log.warning("sms.failed")

        return self._hand_in("sms", work)

    def push(
        self,
        subscription: Subscription,
        payload: Mapping[str, object],
        seconds: int,
        gone: Callable[[], None],
    ) -> bool:
        """Send a notification that is of use for `seconds`.

        `gone` is called, in another thread, when the push service knows the phone no more.
        """

        def work() -> None:
            key = self._secrets.get(secrets_table.VAPID)
            try:
                send(self._settings, self._clock, key, subscription, payload, seconds)
            except Gone:
                gone()
            except NotPushed as failure:
                _log.warning("push.failed", failure=str(failure))

        return self._hand_in("push", work)

    def close(self) -> None:
        """Wait for what is being sent, and drop what still waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hand_in(self, what: str, work: Callable[[], None]) -> bool:
        if not self._room.acquire(blocking=False):
            _log.warning("reach.full", what=what)
            return False

        def guarded() -> None:
            try:
                work()
            except Exception as failure:  # nobody waits for it: it can only be told
                _log.warning("reach.failed", what=what, failure=type(failure).__name__)

        self._pool.submit(guarded).add_done_callback(lambda _done: self._room.release())
        return True
