"""Moving a verifier from SQLite to PostgreSQL: every row once, and never two that answer.

Where both databases stand is written in the table `whereabouts` of each (`marks`). Broken off at
any point, the move is gone on with by calling it again.
"""
