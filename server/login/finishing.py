"""The last step of a login that was approved on the phone: whoever began it takes the session."""

from __future__ import annotations

from sqlalchemy import Connection

from .. import metrics
from ..clock import Clock
from ..db.engine import Database
from ..errors import DeviceLocked, LoginDecided, LoginExpired, NoSuchLogin
from ..settings import Settings
from ..states.device import DeviceState
from ..words import N_
from . import phone_rows
from .judge import LOCKED
from .ledger import Ledger, LoginRow, LoginState
from .service import EXPIRED, UNKNOWN, Logins, find_login, refuse_what_is_over
from .sessions import Opened

_OVER_MEANWHILE = N_(
    "The device was locked or ended after it had approved this login. Call the support desk."
)


class Finishing:
    """Gives sessions to those who wait for a phone."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, ledger: Ledger, logins: Logins
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._ledger = ledger
        self._logins = logins

    def finish(self, login_id: str, browser: bytes | None = None) -> Opened | None:
        """Give the session of a login that was approved on the phone; None while it is open.

        Whoever began it alone is given it: the browser, or, where there was none, the application
        that has the login's id. Raises NoSuchLogin, LoginDenied, LoginDecided, LoginExpired, or
        DeviceLocked.
        """
        now = self._clock.now()
        with self._database.reading() as connection:
            row = self._begun_by(connection, login_id, browser)
        if row.state is not LoginState.APPROVED:
            refuse_what_is_over(row, now)
            return None
        with self._database.writing() as connection:
            since = now - self._settings.challenge_lifetime
            if not phone_rows.finish(connection, row.id, now, since):
                refuse_what_is_over(self._begun_by(connection, login_id, browser), now)
                raise LoginExpired(EXPIRED)
            held = self._ledger.hold(connection, row.device_id, now)
            if held is None:
                raise DeviceLocked(LOCKED)
            if held.state is not DeviceState.ACTIVE:
                raise LoginDecided(_OVER_MEANWHILE)
            opened = self._logins.open_session(connection, row.id, row.user_id, row.user, held)
        metrics.login("accepted").inc()
        return opened

    def state(self, login_id: str, browser: bytes | None = None) -> str:
        """Return where a login stands, for whoever began it: a LoginState, or `expired`."""
        with self._database.reading() as connection:
            row = self._begun_by(connection, login_id, browser)
        if row.state is LoginState.OPEN and row.expires_at <= self._clock.now():
            return "expired"
        return row.state.value

    def _begun_by(self, connection: Connection, login_id: str, browser: bytes | None) -> LoginRow:
        row = find_login(connection, self._ledger, login_id)
        if row.browser != browser:
            raise NoSuchLogin(UNKNOWN)
        return row
