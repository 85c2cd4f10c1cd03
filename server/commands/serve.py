"""`serve`: the workers, one line when they are ready, and a clean end."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import socket
from argparse import Namespace
from pathlib import Path
from types import FrameType

from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.server import Server

from .. import tls
from ..errors import SettingsRefused
from ..sdnotify import Notifier
from ..settings import Settings
from ..supervision import Supervision
from ..verifier import open_verifier
from .context import say

_KILL_SECONDS = 10
_OWN_FILES = 512


def serve(settings: Settings, given: Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = _with_tls(settings, given)
    files = tls.pair(settings)
    open_verifier(settings).close()  # refuse before any worker starts
    refuse_a_taken_port(given.host, given.port)
    runtime = settings.data / "runtime" / str(given.port)
    _prepare(settings, runtime)
    _allow_files(settings.connections)
    server = Server(
        "server.asgi:create",
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,
        address=given.host,
        port=given.port,
        workers=given.workers,
        websockets=False,
        log_enabled=False,
        http=HTTPModes.http1,  # what a proxy speaks; each connection has a time to say something
        http1_settings=HTTP1Settings(header_read_timeout=settings.request_seconds * 1000),
        backpressure=settings.connections,
        ssl_cert=files.certificate if files else None,
        ssl_key=files.key if files else None,
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_SECONDS,
    )
    host = f"[{given.host}]" if ":" in given.host else given.host
    url = f"http{'s' if files else ''}://{host}:{given.port}"
    several = "s" if given.workers > 1 else ""
    notifier = Notifier()
    supervision = Supervision(
        url,
        given.workers,
        notifier,
        lambda: say(f"Serving at {url} with {given.workers} worker{several}."),
    )

    def stop(number: int, frame: FrameType | None) -> None:
        notifier.stopping()
        supervision.end()
        server.signal_handler_interrupt(number, frame)  # type: ignore[no-untyped-call]

    @server.on_startup
    def _take_signals() -> None:  # granian has just set its own
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    supervision.start()
    try:
        server.serve()
    except SystemExit:
        raise SettingsRefused(
            "The workers ended by themselves: the log above says why. Correct that, start again."
        ) from None
    finally:
        supervision.end()
        shutil.rmtree(runtime, ignore_errors=True)
    verifier = open_verifier(settings)
    verifier.audit.seal(verifier.clock.now())
    verifier.close()
    return 0


def _with_tls(settings: Settings, given: Namespace) -> Settings:
    """Let the options come before the environment; who speaks TLS is reached by https."""
    named = {"tls_cert": given.tls_cert, "tls_key": given.tls_key}
    given_now = {name: path.absolute() for name, path in named.items() if path is not None}
    settings = settings.model_copy(update=given_now)
    if settings.tls_cert is not None:
        settings = settings.model_copy(update={"https": True})
        os.environ["CHALLNG_HTTPS"] = "true"
    return settings


def refuse_a_taken_port(host: str, port: int) -> None:
    """Raise SettingsRefused at once: workers share their port, and would with a stranger too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsRefused(
                f"Nothing can listen at {host} port {port} ({error.strerror or error}): "
                "choose another --host or --port."
            ) from None


def _allow_files(connections: int) -> None:
    """Let each worker have its connections open, beside its own files, as far as is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        highest = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))


def _prepare(settings: Settings, runtime: Path) -> None:
    """Give the workers, which start anew as processes, what they need by the environment."""
    shutil.rmtree(runtime, ignore_errors=True)
    runtime.mkdir(mode=0o700, parents=True)
    # A forked worker would keep what was imported before these were set, and our threads.
    multiprocessing.set_start_method("spawn", force=True)
    os.environ["CHALLNG_DATA"] = str(settings.data)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(runtime)
