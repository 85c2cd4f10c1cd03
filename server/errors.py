"""Everything that the verifier refuses, as one tree.

A message says what was expected and what to do; none ever holds a password, a PIN, a key, a
response or a session. Leaves that are an ordinary kind of error inherit the builtin too.
"""

from __future__ import annotations

from .words import N_


class ServerError(Exception):
    """Root of all errors of this package."""


# --- setting up and operating


class SettingsRefused(ServerError, ValueError):
    """A setting or a secret file is missing or not usable."""


class DataDirRefused(ServerError):
    """The data directory is missing, foreign, unfinished, or already in use for something."""


class BackupRefused(ServerError, ValueError):
    """A backup that cannot be made or restored: its place, its secret, or the file itself."""


class MoveRefused(ServerError):
    """A verifier cannot move to the database that was given, or not now."""


class BoothRefused(ServerError):
    """A booth cannot be set up: its card, or what it needs for a simulated one."""


class SealBroken(ServerError, ValueError):
    """A sealed value does not open: damaged, moved to another row, or another master key."""


class MasterKeyMissing(SealBroken):
    """A sealed value names a master key that is not among the keys given."""


# --- accounts and cards


class UserRefused(ServerError, ValueError):
    """A user name or a password that the rules do not allow, or a name already taken."""


class NoSuchUser(ServerError, LookupError):
    """There is no user of this name."""


class PersonRefused(ServerError, ValueError):
    """A file that tells of a person, or how to reach him, and cannot be taken."""


class AccountRefused(ServerError, ValueError):
    """An account that cannot be opened, joined or closed so."""


class NoSuchAccount(ServerError, LookupError):
    """There is no account of this number."""


class PinRefused(ServerError, ValueError):
    """A PIN of a wrong shape, or one that anybody guesses."""


class CardRefused(ServerError, ValueError):
    """A card record that cannot be imported."""


class CardThere(CardRefused):
    """A card of this serial is here already."""


class NoSuchCard(ServerError, LookupError):
    """There is no card of this serial."""


# --- RADIUS


class RadiusClientRefused(ServerError, ValueError):
    """A RADIUS client that cannot be added, or a secret that is too short."""


class NoSuchRadiusClient(ServerError, LookupError):
    """There is no RADIUS client of this name."""


class PacketDropped(ServerError):
    """Root of what is wrong with a packet that is not answered at all."""


class PacketMalformed(PacketDropped, ValueError):
    """The bytes are not a RADIUS packet of a kind that is taken."""


class PacketUnsigned(PacketDropped):
    """There is no Message-Authenticator, and this client has to send it."""


class PacketForged(PacketDropped):
    """The Message-Authenticator does not fit: another secret, or somebody else's packet."""


class PacketUnreadable(PacketDropped):
    """The password does not come out as text: most likely another secret."""


class ReplyTooLong(ServerError, ValueError):
    """What is told about a user does not fit into a packet: nothing is replied."""


# --- what a signed-in person, or an application on his behalf, is told


class Refusal(ServerError):
    """Root of what a person or an application is told. `text` is the sentence in English, a key of
    the catalogues; `values` fill its `%(name)s` places.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values


class NotAllowed(Refusal):
    """The session's access, or the user's right or role, does not reach this."""


class NotThere(Refusal, LookupError):
    """There is no such thing, or it is somebody else's."""


class IllegalMove(Refusal):
    """It is not in a state in which this can happen."""


class NotTaken(Refusal, ValueError):
    """What was filled in cannot be taken; `field` names where, `None` the whole form."""

    def __init__(self, text: str, /, *, field: str | None = None, **values: object) -> None:
        super().__init__(text, **values)
        self.field = field


# --- programs


class CredentialRefused(Refusal):
    """No credential of a program, an unknown one, or one that was revoked."""


class NoConfirmingDevice(Refusal):
    """No such user, or none of his devices can confirm an action."""


# --- provisioning


class ProvisioningRefused(Refusal):
    """Root of what a provisioning client is told."""


class RecordRefused(ProvisioningRefused, ValueError):
    """A card record that this verifier cannot use."""


class NoSuchOwner(ProvisioningRefused, LookupError):
    """There is no user of the name that the card is for."""


class NoSuchRecord(ProvisioningRefused, LookupError):
    """There is no pending or active card of this serial."""


class NoSuchOrder(ProvisioningRefused, LookupError):
    """There is no such order in the hands of this credential."""


class RecordConflict(ProvisioningRefused):
    """The serial has another key, or is another credential's."""


class CardActive(RecordConflict):
    """The card is confirmed, and only a pending one was meant."""


# --- logging in


class LoginError(Refusal):
    """Root of what a person who logs in is told."""


class PasswordRefused(LoginError):
    """User name and password do not fit; it is never said which."""


class SlowDown(LoginError):
    """Too many attempts are waiting already; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            N_("Too many attempts at once. Wait %(seconds)s seconds, then try again."),
            seconds=retry_after,
        )
        self.retry_after = retry_after


class NoSuchLogin(LoginError, LookupError):
    """There is no login of this id."""


class NoSuchFactor(LoginError, LookupError):
    """The user has no device of this id."""


class LoginDecided(LoginError):
    """The login was answered already, or failed too often."""


class LoginDenied(LoginDecided):
    """The login was denied on the phone."""


class ApprovalRefused(LoginError):
    """What a phone has signed does not fit the login, or is not its own; nothing has changed."""


class KeyCopied(LoginError):
    """The authenticator's counter did not grow: there may be a copy of it. The key is suspended."""


class LoginExpired(LoginError):
    """The challenge is older than its lifetime."""


class NotAnswered(LoginError):
    """The phone was asked, and has not said anything yet."""


class DeviceLocked(LoginError):
    """The device had too many wrong answers; only the support desk unlocks it."""


class NoUsableDevice(LoginError):
    """The password was right, but every device of this user is lost, ended or set aside."""


class AnswerMalformed(LoginError, ValueError):
    """What was typed cannot be an answer of this device; it is not counted."""


class AnswerWrong(LoginError):
    """The answer is wrong and was counted; `tries_left` more are allowed on this login."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(N_("The response is not right."))
        self.tries_left = tries_left


class SessionUnknown(LoginError):
    """No session, or one that has ended."""


# --- the phone


class KeyUnknown(Refusal):
    """No signature of a mobile key, an unknown one's, or one that does not fit the request."""


class KeyRevoked(Refusal):
    """The signature is right, and the mobile key has ended: the app may forget it."""


class RegistrationUnknown(Refusal):
    """No registration of a phone goes by this token."""


class RegistrationOver(Refusal):
    """The registration took too long, was tried too often, or was overtaken by another."""


class NumberNotOnRecord(Refusal):
    """A number of one's own choosing, where one is on record, or a device was in use."""


class NoSms(Refusal):
    """No SMS can leave from this verifier."""


class TooSoon(Refusal):
    """Messages are asked for too quickly; `retry_after` is in whole seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text, seconds=retry_after)
        self.retry_after = retry_after


class TokenExpired(Refusal):
    """The token of the last SMS is older than its lifetime."""


class TokenWrong(Refusal):
    """The token is wrong and was counted; `tries_left` more are allowed."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(N_("The token is not right: compare it with the last SMS."))
        self.tries_left = tries_left


class PinWrong(Refusal):
    """The PIN of the key that stands is another; it was counted like a wrong answer."""
