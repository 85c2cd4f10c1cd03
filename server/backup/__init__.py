"""Backups: the whole database as rows, in one encrypted file, and back.

Nothing here decides a login. The format is ours, so that a backup of an SQLite verifier can be
restored into PostgreSQL and the other way round.
"""
