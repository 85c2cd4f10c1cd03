"""Transaction confirmation: an application has one action of one user confirmed by his device.

The challenge is made of the action's own data, so that the answer is worth nothing for another
action, nor for a login. Where a confirmation stands is its row among the logins, decided by the
statements that decide logins (`login.ledger`, `login.judge`).
"""
