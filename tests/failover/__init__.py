"""Whole verifiers over PostgreSQL servers that fail, each under a load of logins.

Not collected with the others: `make test-failover` runs three, `make test-patroni` the one
with Patroni.
"""
