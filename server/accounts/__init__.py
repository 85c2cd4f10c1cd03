"""Users and their passwords, and the brake on guessing them.

No second factor comes in here: what follows a right password is `login`'s.
"""
