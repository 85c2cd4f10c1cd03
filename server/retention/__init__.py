"""How long the audit log and past logins are kept, and PostgreSQL's partitions for both.

Works on rows that nothing decides by any more. `tick` runs it; it never waits long for a lock.
"""
