"""The supervising process looks after its workers: do they answer? Only then is systemd told so."""

from __future__ import annotations

import contextlib
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable

from .sdnotify import Notifier

_POLL_SECONDS = 0.05
_TIMEOUT = 5.0
#: Questions per worker and look: which worker takes one is the kernel's choice.
_QUESTIONS = 2


class Supervision(threading.Thread):
    """Waits until the workers are ready, then feeds the watchdog as long as all of them answer.

    `url` is where they listen; `ready` is called once, before systemd is told.
    """

    def __init__(
        self, url: str, workers: int, notifier: Notifier, ready: Callable[[], None]
    ) -> None:
        super().__init__(name="supervision", daemon=True)
        # Wildcard addresses are asked where they listen.
        self._url = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        self._workers = workers
        self._notifier = notifier
        self._ready = ready
        self._ended = threading.Event()
        self._direct = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_any_certificate())
        )

    def end(self) -> None:
        """Look no more: the workers are being ended."""
        self._ended.set()

    def run(self) -> None:
        """Wait, tell, and keep looking."""
        while not self._fetch("/readyz", _TIMEOUT):
            if self._ended.wait(_POLL_SECONDS):
                return
        self._ready()
        self._notifier.ready()
        interval = self._notifier.interval
        while interval is not None and not self._ended.is_set():
            if self.all_answer(interval):
                self._notifier.alive()
            self._ended.wait(interval)

    def all_answer(self, seconds: float) -> bool:
        """Whether each of a round of questions is answered, each within `seconds`."""
        return all(self._fetch("/healthz", seconds) for _ in range(_QUESTIONS * self._workers))

    def _fetch(self, path: str, seconds: float) -> bool:
        with contextlib.suppress(urllib.error.URLError, OSError):
            self._direct.open(self._url + path, timeout=seconds).close()
            return True
        return False


def _any_certificate() -> ssl.SSLContext:
    """Only whether something answers is asked, at an address of this machine, and nothing is told:
    a certificate that has run out, or is for another name, is not a worker that hangs.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
