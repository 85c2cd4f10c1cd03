"""Marks a sentence for the catalogues where it is written, to be translated where it is shown."""

from __future__ import annotations


def N_(message: str) -> str:
    """Return the message as it is; `pybabel` finds it by this name."""
    return message
