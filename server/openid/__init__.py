"""The OpenID Connect provider: applications log their users in here, with password and device.

Authorization code with PKCE alone (OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 9700). Grants
come from Authlib, signatures from joserfc; how a login is decided does not come in here.
"""
