"""`init`, `upgrade`, `tick`, `audit verify|seal`, `key rotate`."""

from __future__ import annotations

from argparse import Namespace

from .. import setup
from ..audit.events import Event
from ..audit.verify import verify as verify_log
from ..clock import SystemClock
from ..crypto import keyring, rotation
from ..crypto.secrets_table import AUDIT
from ..lifecycle import temporary
from ..settings import Settings
from ..verifier import Verifier
from .context import complain, operator, say


def init(settings: Settings, _given: Namespace) -> int:
    """Make a new verifier."""
    setup.make(settings, SystemClock(), operator())
    say(f"A new verifier is in {settings.data}. Keep a copy of its master key elsewhere.")
    return 0


def upgrade(settings: Settings, _given: Namespace) -> int:
    """Bring the database to this version's shape."""
    ran = setup.upgrade(settings)
    say("The database is brought to this version." if ran else "The database is of this version.")
    return 0


def tick(verifier: Verifier, _given: Namespace) -> int:
    """Write down what time alone has ended, send the notices that are due, cut off what is old."""
    from ..notify.send import Sender  # Apprise, which no other command needs, loads slowly
    from ..retention import tick as retention

    with verifier.database.writing() as connection:
        temporary.end_overtaken(connection, verifier.clock.now())
    done = Sender(verifier).send_due()
    say(f"{done.sent} notices sent, {done.failed} to be tried again, {done.given_up} given up.")
    old = retention.run(verifier)
    if old.rows or old.logins:
        say(f"Cut off for their age: {old.rows} rows of the audit log, {old.logins} past logins.")
    return 0


def audit_verify(verifier: Verifier, _given: Namespace) -> int:
    """Check the whole audit log; 1 where anything is wrong."""
    report = verify_log(verifier.reports, verifier.secrets.get(AUDIT), verifier.anchor)
    say(f"{report.rows} rows, {report.seals} seals, {report.unsealed} rows after the last seal.")
    if report.cut:
        say(f"Rows 1 to {report.cut} were cut off for their age.")
    if report.problem is None:
        say("The audit log is in order.")
        return 0
    complain(
        f"the audit log is not in order: {report.problem}. "
        "Keep the data directory as it is, and compare it with a backup."
    )
    return 1


def audit_seal(verifier: Verifier, _given: Namespace) -> int:
    """Seal the rows that no seal covers yet."""
    say(f"{verifier.audit.seal(verifier.clock.now())} rows are sealed.")
    return 0


def key_rotate(verifier: Verifier, _given: Namespace) -> int:
    """Add a master key and seal everything under it, while workers serve."""
    source = verifier.keyring.source
    own = source.path is not None and source.path.parent == verifier.settings.data
    if own and source.path is not None:
        keyring.add_key(source.path)
        verifier.keyring.reload()
        _note(verifier, Event.MASTER_KEY_ADDED)
    count = rotation.reseal_all(verifier.database, verifier.keyring)
    _note(verifier, Event.MASTER_KEY_APPLIED, values=count)
    say(f"{count} values are sealed under master key {verifier.keyring.newest.hex()}.")
    if own:
        say(f"Copy {source.label} to where you keep the old one: backups still need the old keys.")
    else:
        say(f"No key was made: {source.label} is yours to keep; add a line there for a new one.")
    return 0


def _note(verifier: Verifier, event: Event, **detail: int) -> None:
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        verifier.audit.write(
            connection, now, event, operator(), verifier.keyring.newest.hex(), **detail
        )
