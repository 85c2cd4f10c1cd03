"""ID tokens that come back to us: as a hint at who is meant, long after they have expired."""

from __future__ import annotations

from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from .keys import SigningKeys

_LONGEST = 4_096


@dataclass(frozen=True)
class Hint:
    """Whom an ID token was about, and for which client it was."""

    subject: str
    client_id: str


def read(keys: SigningKeys, issuer: str, text: str) -> Hint | None:
    """Return what an ID token of our own says; None where it is no such thing.

    Its age is not looked at (RP-Initiated Logout 1.0, section 4). What a withdrawn key has signed
    is not believed.
    """
    if len(text) > _LONGEST:
        return None
    public = [row.public for row in keys.rows() if not row.ended]
    try:
        claims = jwt.decode(
            text, KeySet.import_key_set({"keys": public}), algorithms=["ES256", "RS256"]
        ).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    subject, client_id = claims.get("sub"), claims.get("aud")
    if claims.get("iss") != issuer or not isinstance(subject, str):
        return None
    return Hint(subject, client_id) if isinstance(client_id, str) else None
