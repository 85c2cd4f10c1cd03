"""Logs: one JSON object a line, on stderr. Nothing secret is ever handed to a logger."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import orjson
import structlog

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
"""A dataclass goes to `repr`, which leaves out what is not to be seen."""


def written(line: dict[str, Any], **_options: object) -> bytes:
    """Return a line as it stands in the log."""
    try:
        return orjson.dumps(line, default=repr, option=_OPTIONS)
    except TypeError:  # half of a surrogate pair, which UTF-8 has no bytes for; a number too great
        return json.dumps(line, sort_keys=True, default=repr).encode("ascii")


def _told(line: dict[str, Any], **_options: object) -> str:
    return written(line).decode("utf-8")


def configure() -> None:
    """Set up logging of this process, our own lines and the libraries' alike."""
    stamps: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    stream: Any = getattr(sys.stderr, "buffer", None)  # none where it was closed before we began
    structlog.configure(
        processors=[*stamps, structlog.processors.JSONRenderer(serializer=written)],
        logger_factory=structlog.BytesLoggerFactory(file=stream or Path(os.devnull).open("wb")),  # noqa: SIM115
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=stamps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_told),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
