"""The tables. A column named `*_sealed` holds a value sealed under the master key."""

from __future__ import annotations

from .applications import applications, confirmations
from .base import metadata
from .desk import identity_checks, ledger, orders, outbox, returns
from .devices import cards, code_cards, code_pairs, devices, provisioners, shares, temporary_codes
from .logins import UNFINISHED_SQL, logins, sessions
from .machinery import audit_cut, audit_head, audit_log, audit_seals, secrets, whereabouts
from .mobile import mobile_keys, mobile_registrations, sms_codes
from .openid import (
    openid_clients,
    openid_grants,
    openid_keys,
    openid_requests,
    openid_tokens,
)
from .people import accounts, brakes, entities, user_groups, users
from .radius import radius_clients

__all__ = [
    "UNFINISHED_SQL",
    "accounts",
    "applications",
    "audit_cut",
    "audit_head",
    "audit_log",
    "audit_seals",
    "brakes",
    "cards",
    "code_cards",
    "code_pairs",
    "confirmations",
    "devices",
    "entities",
    "identity_checks",
    "ledger",
    "logins",
    "metadata",
    "mobile_keys",
    "mobile_registrations",
    "openid_clients",
    "openid_grants",
    "openid_keys",
    "openid_requests",
    "openid_tokens",
    "orders",
    "outbox",
    "provisioners",
    "radius_clients",
    "returns",
    "secrets",
    "sessions",
    "shares",
    "sms_codes",
    "temporary_codes",
    "user_groups",
    "users",
    "whereabouts",
]
