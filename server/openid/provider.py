"""The provider put together, and what it says of itself (Discovery 1.0, RFC 8414)."""

from __future__ import annotations

from typing import Any

from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import Secrets
from ..db.engine import Database
from ..login.sessions import Sessions
from ..settings import Settings
from .claims import CLAIMS
from .client import SCOPES
from .clients import Clients
from .flow import PLACE, Flow
from .keys import SigningKeys
from .leaving import Leaving
from .levels import Level
from .server import Server
from .teller import Teller
from .tokens import Tokens
from .waiting import Waiting

TOKEN = "/openid/token"  # noqa: S105
USERINFO = "/openid/userinfo"
JWKS = "/openid/jwks"
END_SESSION = "/openid/end-session"
REVOKE = "/openid/revoke"
INTROSPECT = "/openid/introspect"


class OpenId:
    """The parts of the provider. Without a public address there is none."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
        secrets: Secrets,
        sessions: Sessions,
    ) -> None:
        self._settings = settings
        self.clients = Clients(database, clock, audit)
        self.keys = SigningKeys(database, clock, settings, audit, keyring)
        self.teller = Teller(database, settings, keyring, secrets)
        self.tokens = Tokens(database, clock, settings, audit, sessions, self.clients)
        self.waiting = Waiting(database, clock, settings)
        parts = (self.clients, self.keys)
        self.server = Server(settings, clock, *parts, self.tokens, self.teller)
        self.flow = Flow(database, clock, audit, *parts, self.waiting, self.server)
        self.leaving = Leaving(self.clients, self.keys, self.teller, settings)

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document."""
        issuer = self._settings.public_url or ""
        secret = ["client_secret_basic", "client_secret_post"]
        return {
            "issuer": issuer,
            "authorization_endpoint": issuer + PLACE,
            "token_endpoint": issuer + TOKEN,
            "userinfo_endpoint": issuer + USERINFO,
            "jwks_uri": issuer + JWKS,
            "end_session_endpoint": issuer + END_SESSION,
            "revocation_endpoint": issuer + REVOKE,
            "introspection_endpoint": issuer + INTROSPECT,
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self._settings.openid_algorithm],
            "token_endpoint_auth_methods_supported": [*secret, "none"],
            "revocation_endpoint_auth_methods_supported": [*secret, "none"],
            "introspection_endpoint_auth_methods_supported": secret,
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": list(Level),
            "claim_types_supported": ["normal"],
            "claims_supported": list(CLAIMS),
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "authorization_response_iss_parameter_supported": True,
        }
