"""The mobile key: registering a phone, what it signs, approving a login on it, and its app.

No rule of the life of devices comes in here; that is `lifecycle`.
"""
