"""Who calls: the session of a bearer token, and the right or duty that a call asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import Header

from ..accounts.roles import DUTIES, Duty
from ..audit.events import Event
from ..errors import NotAllowed, SessionUnknown
from ..login.access import RIGHTS, Access, Right
from ..login.sessions import Session
from ..verifier import Verifier
from ..words import N_

_NO_TOKEN = N_("Give the session's token as `Authorization: Bearer ...`.")
_NOT_BY_ACCESS = N_("What this session was opened with does not reach this call.")
_NOT_BY_DUTY = N_("This call is for the support desk, and this user's role does not reach it.")


def caller(
    verifier: Verifier, right: Right = Right.SESSION, duty: Duty | None = None
) -> Callable[[str], Iterator[Session]]:
    """Return a dependency that gives the caller's session.

    What is not allowed to it, here or in what it calls, is written down.
    """

    def session(authorization: str = Header("")) -> Iterator[Session]:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise SessionUnknown(_NO_TOKEN)
        found = verifier.sessions.find(token.strip(), verifier.clock.now())
        try:
            _check(found, right, duty)
            yield found
        except NotAllowed:
            with verifier.database.writing() as connection:
                verifier.audit.write(
                    connection,
                    verifier.clock.now(),
                    Event.NOT_ALLOWED,
                    f"user:{found.user}",
                    found.user,
                    what=duty.value if duty else right.value,
                )
            raise

    return session


def _check(session: Session, right: Right, duty: Duty | None) -> None:
    if right not in RIGHTS[session.access] or (duty and session.access is not Access.FULL):
        raise NotAllowed(_NOT_BY_ACCESS)
    if duty is not None and duty not in DUTIES[session.role]:
        raise NotAllowed(_NOT_BY_DUTY)
