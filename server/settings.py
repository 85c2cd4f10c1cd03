"""Every number of the domain, in one place; each is settable as `CHALLNG_<NAME>`.

Lists and tables are given as JSON (`CHALLNG_TRUSTED_PROXIES='["10.0.0.2"]'`).
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from .db.url import Patience, is_known
from .errors import SettingsRefused
from .factors.kinds import DeviceKind
from .limits import Limits, default_limits
from .regions import Region, default_regions

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[int, Field(ge=1)]
SerialRange = tuple[
    Annotated[str, Field(pattern=r"^CH[0-9]{8}$")], Annotated[str, Field(pattern=r"^CH[0-9]{8}$")]
]


class Settings(BaseSettings):
    """The verifier's settings, checked when read."""

    model_config = SettingsConfigDict(env_prefix="CHALLNG_", frozen=True, extra="ignore")

    # Where things are
    data: Path = Path("challng-data")
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/database`, as libpq reads it, with several hosts where
    there are some; without it an SQLite file in the data directory.
    """

    # PostgreSQL
    database_connections: Count = 20
    """That one worker keeps at most."""
    database_connect_seconds: Seconds = 5
    """For each host, and for a connection to become free; then the request is answered 503."""
    database_statement_seconds: Seconds = 30
    database_lock_seconds: Seconds = 10
    replica_url: SecretStr | None = None
    """A read replica, for `audit verify` and for reading the log; nothing is decided by it."""
    audit_chapter_rows: Annotated[int, Field(ge=10)] = 1_000_000
    """Rows of one partition of the audit log: what it is cut by."""

    # How long is kept
    audit_keep_days: Count | None = None
    """Rows of the audit log; without it for ever."""
    login_keep_days: Count = 90
    """Past logins; what came of them stands in the audit log."""

    # Logging in
    challenge_seconds: Seconds = 120
    answers_per_challenge: Count = 3
    wrong_answers_lock: Count = 10
    look_ahead: Annotated[int, Field(ge=0, le=100)] = 20
    resync_ahead: Annotated[int, Field(ge=0, le=10_000)] = 1_000
    session_idle_seconds: Seconds = 1_800
    session_seconds: Seconds = 43_200
    session_touch_seconds: Seconds = 60
    """How stale "last seen" may be: each use of a session would otherwise be a write."""
    limits: dict[DeviceKind, Limits] = Field(default_factory=default_limits)

    # The life of devices
    auto_activation_days: Count = 21
    """From shipment until a card activates by itself."""
    auto_activation_notice_days: tuple[Count, Count] = (7, 2)
    """How long before that its owner is told: that it approaches, that it is imminent."""
    online_code_card_days: Count = 21
    temporary_code_full_days: Count = 2
    temporary_code_limited_days: Count = 10
    additional_card_equity_usd: Count = 500_000
    """Above this equity a card is given beside the device in use."""
    card_deposit_usd: Annotated[int, Field(ge=0)] = 20
    device_fees_usd: dict[str, Annotated[int, Field(ge=0)]] = {
        "code_card": 0,
        "card": 20,
        "premium_card": 150,
    }
    """What a device costs that is lost, stolen, damaged on purpose or kept."""
    premium_serials: tuple[SerialRange, ...] = ()
    """The cards of the older, dearer kind: pairs of the first and the last serial."""
    returnable_serials: tuple[SerialRange, ...] = (("CH00000000", "CH99999999"),)
    """The cards that are due back."""
    shipping_business_days: Count = 3
    """From the order of a card to its estimated shipment."""
    order_lease_seconds: Seconds = 3_600
    """How long an order stays with whoever took it and was not heard of again."""
    return_business_days: tuple[Count, Count] = (3, 5)
    """How long after posting a returned card shows in the account, at the soonest and latest."""
    return_regions: dict[str, Region] = Field(default_factory=default_regions)
    """Where cards are sent back to."""
    return_after_closing_days: Count = 30
    """How long after its account was closed a card may take to come back."""
    identity_questions: Annotated[int, Field(ge=2, le=9)] = 3
    """How many of the recorded facts a caller is asked."""
    identity_checks_lock: Count = 3
    """Failed identity checks in a row after which the desk checks this user no more."""

    # Passwords
    password_min: Count = 8
    password_max: Annotated[int, Field(ge=8, le=1024)] = 256
    argon2_time: Count = 2
    argon2_memory_kib: Annotated[int, Field(ge=8)] = 19_456
    argon2_parallelism: Count = 1
    hashes_at_once: Annotated[int, Field(ge=0)] = 0
    """Password hashes computed at the same time in one worker; 0 is one for each core."""

    # Slowing down password guessing
    slow_after: Count = 10
    slow_widely_after: Count = 100
    slow_window_seconds: Seconds = 900
    slow_longest_seconds: Seconds = 8
    slow_queue_seconds: Seconds = 30

    # Notices
    mail_url: SecretStr | None = None
    """An Apprise URL with `{mail}` where a user's address goes:
    `mailtos://user:password@mail.example.com?from=desk@example.com&to={mail}`.
    """
    sms_url: SecretStr | None = None
    """An Apprise URL of an SMS gateway with `{phone}` where a user's number goes."""

    # The mobile key
    registration_seconds: Seconds = 1_800
    """From the password until a phone has to be registered."""
    activation_token_seconds: Seconds = 600
    activation_token_tries: Count = 5
    """Wrong tokens after which a registration is over."""
    sms_pauses_seconds: tuple[Seconds, ...] = (30, 60, 120)
    """How long after each SMS the next may be asked for; after the last of these there is none."""
    sms_per_day: Count = 6
    """Activation tokens that one user is sent within a day."""
    attestation: Literal["none", "direct"] = "none"
    """Whether a phone's authenticator has to prove its make."""
    attestation_roots: Annotated[Path | None, Field(validate_default=True)] = None
    """With `direct`: a PEM file of the roots of the makes that are taken."""
    allow_synced_passkeys: bool = True
    """Take a passkey that its platform copies to the user's other devices."""
    push_hosts: tuple[str, ...] = (
        "fcm.googleapis.com",
        "*.push.services.mozilla.com",
        "*.notify.windows.com",
        "*.push.apple.com",
    )
    """The push services that notifications may go to, by https; `*.` stands for any name below.
    A loopback address that is listed may be reached by http too.
    """
    push_timeout_seconds: Seconds = 10
    prompt_pause_seconds: Annotated[int, Field(ge=0)] = 60
    """A phone's user is asked by a notification at most once within this time,"""
    prompt_window_seconds: Seconds = 600
    """and at most three times within this."""

    # RADIUS
    radius_wait_seconds: Seconds = 20
    """How long an empty answer waits for the approval on the phone, before it is asked again."""
    radius_look_seconds: Annotated[float, Field(gt=0, le=10)] = 0.5
    """How often it is looked at meanwhile."""
    radius_remember_seconds: Seconds = 30
    """How long a reply is given again to the same request (RFC 5080, section 2.2.2)."""
    radius_remember: Count = 20_000
    """Requests that are remembered at most."""
    radius_at_once: Count = 1_000
    """Requests that are being decided at the same time; what comes beyond them is dropped."""
    radius_clients_seconds: Seconds = 5
    """How old the list of clients may be."""

    # Applications
    application_pass_seconds: Seconds = 3_600
    """How long what `/auth` gives to an application is good for."""
    validate_needs_credential: bool = False
    """Whether `/validate/check` and `/validate/polltransaction` answer applications alone."""
    confirmation_seconds: Seconds = 300
    """How long an action can be confirmed."""
    confirmations_waiting: Count = 5
    """How many actions of one user may wait for him at a time."""

    # Help
    help_url: str = "/help"
    """Where the help pages are: this server's own, or the address of a copy of `docs/help`."""

    # OpenID Connect
    openid_algorithm: Literal["ES256", "RS256"] = "ES256"
    """What tokens are signed with; RS256 for applications that know nothing else."""
    openid_code_seconds: Annotated[int, Field(ge=10, le=600)] = 60
    openid_token_seconds: Annotated[int, Field(ge=60, le=86_400)] = 600
    """How long an access token and an ID token hold."""
    openid_request_seconds: Seconds = 3_600
    """How long a login may take that an application has asked for."""
    openid_key_days: Count = 90
    """The age at which a signing key gives way to the next one."""
    openid_key_ahead_hours: Annotated[int, Field(ge=2)] = 24
    """How long before it signs a key is published: applications may keep the keys for an hour."""
    openid_mail_verified: bool = False
    """Tell applications that the mail addresses on record were verified."""

    # Audit
    audit_seal_rows: Count = 64

    # The web
    public_url: str | None = None
    """Where people reach the pages, such as `https://login.example.com`: needed for the mobile key,
    whose signatures are bound to it. Without it there is none.
    """
    https: bool = False
    """Pages are reached by https (a proxy in front speaks it): `__Host-` cookies and HSTS."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` is believed."""
    body_bytes: Annotated[int, Field(ge=1_024)] = 16_384
    api_docs: bool = False
    """Serve the API's own description at `/api/docs` and `/api/openapi.json`."""
    log_requests: bool = True

    # Serving
    tls_cert: Path | None = None
    """A PEM file of the server's certificate and its chain, where it speaks TLS itself,"""
    tls_key: Path | None = None
    """and the one of its private key."""
    request_seconds: Seconds = 30
    """Within this a request's head has to be here, and then within this its body."""
    connections: Count = 4_096
    """Open connections in one worker; more wait until others end."""

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_address(text)) for text in value)

    @field_validator("mail_url", "sms_url")
    @classmethod
    def _has_its_place(cls, value: SecretStr | None, field: ValidationInfo) -> SecretStr | None:
        place = "{mail}" if field.field_name == "mail_url" else "{phone}"
        if value is not None and (
            place not in value.get_secret_value() or "://" not in value.get_secret_value()
        ):
            raise ValueError(f"is an Apprise URL with {place} in it")
        return value

    @field_validator("database_url", "replica_url")
    @classmethod
    def _a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_known(value.get_secret_value()):
            raise ValueError("is an address such as postgresql://user:password@host/database")
        return value

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        plain = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
        if not parts.hostname or not (parts.scheme == "https" or plain):
            raise ValueError("is an address such as https://login.example.com")
        if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("is scheme and host alone, without a path")
        return value.rstrip("/")

    @field_validator("attestation_roots")
    @classmethod
    def _roots(cls, value: Path | None, field: ValidationInfo) -> Path | None:
        if field.data.get("attestation") == "direct" and value is None:
            raise ValueError("is needed with CHALLNG_ATTESTATION=direct")
        return value

    @field_validator("limits")
    @classmethod
    def _every_kind(cls, value: dict[DeviceKind, Limits]) -> dict[DeviceKind, Limits]:
        return default_limits() | value

    @property
    def database(self) -> str:
        """The URL of the database in use; it may hold a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'challng.db'}"

    @property
    def patience(self) -> Patience:
        """How a database server is waited for."""
        return Patience(
            self.database_connections,
            self.database_connect_seconds,
            self.database_statement_seconds,
            self.database_lock_seconds,
        )

    @property
    def challenge_lifetime(self) -> timedelta:
        """How long a challenge can be answered."""
        return timedelta(seconds=self.challenge_seconds)

    @property
    def prompt_pause(self) -> timedelta:
        """How long a phone's user is left alone after he was asked."""
        return timedelta(seconds=self.prompt_pause_seconds)

    @property
    def prompt_window(self) -> timedelta:
        """Within how long he is asked three times at most."""
        return timedelta(seconds=self.prompt_window_seconds)

    @property
    def slow_window(self) -> timedelta:
        """How long a wrong password is remembered against the next one."""
        return timedelta(seconds=self.slow_window_seconds)


def read(data: Path | None = None) -> Settings:
    """Read the settings from the environment; `data` (from `--data`) comes before it.

    Raises SettingsRefused naming each wrong variable, never its value.
    """
    try:
        settings = Settings() if data is None else Settings(data=data)
    except ValidationError as error:
        wrong = "; ".join(
            f"CHALLNG_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise SettingsRefused(f"{wrong}. Correct the environment and try again.") from None
    except ValueError as error:  # a list or table that is not JSON
        raise SettingsRefused(f"{error}. Lists and tables are written as JSON.") from None
    return settings.model_copy(update={"data": settings.data.absolute()})
