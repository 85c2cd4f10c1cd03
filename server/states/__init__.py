"""Every life as a table: its states, and in which of them which move is allowed. No I/O.

The database's indexes, the factors, the login and the services all ask here.
"""
