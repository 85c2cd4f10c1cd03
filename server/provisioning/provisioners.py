"""Who may put cards here over the API."""

from __future__ import annotations

from dataclasses import dataclass

from ..credentials.tokens import Tokens
from ..db.tables import provisioners


@dataclass(frozen=True)
class Provisioner:
    """One credential, without its token."""

    id: int
    name: str
    revoked: bool = False

    @property
    def actor(self) -> str:
        """What the audit log calls it."""
        return f"provisioner:{self.name}"


TOKENS = Tokens(
    provisioners,
    "chp_",
    lambda row: Provisioner(row.id, row.name, row.revoked_at is not None),
)
new_token = TOKENS.new
add = TOKENS.add
find = TOKENS.find
hold = TOKENS.hold
revoke = TOKENS.revoke
all_of_them = TOKENS.all_of_them
