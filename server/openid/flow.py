"""An authorization request from its arrival to its code, or to the page that it needs first.

Whoever is redirected anywhere is redirected to an address that the client has registered: until
client and address are known to be right, errors are shown here (RFC 6749, section 4.1.2.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from authlib.oauth2.rfc6749 import OAuth2Error

from ..accounts import groups
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import NotThere
from ..login.sessions import Session
from ..words import N_
from . import asked as asking
from . import grants, hints
from .asked import Asked, Proved, Step
from .client import Client
from .clients import Clients
from .keys import SigningKeys
from .levels import OF_KIND
from .server import Incoming, Outgoing, Server
from .waiting import Waiting

PLACE = "/openid/authorize"
_UNKNOWN = N_(
    "The application that sent you here is not known here, or asks to be answered at an address "
    "that is not its own. Nothing was told to anybody. Tell whoever runs the application."
)


@dataclass(frozen=True)
class Pending:
    """A request of a known client, to be answered at an address of its own."""

    given: dict[str, str]
    client: Client
    asked: Asked

    @property
    def query(self) -> str:
        """The request as a query."""
        return asking.compact(self.given)

    @property
    def redirect_uri(self) -> str:
        """Where it is answered."""
        return self.given["redirect_uri"]

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it may have of what it asks for."""
        return tuple((self.client.get_allowed_scope(self.given.get("scope")) or "").split())


class Flow:
    """Takes requests to their next step."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        clients: Clients,
        keys: SigningKeys,
        waiting: Waiting,
        server: Server,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._clients = clients
        self._keys = keys
        self._waiting = waiting
        self._server = server

    def pending(self, query: str) -> Pending:
        """Return a request, or raise NotThere: then nobody may be redirected."""
        try:
            given = asking.parameters(query)
        except asking.Malformed:
            raise NotThere(_UNKNOWN) from None
        client = self._clients.find(given.get("client_id"))
        if client is None or given.get("redirect_uri") not in client.redirect_uris:
            raise NotThere(_UNKNOWN)
        return Pending(given, client, asking.read(given))

    def next(
        self,
        pending: Pending,
        session: Session | None,
        request_id: str | None = None,
        *,
        agreed: bool = False,
    ) -> Outgoing | Step:
        """Return the redirection that answers a request, or the step that it needs first.

        `agreed`: the user has agreed to it just now.
        """
        if pending.asked.wrong is not None:
            return self.error(pending, pending.asked.wrong)
        incoming = Incoming(PLACE, pending.given, "GET")
        try:
            grant = self._server.checked(incoming, session)
        except OAuth2Error as error:
            return self.error(pending, str(error.error))
        except ValueError:  # Authlib cannot name in an error what was asked for
            return self.error(pending, "invalid_request")
        step = self._step(pending, session, request_id, agreed)
        if step is Step.ISSUE and request_id is not None and not self._waiting.use(request_id):
            step = self._step(pending, session, None, agreed)
        if step is not Step.ISSUE:
            if pending.asked.silent or step is Step.OTHER_USER:
                return self.error(pending, asking.SILENT[step])
            if step is Step.REFUSED and session is not None:
                self._note(Event.OPENID_REFUSED, pending, session)
            return step
        answer: Outgoing = self._server.create_authorization_response(
            grant.request, grant_user=session, grant=grant
        )
        return self._server.named(answer)

    def deny(self, pending: Pending, session: Session | None, request_id: str | None) -> Outgoing:
        """Return the redirection that tells a client that its user went back."""
        step = self._step(pending, session, request_id, agreed=False)
        if session is not None:
            self._note(Event.OPENID_DENIED, pending, session)
        stronger = step is Step.STRONGER
        return self.error(pending, asking.SILENT[step] if stronger else "access_denied")

    def error(self, pending: Pending, code: str) -> Outgoing:
        """Return the redirection that tells a client of an error."""
        state = pending.given.get("state")
        return self._server.named(self._server.error(code, pending.redirect_uri, state))

    def _step(
        self, pending: Pending, session: Session | None, request_id: str | None, agreed: bool
    ) -> Step:
        proved = None
        if session is not None:
            fresh = request_id is not None and self._waiting.is_fresh(request_id, session)
            proved = Proved(
                OF_KIND[session.device_kind],
                session.since,
                fresh,
                as_hinted=self._is_hinted(pending, session),
                allowed=self._allows(pending.client, session),
                agreed=agreed or self._agreed(pending, session),
            )
        return asking.decide(pending.asked, proved, self._clock.now())

    def _allows(self, client: Client, session: Session) -> bool:
        with self._database.reading() as connection:
            return client.lets_in(session.access, groups.of_user(connection, session.user_id))

    def _agreed(self, pending: Pending, session: Session) -> bool:
        """Tell whether it need not be asked: of our own house, or agreed to in this session."""
        if "consent" in pending.asked.prompts:
            return False
        if pending.client.first_party:
            return True
        with self._database.reading() as connection:
            client_id = pending.client.client_id
            return grants.agreed(connection, session.token_hash, client_id, pending.scopes)

    def _is_hinted(self, pending: Pending, session: Session) -> bool:
        text = pending.given.get("id_token_hint")
        if text is None:
            return True
        hint = hints.read(self._keys, self._server.issuer, text)
        return hint is not None and hint.subject == self._server.teller.subject(session)

    def _note(self, event: Event, pending: Pending, session: Session) -> None:
        with self._database.writing() as connection:
            self._audit.write(
                connection,
                self._clock.now(),
                event,
                f"user:{session.user}",
                pending.client.client_id,
                access=session.access.value,
            )
