"""Sending: takes what is due, hands it to Apprise, and notes what came of it.

No transaction is open while something is being sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from ..accounts import people
from ..audit.events import Event
from ..verifier import Verifier
from . import due
from .services import hand_over
from .targets import targets
from .texts import made

ACTOR = "tick"
_log = structlog.get_logger()


@dataclass(frozen=True)
class Report:
    """What one round of sending did."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


class Sender:
    """Sends what is due."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def send_due(self) -> Report:
        """Send every notice that is due at this moment, one after the other."""
        sent = failed = given_up = 0
        while True:
            with self._verifier.database.writing() as connection:
                taken = due.take(connection, self._verifier.clock.now())
            if taken is None:
                return Report(sent, failed, given_up)
            outcome = self._send(taken)
            sent += outcome is Event.NOTICE_SENT
            given_up += outcome is Event.NOTICE_GIVEN_UP
            failed += outcome is None

    def _send(self, taken: due.Taken) -> Event | None:
        verifier = self._verifier
        with verifier.database.reading() as connection:
            contact = people.contact(connection, verifier.keyring, taken.user_id)
        ways = targets(contact, verifier.settings)
        try:
            message = made(taken.notice, taken.values, taken.locale)
        except KeyError as missing:  # written by another version; it holds up no other notice
            _log.error("notice.unfinished", notice=taken.notice.value, missing=str(missing))
            return self._note(taken, taken.reached, ["text"], nowhere=False)
        reached = set(taken.reached)
        for target in ways:
            if target.name not in reached and hand_over(
                target.name, target.url, message.subject, message.body
            ):
                reached.add(target.name)
        missed = [target.name for target in ways if target.name not in reached]
        return self._note(taken, frozenset(reached), missed, nowhere=not ways)

    def _note(
        self, taken: due.Taken, reached: frozenset[str], missed: list[str], *, nowhere: bool
    ) -> Event | None:
        verifier = self._verifier
        now = verifier.clock.now()
        event: Event | None = None
        with verifier.database.writing() as connection:
            if nowhere:
                due.give_up(connection, taken, now)
                event = Event.NOTICE_GIVEN_UP
            elif not missed:
                if not due.sent(connection, taken, now):
                    return None
                event = Event.NOTICE_SENT
            elif due.failed(connection, taken, reached, now) is None:
                event = Event.NOTICE_GIVEN_UP
            if event is not None:
                verifier.audit.write(
                    connection,
                    now,
                    event,
                    ACTOR,
                    taken.user,
                    notice=taken.notice.value,
                    tries=taken.tries,
                    missed=",".join(missed) or ("nowhere to send it" if nowhere else None),
                )
        return event
