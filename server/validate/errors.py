"""The errors of that API: each a number in `result.error.code`, and a status of HTTP."""

from __future__ import annotations

from ..errors import ServerError


class ApiError(ServerError):
    """Root: `code` and `status` are that API's."""

    code = 10
    status = 400


class ParameterError(ApiError, ValueError):
    """A parameter is missing, or cannot be one."""

    code = 905

    def __init__(self, text: str) -> None:
        super().__init__(f"ERR{self.code}: {text}")


class AuthError(ApiError):
    """The caller is nobody that this call is for."""

    code = 403
    status = 401


class WrongCredentials(AuthError):
    """`/auth`: no such application, or another token than its own."""

    code = 4031


class MissingUsername(AuthError):
    """`/auth` without a name."""

    code = 4032


class MissingAuthorization(AuthError):
    """A call that needs a pass, without one."""

    code = 4033


class NotAuthorization(AuthError):
    """A pass that is none, that is over, or of an application that was revoked."""

    code = 4304


class PolicyError(ApiError):
    """Something that the caller may not do, or that nobody may do here."""

    code = 303
    status = 403


class NotOffered(ApiError):
    """A call of that API which this verifier does not have."""

    code = -501
    status = 501


class ServerFault(ApiError):
    """The verifier failed."""

    code = -500
    status = 500
