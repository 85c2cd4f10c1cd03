"""Alembic's side of the database: one file for each change of shape, never edited once released."""
