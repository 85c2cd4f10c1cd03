"""Secrets at rest: the master keys, and values sealed under them.

Knows nothing of users or cards; only `rotation` and `secrets_table` touch the database.
"""
