"""The support desk: finding a user, checking who calls, and what the desk then does for him.

Each service asks for the duty it needs, takes a reason, and writes down who did it, for whom and
why. Nobody here sees a PIN, a key or an answer; what identifies a person is compared, or shown by
its end alone. The rules of a device's, a share's or an account's life are `lifecycle`'s.
"""
