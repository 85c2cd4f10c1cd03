"""The booth: a full-screen page on which a visitor logs in with a card, and a thief does not.

The verifier behind it is the real one, made for each visitor anew in memory. What comes in here is
the order of a visit, the page, and the card as a process of its own: no rule of a login. Whether an
answer is right is decided in `login`, as everywhere.
"""
