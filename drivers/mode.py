"""Which parts a card runs on."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Real parts where they are, real ones only, or simulated ones."""

    AUTO = "auto"
    HARDWARE = "hardware"
    SIM = "sim"
