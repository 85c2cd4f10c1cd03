"""The append-only log of events: chained, sealed, verified.

What an event means is its writer's business; no password, PIN, key, response, session or unknown
user name may come in here.
"""
