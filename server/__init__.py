"""The verifier: accounts, second factors, logins, the audit log, the JSON API and the pages.

May import `protocol` and nothing else of this project: no card, no pins, no provisioning.
"""
