"""What each worker process runs: the application over the data directory of `CHALLNG_DATA`."""

from __future__ import annotations

import gc

from fastapi import FastAPI

from . import logs, settings
from .app import create_app
from .verifier import open_verifier


def create() -> FastAPI:
    """Open the verifier and return its application; called once in each worker."""
    logs.configure()
    app = create_app(open_verifier(settings.read()))
    gc.collect()
    gc.freeze()  # what lives as long as the worker is not looked through again and again
    return app
