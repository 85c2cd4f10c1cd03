"""A verifier for each visitor: the real one, copied from a pattern that nobody has used.

With the visitor goes everything that was written about him. What outlives him is the card's
counter, a number, so that no response is good twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from protocol.pskc import CardRecord

from .. import setup
from ..accounts import users
from ..clock import Clock
from ..factors import cards
from ..settings import Settings
from ..verifier import Verifier, open_verifier

USER = "visitor"
PASSWORD = "sunflower-42"  # noqa: S105 - printed on the page for everybody
PIN = "7305"
_NOTHING: Mapping[str, str] = {}


class _OwnSettings(Settings):
    """The settings as they are by default, whatever the environment says of another verifier."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing from the environment."""
        return (init_settings,)


class Fresh:
    """Makes the verifiers in `folder`, with the card of `record`."""

    def __init__(self, folder: Path, record: CardRecord, clock: Clock) -> None:
        self._pattern = folder / "pattern"
        self._now = folder / "now"
        self._record = record
        self._clock = clock
        self._open: Verifier | None = None

    @property
    def serial(self) -> str:
        """The card's serial."""
        return self._record.serial

    @property
    def counter(self) -> int:
        """The card's counter, as far as its verifiers have seen it."""
        return self._record.counter

    def prepare(self) -> None:
        """Make the pattern: a verifier with one user."""
        settings = self._settings(self._pattern)
        setup.make(settings, self._clock, "booth", _NOTHING)
        verifier = open_verifier(settings, clock=self._clock, environment=_NOTHING)
        try:
            with verifier.database.writing() as connection:
                password = verifier.hasher.hash(PASSWORD)
                users.add(connection, USER, password, self._clock.now())
        finally:
            verifier.close()

    def open(self) -> Verifier:
        """Return the next visitor's verifier; the one before must be closed."""
        shutil.rmtree(self._now, ignore_errors=True)  # half a copy, where the last one failed
        shutil.copytree(self._pattern, self._now)
        verifier = open_verifier(self._settings(self._now), clock=self._clock, environment=_NOTHING)
        with verifier.database.writing() as connection:
            user = users.get(connection, USER)
            now = self._clock.now()
            cards.import_card(connection, verifier.keyring, self._record, user, PIN, now)
        self._open = verifier
        return verifier

    def look(self) -> int:
        """Return the card's counter, which an accepted response has moved."""
        if self._open is not None:
            with self._open.database.reading() as connection:
                (card,) = cards.all_of_them(connection)
            self._record = replace(self._record, counter=card.counter)
        return self.counter

    def close(self) -> None:
        """Take the visitor's verifier away, with all that it has written."""
        if self._open is not None:
            self.look()
            self._open.close()
            self._open = None
        shutil.rmtree(self._now, ignore_errors=True)

    def _settings(self, data: Path) -> Settings:
        # Visitors walk away with a response on the glass: the card runs ahead, as far as it may.
        return _OwnSettings(data=data, look_ahead=100, log_requests=False)
