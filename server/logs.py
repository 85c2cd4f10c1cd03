"""Logs: one JSON object a line, on stderr. Nothing secret is ever handed to a logger."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import structlog

_encode = json.JSONEncoder(sort_keys=True, default=repr).encode


def _written(line: dict[str, Any], **_options: object) -> str:
    """Write a line by an encoder that is made once."""
    return _encode(line)


def configure() -> None:
    """Set up logging of this process, our own lines and the libraries' alike."""
    stamps: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*stamps, structlog.processors.JSONRenderer(serializer=_written)],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=stamps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_written),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
