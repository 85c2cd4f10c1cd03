"""The clients of the RADIUS server."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, LargeBinary, String, Table, Text

from ..types import Moment, RowId
from .base import metadata

# A machine, or a network of them, that may ask by RADIUS. `network` is written as CIDR, a single
# address as /32 or /128. `signed`: requests without Message-Authenticator are dropped.
# `names_caller`: its Calling-Station-Id is believed. `separator`: it cannot be challenged, and
# this character stands between password and answer. `accepts`: the access levels that are let in,
# with commas; `attributes`: what an Accept tells, as JSON (radius.attributes).
radius_clients = Table(
    "radius_clients",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("network", String(64), nullable=False, unique=True),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("signed", Boolean, nullable=False),
    Column("names_caller", Boolean, nullable=False),
    Column("separator", String(1)),
    Column("accepts", String(128), nullable=False),
    Column("attributes", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
)
