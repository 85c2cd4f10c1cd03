"""Bearer tokens of programs: one way to keep, find, hold and revoke them, whatever they open.

What a token opens is the business of the room that it belongs to (`provisioning`, `applications`).
"""
